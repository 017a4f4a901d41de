"""The harness's end of the line, against a scripted other end and against a real child process."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from redis_resilience.deployments import probe_process
from redis_resilience.deployments.probe_process import ProbeProcess
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import ProbeError
from redis_resilience.model.events import LoadBegin
from redis_resilience.model.plan import Load, Writers
from redis_resilience.model.records import decode
from redis_resilience.probe import protocol as p

if TYPE_CHECKING:
    from tests.probe.conftest import Bench, StartRedis


class OtherEnd:
    """The probe's side of two pipes: what the test wants it to say."""

    def __init__(self) -> None:
        requests, requests_in = os.pipe()
        answers_out, answers = os.pipe()
        self.requests = os.fdopen(requests, "rb")
        self.answers = os.fdopen(answers, "wb")
        self.client = ProbeProcess(
            os.fdopen(answers_out, "rb"), os.fdopen(requests_in, "wb"), last_words=lambda: "Traceback: planted"
        )

    def say(self, *messages: p.FromProbe) -> None:
        for message in messages:
            self.answers.write(msgspec.json.encode(message) + b"\n")
        self.answers.flush()

    def answer(self, body: p.Done | p.Refused) -> None:
        """Reply so to the next request."""

        def reply() -> None:
            request = msgspec.json.decode(self.requests.readline(), type=p.Request)
            self.say(p.Reply(request.number, body))

        threading.Thread(target=reply).start()

    def end(self) -> None:
        self.answers.close()
        self.client.stop()
        self.requests.close()


@pytest.fixture
def other() -> Iterator[OtherEnd]:
    end = OtherEnd()
    yield end
    end.end()


def test_an_answer_that_does_not_come_names_the_command_and_the_time(
    other: OtherEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe_process, "REPLY_S", 0.02)

    with pytest.raises(ProbeError, match=r"expected the probe to answer 'open' within 0\.02 s; got nothing"):
        other.client.open(Path("x"), "t")


def test_a_refusal_is_an_error_with_the_probes_own_words(other: OtherEnd) -> None:
    other.answer(p.Refused("expected a, got b"))

    with pytest.raises(ProbeError, match=r"^the probe refused 'close': expected a, got b$"):
        other.client.close()


def test_a_dead_probe_is_told_with_its_last_words(other: OtherEnd) -> None:
    other.answers.close()

    gone = (
        r"the probe is gone \(its output ended\), so 'stop-load' was not answered; its last words:\nTraceback: planted"
    )
    with pytest.raises(ProbeError, match=gone):
        other.client.stop_load()


def test_a_line_that_is_no_message_ends_the_conversation_and_says_so(other: OtherEnd) -> None:
    other.answers.write(b"hello\n")
    other.answers.flush()

    with pytest.raises(ProbeError, match=r"the probe is gone \(.*malformed"):
        other.client.close()


def test_events_are_numbered_and_begin_anew_with_a_history(other: OtherEnd) -> None:
    first, second = (LoadBegin(at_ns=n, source="probe") for n in (1, 2))
    other.say(p.Notice(first), p.Notice(second), p.Progress(p.Status(clock_ns=9, issued=4)))
    deadline = time.monotonic() + 30
    while other.client.status().issued != 4:
        assert time.monotonic() < deadline, "waited 30 s for the status; it did not arrive"
    assert other.client.events() == (first, second)
    assert other.client.events(since=1) == (second,)

    other.answer(p.Done())
    other.client.open(Path("x"), "t")

    assert other.client.events() == ()


@pytest.mark.local
def test_a_child_answers_and_has_this_hosts_clock(bench: Bench) -> None:
    before_ns = time.monotonic_ns()
    clocks = bench.probe.clocks()

    assert (clocks.offset_ns, clocks.error_ns) == (0, 0)
    assert before_ns < clocks.clock_ns < time.monotonic_ns()


@pytest.mark.local
def test_opening_a_history_forgets_earlier_events(bench: Bench, redis: StartRedis) -> None:
    server = redis()
    bench.probe.watch(servers={"redis-0": server.endpoint}, sentinels={}, master_name="m")
    bench.eventually(lambda: bench.heard("server-up"), "the server is reached")
    server.kill()
    bench.eventually(lambda: bench.heard("server-down"), "the server is lost")
    bench.probe.open(bench.folder, "t")

    assert bench.probe.events() == ()


@pytest.mark.local
def test_stopping_twice_is_harmless_and_afterwards_nothing_is_answered() -> None:
    probe = ProbeProcess.spawn()
    probe.clocks()
    probe.stop()
    probe.stop()

    with pytest.raises(ProbeError, match=r"the probe is gone"):
        probe.query(Endpoint("127.0.0.1", 1), "PING")


@pytest.mark.local
def test_a_killed_probe_fails_the_next_command(bench: Bench) -> None:
    greeting = bench.probe.greet()
    os.kill(greeting.pid, signal.SIGKILL)

    with pytest.raises(ProbeError, match=r"the probe is gone .*so 'query' was not answered"):
        bench.probe.query(Endpoint("127.0.0.1", 1), "PING")


@pytest.mark.local
def test_a_history_is_closed_when_the_harness_is_gone(redis: StartRedis, tmp_path: Path) -> None:
    """The end of stdin ends the probe: the operations so far are on disk, the one in flight as unfinished."""
    command = [sys.executable, "-m", "redis_resilience.probe"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    load = Load(writers=(Writers(target="redis-0", count=1, rate=100),))
    for number, command in enumerate(
        (
            p.Watch(servers={"redis-0": redis().endpoint}, sentinels={}, master_name="m"),
            p.Open(folder=str(tmp_path), trial="t"),
            p.StartLoad(load=load),
        )
    ):
        child.stdin.write(msgspec.json.encode(p.Request(number, command)) + b"\n")
        child.stdin.flush()
        while b'"reply"' not in child.stdout.readline():
            pass
    for line in child.stdout:
        message = msgspec.json.decode(line, type=p.FromProbe)
        if isinstance(message, p.Progress) and message.status.acknowledged >= 10:
            break
    child.stdin.close()
    child.stdout.close()
    child.wait(timeout=30)

    records, torn = decode("operations", (tmp_path / "operations.bin").read_bytes())
    assert torn == 0
    assert len(records) >= 10
    assert (tmp_path / "events.jsonl").read_bytes().rstrip().endswith(b"}")


@pytest.mark.local
def test_a_full_disk_is_told_while_the_load_goes_on(bench: Bench, redis: StartRedis) -> None:
    """A limit on the size of files stands for the full disk: the kernel refuses the write in the same way."""
    server = redis()
    resource.prlimit(bench.probe.greet().pid, resource.RLIMIT_FSIZE, (2000, 2000))
    bench.probe.watch(servers={"redis-0": server.endpoint}, sentinels={}, master_name="m", interval_ms=1000)
    bench.probe.open(bench.folder, "t")
    bench.probe.start_load(Load(writers=(Writers(target="redis-0", count=2, rate=500),)))
    bench.eventually(lambda: bench.heard("writing-failed"), "the failure is told")
    issued = bench.probe.status().issued
    bench.eventually(lambda: bench.probe.status().issued > issued + 50, "the load goes on")
    status = bench.probe.stop_load()
    bench.probe.close()

    assert status.writing_failed == "writing operations.bin: File too large; everything after it is missing"
    records, _ = decode("operations", (bench.folder / "operations.bin").read_bytes())
    assert 0 < len(records) < status.issued
