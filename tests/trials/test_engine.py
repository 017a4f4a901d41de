"""The engine on the simulated deployment: phases in order, faults proved and undone, planted bugs found by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.deployments.memory.world import Bug
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.target import MASTER, REPLICA, SENTINEL, SENTINEL_MAJORITY
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, ProbeError, Unavailable, UsageError, WaitTimeout
from redis_resilience.model.events import Before, FaultEffect, HealBegin, HealEnd, Phase, TimedOut
from redis_resilience.model.faults import isolate, kill, pause, scale_to_zero
from redis_resilience.model.operations import ABSENT, Kind, Result
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.model.verdict import Verdict
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder


def test_a_healthy_failover_passes(simulate):
    """A killed master is replaced; nothing is lost; every phase is explained."""
    outcome = simulate(kill(MASTER), expect=Expect(failover=True))

    assert outcome.verdict is Verdict.PASS, outcome.explain()
    assert outcome.failover.happened
    assert outcome.failover.old_master == "redis-0"
    assert outcome.writes.lost == 0


def test_phases_come_in_order_and_are_kept(simulate):
    """Every phase of the engine is an event of the history, in order of time."""
    outcome = simulate(kill(MASTER), expect=Expect(failover=True))

    history = TrialFolder(outcome.folder).history()
    names = [event.name for event in history.of(Phase)]
    assert names == ["settle", "assumptions", "control", "fault", "observe", "heal", "quiesce", "read", "done"]
    assert history.complete


def test_every_fault_is_proved_and_undone(simulate):
    """Each injection has its effect and each effect its undoing, in the reverse order."""
    outcome = simulate(
        kill(SENTINEL_MAJORITY), kill(MASTER), expect=Expect(failover=False), windows=Windows(heal_s=15.0)
    )

    events = TrialFolder(outcome.folder).history().events
    broken = [(event.pod, event.container) for event in events if isinstance(event, FaultEffect)]
    healed = [(event.pod, event.container) for event in events if isinstance(event, HealEnd)]
    assert len(broken) == 3
    assert healed == broken[::-1]
    assert not outcome.failover.happened
    assert outcome.environment.prediction.failover is False


def test_a_fault_that_lasts_is_healed_on_time(simulate):
    """A master back before D is no failover; it was healed before the heal phase."""
    outcome = simulate(kill(MASTER, for_s=0.1), expect=Expect(failover=False))

    history = TrialFolder(outcome.folder).history()
    heal = history.of(HealBegin)[0]
    phase = next(event for event in history.of(Phase) if event.name == "heal")
    assert heal.at_ns < phase.at_ns
    assert outcome.verdict is Verdict.PASS, outcome.explain()
    assert not outcome.failover.happened


def test_a_paused_master_is_replaced_and_comes_back_as_replica(simulate):
    """SIGSTOP is silence, not a broken connection: what was in flight is `info`."""
    outcome = simulate(pause(MASTER), expect=Expect(failover=True))

    assert outcome.failover.happened, outcome.explain()
    assert outcome.writes.info > 0
    assert outcome.writes.lost == 0


def test_a_replica_kill_is_no_failover(simulate):
    """Writes go on, and the replica is back at the end."""
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))

    assert outcome.verdict is Verdict.PASS, outcome.explain()
    assert not outcome.failover.happened


def test_a_wipe_is_found_and_named(simulate):
    """An empty master that is back before D empties its replicas: every earlier write is lost, by that name."""
    outcome = simulate(
        kill(MASTER, for_s=0.1),
        expect=Expect(failover=False),
        redis=(("appendonly", "no"), ("save", '""')),
    )

    assert outcome.verdict is Verdict.FAIL
    assert outcome.writes.lost > 100
    assert outcome.writes.lost_by_cause == {"wipe": outcome.writes.lost}


@pytest.mark.parametrize(
    ("bug", "verdict", "words"),
    [
        (Bug.LOSE_TAIL, Verdict.FAIL, "lost"),
        (Bug.STALE_REPLICA, Verdict.FAIL, "diverged"),
        (Bug.SECOND_MASTER, Verdict.FAIL, "redis-0: master, redis-1: replica, redis-2: master"),
        (Bug.NO_ELECTION, Verdict.FAIL, "-failover-abort-not-elected 1 time"),
        (Bug.NO_EFFECT, Verdict.UNKNOWN, "answered all the time"),
        (Bug.SLOW_SWITCH, Verdict.UNKNOWN, "unexplained"),
        (Bug.EVICTION, Verdict.UNKNOWN, "redis-0: 1 evicted, 0 expired"),
    ],
)
def test_planted_bugs_are_found(simulate, bug, verdict, words):
    """Every bug of the simulation is found by a judge, and the explanation names it."""
    outcome = simulate(kill(MASTER), bugs=[bug], expect=Expect(failover=True))

    assert outcome.verdict is verdict, outcome.explain()
    assert words in outcome.explain()


def test_too_little_load_is_unknown(simulate):
    """A trial whose load was never reached concludes nothing."""
    load = Load(writers=(Writers(target="redis-1", count=2, rate=100),))
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False), load=load)

    assert outcome.verdict is Verdict.UNKNOWN, outcome.explain()


def test_what_cannot_be_undone_is_named_and_the_rest_is_undone(simulate, monkeypatch):
    """One fault that stays does not keep the others broken; the verdict is unknown."""

    def start(self: MemoryDeployment, pod: str, container: str) -> Effect:
        if container == "sentinel":
            raise DeploymentError("expected the container to start; got an empty disk")
        return started(self, pod, container)

    started = MemoryDeployment.start_container
    monkeypatch.setattr(MemoryDeployment, "start_container", start)
    outcome = simulate(
        kill(REPLICA), kill(SENTINEL), expect=Expect(failover=False), windows=Windows(heal_s=0.5), after_s=0.1
    )

    assert outcome.verdict is Verdict.UNKNOWN
    failed = "that of fault 1 on redis-1/sentinel failed: expected the container to start; got an empty disk"
    assert failed in outcome.finding("assumptions.heal_seen").text
    healed = [event.pod for event in TrialFolder(outcome.folder).history().of(HealEnd)]
    assert len(healed) == 1


@pytest.fixture
def no_start(monkeypatch):
    """No container can be started again."""

    def start(*_: object) -> Effect:
        raise DeploymentError("expected the container to start; got an empty disk")

    monkeypatch.setattr(MemoryDeployment, "start_container", start)


@pytest.mark.usefixtures("no_start")
def test_an_outage_that_was_proved_before_a_heal_failed_stays_proved(simulate):
    """The trial goes on, and what it cannot know without the heal is unknown by that name."""
    windows = Windows(heal_s=2.0, observe_s=30.0)
    outcome = simulate(
        kill(MASTER, for_s=20.0), bugs=[Bug.NO_ELECTION], expect=Expect(max_outage_s=5.0), windows=windows
    )

    history = TrialFolder(outcome.folder).history()
    assert history.of(Phase)[-1].name == "done"
    assert outcome.verdict is Verdict.FAIL, outcome.explain()
    assert outcome.finding("availability.outage").verdict is Verdict.FAIL
    assert outcome.finding("assumptions.history").verdict is Verdict.PASS
    assert outcome.finding("assumptions.heal_seen").verdict is Verdict.UNKNOWN
    assert {outcome.finding(name).verdict for name in ("ledger.lost", "convergence.redundant")} == {Verdict.UNKNOWN}


@pytest.mark.usefixtures("no_start")
@pytest.mark.parametrize(
    ("faults", "expect"),
    [
        ([kill(MASTER, for_s=0.1)], Expect(max_outage_s=0.5)),
        ([kill(MASTER, for_s=0.1)], Expect(failover=False)),
        ([kill(SENTINEL_MAJORITY, for_s=1.0), kill(MASTER)], Expect()),
    ],
)
def test_what_a_failed_heal_may_have_caused_is_no_failure_of_redis(simulate, faults, expect):
    """What was to be back was not: an outage, a failover or none is the harness's as far as is known."""
    outcome = simulate(*faults, expect=expect, windows=Windows(heal_s=2.0))

    assert outcome.verdict is Verdict.UNKNOWN, outcome.explain()
    assert "a heal failed" in outcome.explain()


