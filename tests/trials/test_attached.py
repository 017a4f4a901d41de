"""A trial on a deployment whose data belong to its user: nothing of theirs is touched, nothing of ours stays."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.faults.target import MASTER
from redis_resilience.model import events
from redis_resilience.model.errors import BrokenTrial
from redis_resilience.model.faults import kill
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows
from redis_resilience.model.verdict import Verdict
from redis_resilience.probe.protocol import Swept
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.trial import rejudge


class Attached(MemoryDeployment):
    """A deployment whose data belong to its user. told: what it hears of keys, and how many writes there were."""

    told = ()

    @property
    def owns_data(self):
        return False

    def expect_keys(self, trial):
        self.told = (*self.told, ("expected", trial, self.probe.status().issued))

    def keys_gone(self, trial):
        self.told = (*self.told, ("gone", trial, sum(name.startswith("rr:") for name in self.keys)))

    @property
    def keys(self):
        return [name for server in self._world.servers.values() for name in server.keys]


def test_anothers_data_are_neither_flushed_nor_kept_longer(tmp_path):
    """Only the trial's own keys go, and whoever heals knows of them while they are there; the user's are all there."""
    found = topology("sidecar")
    deployment = Attached(found, found.profile("fast"))
    world = deployment._world
    for server in world.servers.values():
        server.keys |= {"user:1": "x", "rr:t1:000000000099": "99"}
    plan = Plan(
        trial="t1", scenario="attached", topology="sidecar", profile="fast", backend="memory", seed=1,
        load=Load(), faults=(Scheduled(fault=kill(MASTER)),), expect=Expect(failover=True),
        windows=Windows(heal_s=15.0),
    )  # fmt: skip
    folder = TrialFolder(tmp_path / "trial")
    folder.create(plan)

    run_trial(plan, deployment, folder, clock=deployment.clock)

    history = folder.history()
    assert rejudge(folder).verdict is Verdict.PASS
    assert not history.environment.owns_data
    assert history.environment.keys_before == 0
    assert [server.keys for server in world.servers.values()] == [{"user:1": "x"}] * 3
    assert deployment.told == (("expected", "t1", 0), ("gone", "t1", 0))
    assert (1, 0) in {(swept.deleted, swept.left) for swept in history.of(events.Swept)}


def test_keys_that_cannot_be_taken_away_are_told(tmp_path, monkeypatch):
    """The trial says so itself, and where they are."""
    found = topology("sidecar")
    deployment = Attached(found, found.profile("fast"))
    monkeypatch.setattr(deployment.probe, "sweep", lambda _: Swept(masters=0, unreachable="redis-1: refused"))
    plan = Plan(
        trial="t1", scenario="attached", topology="sidecar", profile="fast", backend="memory", seed=1,
        load=Load(), faults=(), expect=Expect(), windows=Windows(),
    )  # fmt: skip
    folder = TrialFolder(tmp_path / "trial")
    folder.create(plan)

    with pytest.raises(BrokenTrial, match=r"the keys rr:t1:\* from the master; swept 0 masters, not reached: redis"):
        run_trial(plan, deployment, folder, clock=deployment.clock)


def test_whoever_heals_knows_of_keys_that_stayed(tmp_path, monkeypatch):
    """The master cannot be reached at the end: they are not told to be gone."""
    found = topology("sidecar")
    deployment = Attached(found, found.profile("fast"))
    answers = iter([Swept(masters=1), Swept(masters=0, unreachable="redis-1: refused")])
    monkeypatch.setattr(deployment.probe, "sweep", lambda _: next(answers))
    plan = Plan(
        trial="t1", scenario="attached", topology="sidecar", profile="fast", backend="memory", seed=1,
        load=Load(), faults=(), expect=Expect(), windows=Windows(),
    )  # fmt: skip
    folder = TrialFolder(tmp_path / "trial")
    folder.create(plan)

    run_trial(plan, deployment, folder, clock=deployment.clock)

    assert [what for what, *_ in deployment.told] == ["expected"]
