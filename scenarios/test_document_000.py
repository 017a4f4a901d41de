"""Documents 000 and 001, first half: they end at deployment, so the checks of 001 are done here."""

from __future__ import annotations

import pytest

from redis_resilience import MASTER, Trial, delete_pod, switches, written_and_read_everywhere

FAILS = (
    "ledger.lost",
    "convergence.final_master",
    "convergence.sentinels_agree",
    "convergence.redundant",
    "availability.restored",
)
pytestmark = pytest.mark.redis(topology="statefulset", fails=FAILS)

BACK_MS = 2000
"""Kubernetes has recreated the pod by then, empty, as master at another address; `local` waits for the heal."""


def test_document_000(trial: Trial) -> None:
    """Follow documents 000 and 001 on `statefulset`: delete the master's pod, expect +switch-master to a live pod.

    One StatefulSet keeps all pods, so it cannot be scaled to 0 for its master alone. The verdict shows where the
    document no longer holds: back after the failover, redis-0 is a second master. Back before down-after-milliseconds,
    its replicas copy the empty server, and its new Sentinel may leave the others no majority: nothing heals that.
    """
    manual, topology = trial.manual_steps(), trial.topology
    written_and_read_everywhere(manual, topology)
    before = manual.masters(f"redis-1.{topology.service}")[topology.master_name]
    assert before in manual.addresses().values(), f"the Sentinels name {before}, which is no pod's address"

    back_first = trial.backend != "local" and trial.profile.down_after_ms > BACK_MS
    trial.load(writers=4, rate=200)
    trial.inject(delete_pod(MASTER, grace_s=0))
    trial.expect(failover=True, max_lost=0 if back_first else None, heals=not back_first)
    outcome = trial.run()

    told = switches(outcome.log("redis-1", "sentinel"), topology.master_name)
    named = manual.masters(f"redis-1.{topology.service}")[topology.master_name]
    if back_first and not told:
        assert named == before, f"expected {before} to be named still; got {named}\n{outcome.explain()}"
        assert before not in manual.addresses().values(), f"{before} is a pod's address again"
        return
    assert told, "expected +switch-master in the log of redis-1's Sentinel; there is none\n" + outcome.explain()
    old, new = told[0]
    assert old == before
    assert new in manual.addresses().values(), f"the announced address {new} is no pod's"
    assert named == new