def test_a_pod_that_is_gone_keeps_its_number(simulate, monkeypatch):
    """The order of the watched names is their number in the records: a deleted pod must not shift the others."""
    watched: list[list[str]] = []

    def without_the_dead(self: MemoryDeployment) -> dict[str, Endpoint]:
        return {name: end for name, end in servers(self).items() if not self.probe.query(end, "ROLE").unreachable}

    def watch(_: object, *, servers: dict[str, Endpoint], **__: object) -> None:
        watched.append(list(servers))

    servers = MemoryDeployment.servers
    monkeypatch.setattr(MemoryDeployment, "servers", without_the_dead)
    monkeypatch.setattr("redis_resilience.deployments.memory.probe.MemoryProbe.watch", watch)
    simulate(kill("redis-0"), expect=Expect(failover=True))

    assert watched
    assert all(names == ["redis-0", "redis-1", "redis-2"] for names in watched)


def test_a_fault_that_fails_half_way_is_undone(simulate, monkeypatch):
    """It took effect, its proof did not come: the verdict is unknown, and the server is started again."""

    def kill_without_proof(self: MemoryDeployment, *args: str) -> Effect:
        signal(self, *args)
        raise WaitTimeout("waited 5 s for the process to be gone; saw last: running")

    signal = MemoryDeployment.signal
    monkeypatch.setattr(MemoryDeployment, "signal", kill_without_proof)
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))

    assert outcome.verdict is Verdict.UNKNOWN
    assert "phase fault: waited 5 s for the process to be gone" in outcome.explain()
    healed = TrialFolder(outcome.folder).history().of(HealEnd)
    assert [event.pod for event in healed] == ["redis-1"]


