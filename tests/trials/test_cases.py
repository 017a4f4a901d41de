"""Deployments and sequences of faults that were judged wrongly once, as whole trials of the simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.model.faults import kill
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows
from redis_resilience.model.verdict import Verdict
from redis_resilience.topologies.catalogue import topology
from redis_resilience.topologies.topology import Pod
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.outcome import Outcome
from redis_resilience.trials.trial import rejudge

MASTER = "master"
RunApart = Callable[..., Outcome]


@pytest.fixture
def apart(tmp_path: Path) -> RunApart:
    """Run a trial of three servers and, in pods of their own, three Sentinels."""

    def run(*faults: Scheduled, expect: Expect | None = None, windows: Windows | None = None) -> Outcome:
        pods = tuple(
            Pod(name=f"{name}-{number}", containers=(container,))
            for name, container in (("cache", "redis"), ("watch", "sentinel"))
            for number in range(3)
        )
        found = replace(topology("sidecar"), name="apart", pods=pods)
        deployment = MemoryDeployment(found, found.profile("fast"))
        plan = Plan(
            trial="t1",
            scenario="case",
            topology=found.name,
            profile="fast",
            backend="memory",
            seed=1,
            load=Load(),
            faults=faults,
            expect=expect or Expect(),
            windows=windows or Windows(heal_s=15.0),
        )
        folder = TrialFolder(tmp_path / "trial")
        folder.create(plan)
        run_trial(plan, deployment, folder, clock=deployment.clock)
        return rejudge(folder)

    return run


@pytest.mark.parametrize("part", ["", "/sentinel"])
def test_a_majority_of_sentinels_killed_by_pod_or_by_container_means_no_failover(apart: RunApart, part: str) -> None:
    gone = (Scheduled(fault=kill(f"watch-{number}{part}")) for number in range(2))
    outcome = apart(*gone, Scheduled(fault=kill(MASTER), after_s=0.5))

    assert outcome.verdict is Verdict.PASS, outcome.explain()
    assert not outcome.failover.happened
    assert "only 1 Sentinels are left, fewer than the quorum of 2" in outcome.finding("failover.expected").text


def test_with_both_replicas_away_no_failover_is_predicted(apart: RunApart) -> None:
    outcome = apart(
        Scheduled(fault=kill("cache-1")), Scheduled(fault=kill("cache-2")), Scheduled(fault=kill(MASTER), after_s=0.1)
    )

    assert outcome.verdict is Verdict.PASS, outcome.explain()
    text = outcome.finding("failover.expected").text
    assert text.startswith("expected no failover because every replica that could be promoted is away with the master")
    assert "-failover-abort-no-good-slave 1 time" in text


def test_the_second_loss_of_the_master_is_observed_until_another_took_over(apart: RunApart) -> None:
    outcome = apart(
        Scheduled(fault=kill(MASTER, for_s=4.0)),
        Scheduled(fault=kill(MASTER), after_s=10.0),
        expect=Expect(max_lost=None),
    )

    assert outcome.verdict is Verdict.PASS, outcome.explain()
    assert "got 2 (cache-0 > cache-2 > " in outcome.finding("failover.once").text
    assert "was replaced by" in outcome.finding("failover.later").text
