"""Clients that go through a Service, beside those that follow the Sentinels: what the Service adds to an outage."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.deployment import KubeDeployment
from redis_resilience.deployments.kube.objects.image import probe_image
from redis_resilience.deployments.kube.objects.manifests import apply
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.faults.target import MASTER
from redis_resilience.model.faults import kill
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.trial import rejudge

pytestmark = pytest.mark.kind

SIDECAR = topology("sidecar")
NAMESPACE = "test-entrance"
FRONT = """
apiVersion: v1
kind: Service
metadata: {name: front}
spec: {selector: {app: redis}, ports: [{port: 6380, targetPort: 6379}]}
"""
"""It leads to every pod, master or not, on a port of its own."""


def test_a_service_is_measured_beside_the_sentinels(clusters, journal, tmp_path):
    """Replicas turn its clients away until they meet the new master; every write of theirs is accounted for."""
    cluster = clusters.acquire()
    deployment = KubeDeployment(
        SIDECAR,
        SIDECAR.profile("fast"),
        site=clusters,
        journal=journal,
        namespace=NAMESPACE,
        run_id=journal.run,
        probe_image=probe_image(),
    )
    through = "service/front:6380"
    groups = (Writers(count=2, rate=100), Writers(count=2, rate=100, target=through))
    plan = Plan(
        trial="00c0ffee",
        scenario="master-kill",
        topology="sidecar",
        profile="fast",
        backend="kind",
        seed=1,
        load=Load(writers=groups),
        faults=(Scheduled(fault=kill(MASTER)),),
        expect=Expect(failover=True, max_lost=None),
        windows=Windows(),
    )
    folder = TrialFolder(tmp_path / "trial")
    folder.create(plan)

    with deployment:
        apply(FRONT, Place(kubeconfig=cluster.kubeconfig, context=cluster.context, namespace=NAMESPACE))
        run_trial(plan, deployment, folder)

    outcome = rejudge(folder)
    measured, written = outcome.finding("entrances.outage"), outcome.finding("entrances.writes")
    assert outcome.finding("assumptions.identified").verdict == "pass", outcome.explain()
    assert outcome.finding("assumptions.well_formed").verdict == "pass", outcome.explain()
    assert f"; {through}: " in measured.text, measured.text
    assert "for clients that follow the Sentinels" in measured.text, measured.text
    assert outcome.judgement.figures["entrances"][f"{through} outage_ms"] > SIDECAR.profile("fast").down_after_ms
    assert f"; {through}: 0 acknowledged" not in written.text, written.text