def test_a_dead_probe_is_a_problem_not_a_finding(simulate, monkeypatch):
    """A probe that dies while the trial runs leaves a history that is judged unknown."""

    def die(_: object) -> None:
        raise ProbeError("expected an answer of the probe; it ended")

    monkeypatch.setattr("redis_resilience.deployments.memory.probe.MemoryProbe.read_back", die)
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))

    assert outcome.verdict is Verdict.UNKNOWN
    assert "phase read: expected an answer of the probe; it ended" in outcome.explain()


def test_a_probe_that_is_gone_keeps_no_fault_broken(simulate, monkeypatch):
    """From the middle of the trial on it answers nothing at all: the master is started again all the same."""
    gone = ProbeError("expected an answer of the probe; it ended")

    def die(*_: object, **__: object) -> None:
        raise gone

    def inject_and_die(self: MemoryDeployment, *args: str) -> Effect:
        for method in ("clocks", "query", "stop_load", "read_back"):
            monkeypatch.setattr(f"redis_resilience.deployments.memory.probe.MemoryProbe.{method}", die)
        return signal(self, *args)

    signal = MemoryDeployment.signal
    monkeypatch.setattr(MemoryDeployment, "signal", inject_and_die)
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))

    assert outcome.verdict is Verdict.UNKNOWN
    assert "expected an answer of the probe; it ended" in outcome.explain()
    assert len(TrialFolder(outcome.folder).history().of(HealEnd)) == 1


def test_a_deployment_that_never_settles_says_what_it_saw_last(tmp_path: Path):
    """No history is begun on a deployment that is not healthy."""
    found = topology("sidecar")
    deployment = MemoryDeployment(found, found.profile("fast"))
    deployment.signal("redis-2", "redis", "SIGKILL")
    plan = Plan(
        trial="t1",
        scenario="s",
        topology="sidecar",
        profile="fast",
        backend="memory",
        seed=0,
        load=Load(),
        faults=(Scheduled(fault=kill(MASTER)),),
        expect=Expect(),
        windows=Windows(),
    )
    folder = TrialFolder(tmp_path / "t")
    folder.create(plan)

    with pytest.raises(
        WaitTimeout, match=r"waited 30 s for one master.*saw last: redis-2: connection refused|unreachable"
    ):
        run_trial(plan, deployment, folder, clock=deployment.clock)


def test_what_came_before_is_done_and_healed_before_the_trial_and_is_no_fault_of_it(simulate):
    outcome = simulate(before=(kill(REPLICA),), expect=Expect(failover=False))

    history = TrialFolder(outcome.folder).history()
    told = [event.proof for event in history.of(Before)]
    assert len(told) == 2
    assert "redis-1/redis" in told[0]
    kinds = [event.label if isinstance(event, Before) else event.name for event in history.of(Before, Phase)]
    assert kinds[:4] == ["settle", "before", "before", "assumptions"]
    assert not history.of(FaultEffect)
    assert outcome.verdict is Verdict.PASS, outcome.explain()


