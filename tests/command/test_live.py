"""What a run shows of a test that has no trial: a line, whatever its outcome."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from redis_resilience.command.everywhere import Detail
from redis_resilience.command.live import LiveRun
from redis_resilience.signals import Stop
from redis_resilience.trials.observer import Progress
from redis_resilience.trials.relay import Receiver, Sender


def report(when: str, outcome: str, reason: object) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="scenarios/test_document_001.py::test_document_001_metrics",
        location=("scenarios/test_document_001.py", 1, "test_document_001_metrics"),
        keywords={},
        outcome=outcome,
        longrepr=reason,
        when=when,
    )


def shown(when: str, outcome: str, reason: object = None) -> tuple[str, int]:
    """The text, and how many problems there were."""
    text = io.StringIO()
    with Stop() as stop, LiveRun(Console(file=text, width=100), trials=1, stop=stop) as live:
        live.pytest_runtest_logreport(report(when, outcome, reason))
    return text.getvalue(), live.problems


def test_passed_is_said_once():
    assert shown("call", "passed") == ("test_document_001_metrics passed; it measures nothing\n", 0)
    assert shown("setup", "passed") == shown("teardown", "passed") == ("", 0)


def test_skipped_is_said_with_its_reason_and_is_a_problem():
    reason = ("scenarios/test_document_001.py", 9, "Skipped: there is no exporter on backend local")

    assert shown("call", "skipped", reason) == ("there is no exporter on backend local\n", 1)


def test_failed_is_said_with_its_reason_and_is_a_problem():
    assert shown("setup", "failed", "no cluster") == ("no cluster\n", 1)


def lines_of(detail: Detail, trials: int) -> list[str]:
    """What a log gets of two phases and a deployment."""
    text = io.StringIO()
    with Stop() as stop, LiveRun(Console(file=text), trials=trials, stop=stop, detail=detail) as live:
        for phase, doing in (("deploy", "node on local"), ("settle", ""), ("settle", ""), ("control", "")):
            live.progress(Progress(trial="master-kill-1of9", phase=phase, doing=doing))
    return text.getvalue().splitlines()


@pytest.mark.parametrize(("detail", "said"), [(Detail.NORMAL, "before it begins\n"), (Detail.QUIET, "")])
def test_a_line_of_the_command_is_shown_unless_it_is_to_be_quiet(detail: Detail, said: str):
    text = io.StringIO()
    with Stop() as stop, LiveRun(Console(file=text), trials=1, stop=stop, detail=detail) as live:
        live.say("before it begins")

    assert text.getvalue() == said


def test_a_log_gets_each_phase_once_where_few_lines_are_expected():
    """Of one trial, or when asked; of many trials only what is deployed; nothing when quiet."""
    assert lines_of(Detail.NORMAL, 1) == ["phase deploy node on local", "phase settle", "phase control"]
    assert lines_of(Detail.VERBOSE, 9)[1:] == ["master-kill-1of9: phase settle", "master-kill-1of9: phase control"]
    assert lines_of(Detail.NORMAL, 9) == ["master-kill-1of9: phase deploy node on local"]
    assert lines_of(Detail.QUIET, 1) == []


class Seen:
    def __init__(self) -> None:
        self.all: list[Progress] = []

    def progress(self, progress: Progress) -> None:
        self.all.append(progress)


def test_progress_of_another_process_arrives():
    """Phases at once; within a phase not more often than is shown; what is no progress is passed over."""
    seen = Seen()
    receiver = Receiver(seen)
    sender = Sender(receiver.address)
    phases = [Progress(trial="t", phase=phase, issued=7) for phase in ("settle", "settle", "control")]

    for each in phases:
        sender.progress(each)
    sender._socket.sendto(b"\xc1 no message", b"\0" + receiver.address.encode())
    sender.progress(Progress(trial="t", phase="fault"))
    receiver.receive()

    assert [each.phase for each in seen.all] == ["settle", "control", "fault"]
    assert seen.all[0] == phases[0]
    receiver.close()
    sender.progress(Progress(trial="t", phase="observe"))
    sender._socket.close()
