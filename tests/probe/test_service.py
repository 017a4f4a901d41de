import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import hiredis
import pytest

from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.events import ProbeFailed
from redis_resilience.model.plan import Load, Writers
from redis_resilience.probe import protocol as p
from redis_resilience.probe.service import Service, as_value


def converse(*commands: p.Command, before: Callable[[Service], Awaitable[None]] | None = None) -> list[p.FromProbe]:
    """All that a service says in answer to these commands, one after the other."""
    said: list[p.FromProbe] = []

    async def talk() -> None:
        service = Service(said.append)
        if before:
            await before(service)
        for number, command in enumerate(commands):
            await service.handle(p.Request(number, command))
        service.close()

    asyncio.run(talk())
    return said


def refusal(*commands: p.Command) -> str:
    """The text with which the last command is refused."""
    last = next(said for said in reversed(converse(*commands)) if isinstance(said, p.Reply))
    assert isinstance(last.body, p.Refused)
    return last.body.text


async def crash(service: Service) -> None:
    async def fail() -> None:
        raise ZeroDivisionError("planted")

    await asyncio.wait({service.spawn(fail(), "a planted task")})
    await asyncio.sleep(0)


def test_a_crashed_task_is_told_and_makes_the_next_command_fail_once() -> None:
    """An error of the harness must never pass for one of the system under test."""
    notice, refused, greeted = converse(p.Hello(), p.Hello(), before=crash)

    assert isinstance(notice, p.Notice)
    assert isinstance(notice.event, ProbeFailed)
    assert "a planted task: ZeroDivisionError: planted (fail, line" in notice.event.reason
    assert isinstance(refused, p.Reply)
    assert isinstance(refused.body, p.Refused)
    assert "ZeroDivisionError: planted" in refused.body.text
    assert isinstance(greeted, p.Reply)
    assert isinstance(greeted.body, p.Greeting)


def test_a_crash_does_not_keep_a_history_from_being_closed() -> None:
    _, closed = converse(p.Close(), before=crash)

    assert closed == p.Reply(0, p.Done())


@pytest.mark.parametrize("command", [p.StartLoad(load=Load()), p.StopLoad(), p.ReadBack()], ids=repr)
def test_what_needs_a_history_says_so(command: p.Command) -> None:
    assert refusal(command) == "expected an open history; there is none: open one first"


def test_a_second_history_is_refused(tmp_path: Path) -> None:
    opened = p.Open(folder=str(tmp_path), trial="t")

    assert refusal(opened, opened) == f"expected no history open; got one in {tmp_path}: close it first"


def test_a_load_that_does_not_run_cannot_be_stopped(tmp_path: Path) -> None:
    text = refusal(p.Open(folder=str(tmp_path), trial="t"), p.StopLoad())

    assert text == "expected a running load; there is none"


def test_a_second_load_is_refused(tmp_path: Path) -> None:
    load = p.StartLoad(load=Load(writers=(Writers(target="127.0.0.1", count=1, rate=1),)))

    text = refusal(p.Open(folder=str(tmp_path), trial="t"), load, load)

    assert text == "expected no load; one is running: stop it first"


def test_watching_more_often_than_every_millisecond_is_refused() -> None:
    text = refusal(p.Watch(servers={}, sentinels={}, master_name="m", interval_ms=0))

    assert text == "expected to watch every 1 ms or less often; got every 0 ms"


def test_a_query_to_nobody_is_answered_with_why() -> None:
    reply = converse(p.Query(endpoint=Endpoint("127.0.0.1", 1), command=("PING",)))[0]

    assert isinstance(reply, p.Reply)
    assert isinstance(reply.body, p.Answer)
    assert "127.0.0.1:1: " in reply.body.unreachable


def test_raw_replies_become_what_json_can_carry() -> None:
    raw = [b"text", b"\xff", 1, None, [hiredis.ReplyError("ERR x")]]

    assert as_value(raw) == ["text", "\\xff", 1, None, ["-ERR x"]]