def test_what_came_before_and_failed_half_way_is_undone(tmp_path, monkeypatch):
    """Nothing of the trial exists yet, so the error leaves; the deployment must not stay broken."""
    node = topology("sidecar")
    deployment = MemoryDeployment(node, node.profile("fast"))
    healed = []

    def signal(*_):
        raise DeploymentError("half-way")

    def start(pod, container):
        healed.append(f"{pod}/{container}")
        return Effect(begin_ns=1, end_ns=2, proof="undone")

    monkeypatch.setattr(deployment, "signal", signal)
    monkeypatch.setattr(deployment, "start_container", start)
    plan = Plan(
        trial="t", scenario="s", topology="sidecar", profile="fast", backend="memory", seed=1,
        load=Load(), faults=(), expect=Expect(), windows=Windows(), before=(kill("redis-1"),),
    )  # fmt: skip
    folder = TrialFolder(tmp_path / "trial")
    folder.create(plan)

    with pytest.raises(DeploymentError, match="half-way"):
        run_trial(plan, deployment, folder, clock=deployment.clock)
    assert healed == ["redis-1/redis"]


def test_what_the_deployment_cannot_do_is_told_and_not_judged(simulate):
    """A reason to skip: a trial without its fault says nothing, not even `unknown`."""
    with pytest.raises(Unavailable, match="fault scale-to-zero needs CanScale; backend memory cannot do that"):
        simulate(scale_to_zero(MASTER))


def test_reads_are_recorded_beside_the_writes_and_judged_with_none_of_them(simulate):
    load = Load(writers=(Writers(count=2, rate=500), Writers(count=2, rate=300, kind="read")))
    outcome = simulate(kill(MASTER), load=load, expect=Expect(failover=True))

    history = TrialFolder(outcome.folder).history()
    reads = history.operations[history.operations["kind"] == Kind.READ]
    seen = reads[reads["outcome"] == Result.OK]
    assert outcome.verdict is Verdict.PASS, outcome.explain()
    assert outcome.writes.planned == len(history.operations) - len(reads)
    assert len(seen) > 100
    assert set(seen["value"].tolist()) <= {ABSENT, *history.writes["key"].tolist()}
    assert len(np.unique(seen["server"])) == 2, "the old master, and the new one"


@pytest.mark.parametrize("wait", [0, 1])
def test_a_partition_loses_what_no_replica_has_unless_its_clients_waited_for_one(simulate, wait):
    outcome = simulate(
        isolate(MASTER, for_s=3.0),
        load=Load(writers=(Writers(count=2, rate=500, wait=wait),)),
        expect=Expect(failover=True, max_lost=None, two_masters_s=30.0),
    )

    assert outcome.failover.happened
    assert (outcome.writes.lost > 0) == (wait == 0), outcome.explain()
    assert (outcome.writes.causes.get("UNREPLICATED", 0) > 0) == (wait == 1)
    assert all(finding.verdict is Verdict.PASS for finding in outcome.judgement.assumptions), outcome.explain()


def test_readers_do_not_wait_for_replicas():
    with pytest.raises(UsageError, match="expected wait=1 of clients that write; got it of readers"):
        Writers(kind="read", wait=1)


def test_readers_alone_are_no_load():
    with pytest.raises(UsageError, match="expected a group that writes; got readers alone"):
        Load(writers=(Writers(kind="read"),))


def test_a_master_that_is_lost_later_is_observed_until_somebody_took_over(simulate):
    """Its loss used to be undone at once, as the first switch had been seen long ago: one change of master, `pass`."""
    outcome = simulate(kill(MASTER, for_s=4.0), kill(MASTER), after_s=10.0)

    assert outcome.verdict is Verdict.PASS, outcome.explain()
    assert "got 2 (redis-0 > redis-2 > " in outcome.finding("failover.once").text


def test_attempts_that_came_to_nothing_are_observed_three_times_more(simulate):
    """Each comes 2 x failover-timeout later; a trial without one does not wait for that."""
    outcome = simulate(kill(MASTER), bugs=[Bug.NO_ELECTION], expect=Expect(failover=True))

    prediction = outcome.environment.prediction
    allowed_s = max(bound.upper_ms for bound in prediction.bounds) / 1e3
    waited = next(event.reason for event in TrialFolder(outcome.folder).history().of(TimedOut))
    assert waited.startswith(f"waited {allowed_s + 3 * prediction.retry_ms / 1e3 + 5:g} s for every Sentinel's")
