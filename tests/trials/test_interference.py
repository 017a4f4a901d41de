"""What somebody changes in a real deployment in the middle of a trial is reported, and costs that trial alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.model.operations import key_text
from redis_resilience.model.plan import Expect, Load, Plan, Windows, Writers
from redis_resilience.model.verdict import Verdict
from redis_resilience.topologies.catalogue import SIDECAR
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.observer import SILENT, Progress
from redis_resilience.trials.outcome import Outcome
from redis_resilience.trials.trial import rejudge

pytestmark = pytest.mark.local

PROFILE = SIDECAR.profile("fast")
Run = Callable[..., Outcome]


class Somebody:
    """Does one thing in the baseline."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act, self._done = act, False

    def progress(self, progress: Progress) -> None:
        if not self._done and progress.phase == "control" and progress.acknowledged > 3:
            self._done = True
            self._act()


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[LocalDeployment]:
    with LocalDeployment(SIDECAR, PROFILE, folder=tmp_path / "deployment") as up:
        yield up


@pytest.fixture
def run(deployment: LocalDeployment, tmp_path: Path) -> Run:
    """A trial of that name without any fault; a busy machine is no reason to refuse it."""

    def done(trial: str, act: Callable[[], None] | None = None, *, control_s: float = 1.0) -> Outcome:
        plan = Plan(
            trial=trial,
            scenario="interference",
            topology=SIDECAR.name,
            profile="fast",
            backend="local",
            seed=1,
            load=Load(writers=(Writers(count=1, rate=50.0),), max_scheduling_delay_ms=2000.0),
            faults=(),
            expect=Expect(),
            windows=Windows(control_s=control_s),
        )
        folder = TrialFolder(tmp_path / trial)
        folder.create(plan)
        run_trial(plan, deployment, folder, observer=Somebody(act) if act else SILENT)
        return rejudge(folder)

    return done


def test_a_key_that_somebody_let_expire_is_told_and_the_next_trial_is_untouched(
    deployment: LocalDeployment, run: Run
) -> None:
    def expire() -> None:
        answer = deployment.probe.query(deployment.servers()["redis-0"], "PEXPIRE", key_text("first", 0), "1")
        assert answer.value == 1, answer

    first, second = run("first", expire), run("second")

    assert first.verdict is Verdict.UNKNOWN, first.explain()
    assert first.finding("assumptions.nothing_dropped").text.endswith("got redis-0: 0 evicted, 1 expired")
    assert second.verdict is Verdict.PASS, second.explain()


def test_a_replica_that_somebody_announces_elsewhere_is_told(deployment: LocalDeployment, run: Run) -> None:
    """It goes on under the same process, and its keys are there: nothing else of the trial shows it."""
    servers = deployment.servers()
    elsewhere = f"{servers['redis-1'].host.rpartition('.')[0]}.99"

    for sentinel in deployment.sentinels().values():
        deployment.probe.query(sentinel, "SENTINEL", "DEBUG", "info-period", "100")  # in place of 10 s

    def announce() -> None:
        deployment.probe.query(servers["redis-1"], "CONFIG", "SET", "replica-announce-ip", elsewhere)
        deployment.probe.query(servers["redis-0"], "CLIENT", "KILL", "TYPE", "replica")

    told = run("announced", announce, control_s=3.0)

    assert told.verdict is Verdict.UNKNOWN, told.explain()
    assert (
        f"a replica at {elsewhere}:{servers['redis-1'].port}, where no server was met"
        in told.finding("unplanned.changes").text
    )


def sent(*command: str) -> Callable[[LocalDeployment], None]:
    """Somebody sends it to the master, or to a Sentinel where that is its first word."""

    def act(deployment: LocalDeployment) -> None:
        there = deployment.sentinels() if command[0] == "SENTINEL" else deployment.servers()
        answer = deployment.probe.query(there["redis-0"], *command)
        assert (answer.error, answer.unreachable) == ("", ""), answer

    return act


@pytest.mark.parametrize(
    ("trial", "commands", "told"),
    [
        ("removed", [("DEL", key_text("removed", 0))], "redis-0: DEL 1"),
        ("overwritten", [("APPEND", key_text("overwritten", 0), "x")], "redis-0: APPEND 1"),
        (
            "changed",
            [("CONFIG", "SET", "min-replicas-max-lag", "7")],
            "redis-0: CONFIG SET 1; redis-0 had min-replicas-max-lag 5, and 7 at the end",
        ),
        (
            "back",
            [("CONFIG", "SET", "min-replicas-max-lag", value) for value in ("7", "5")],
            "redis-0: CONFIG SET 2",
        ),
        ("killed", [("CLIENT", "KILL", "TYPE", "normal")], "redis-0: CLIENT KILL 1"),
        ("reset", [("CONFIG", "RESETSTAT")], "redis-0: CONFIG RESETSTAT 1"),
        ("paused", [("CLIENT", "PAUSE", "20")], "redis-0: CLIENT PAUSE 1"),
        ("set", [("SET", key_text("set", 0), "99")], "redis-0: SET 1"),
        (
            "sentinel",
            [("SENTINEL", "DEBUG", "info-period", "9000")],
            "the Sentinel of redis-0 had info-period 10000, and 9000 at the end",
        ),
    ],
)
def test_what_somebody_does_beside_the_trial_is_named_and_costs_that_trial_alone(
    deployment: LocalDeployment, run: Run, trial: str, commands: list[tuple[str, ...]], told: str
) -> None:
    """Put back, or not: servers count what they execute."""

    def act() -> None:
        for command in commands:
            sent(*command)(deployment)

    done = run(trial, act)

    assert done.verdict is Verdict.UNKNOWN, done.explain()
    assert done.finding("assumptions.left_alone").text.endswith(f"got {told}")
    if trial == "back":
        untouched = run("untouched")
        assert untouched.verdict is Verdict.PASS, untouched.explain()
