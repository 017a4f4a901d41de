"""A real trial whose probe is stopped by SIGSTOP: its sleep is never reported as an outage of Redis."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.faults.target import REPLICA
from redis_resilience.model.events import ProbeStalled
from redis_resilience.model.faults import kill
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.model.verdict import Verdict
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.observer import Progress
from redis_resilience.trials.trial import rejudge

pytestmark = pytest.mark.local

STOPPED_S = 1.5


def pid_of_probe() -> int:
    """On this host, whatever its number is in its own namespace: the probe that descends from this process."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"redis_resilience.probe" in (process / "cmdline").read_bytes() and _is_ours(int(process.name)):
                return int(process.name)
    raise AssertionError("expected a process of this test's that runs redis_resilience.probe; found none")


def _is_ours(pid: int) -> bool:
    while pid > 1 and pid != os.getpid():
        fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
        pid = int(fields[1])
    return pid == os.getpid()


class Stopper:
    """Stops the probe for `STOPPED_S` once the trial is in that phase."""

    def __init__(self, pid: int, phase: str) -> None:
        self._pid, self._phase = pid, phase
        self._done = False

    def progress(self, progress: Progress) -> None:
        if self._done or progress.phase != self._phase or progress.seconds < 0.1:
            return
        self._done = True
        os.kill(self._pid, signal.SIGSTOP)
        threading.Timer(STOPPED_S, os.kill, (self._pid, signal.SIGCONT)).start()


@pytest.mark.parametrize("rate", [200.0, 0.0], ids=["on schedule", "as fast as it goes"])
def test_a_stopped_probe_makes_the_outage_unknown_and_says_for_how_long(tmp_path: Path, rate: float) -> None:
    chosen = topology("sidecar")
    plan = Plan(
        trial="stopped",
        scenario="stopped",
        topology=chosen.name,
        profile="fast",
        backend="local",
        seed=1,
        load=Load(writers=(Writers(count=1, rate=rate),)),
        faults=(Scheduled(fault=kill(REPLICA)),),
        expect=Expect(failover=False, max_outage_s=0.5),
        windows=Windows(observe_s=2.5),
    )
    folder = TrialFolder(tmp_path / "trial")
    folder.create(plan)
    with LocalDeployment(chosen, chosen.profile("fast"), folder=tmp_path / "deployment") as deployment:
        run_trial(plan, deployment, folder, observer=Stopper(pid_of_probe(), "observe"))
    outcome = rejudge(folder)

    longest = max(
        (stall.at_ns - stall.earliest_ns) / 1e9 for stall in TrialFolder(folder.path).history().of(ProbeStalled)
    )
    assert STOPPED_S - 0.05 < longest < STOPPED_S + 0.5
    found = {finding.name: finding for finding in (*outcome.judgement.assumptions, *outcome.judgement.findings)}
    assert outcome.verdict is Verdict.UNKNOWN, outcome.explain()
    assert found["assumptions.awake"].verdict is Verdict.UNKNOWN
    assert found["availability.outage"].verdict is Verdict.UNKNOWN
    assert "of which the probe itself stalled" in found["availability.outage"].text
