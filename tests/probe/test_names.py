"""A name that is resolved again and again: its address becomes an event when it changes, and only then."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

import pytest

from redis_resilience.model.events import NameFound, NameLost
from redis_resilience.probe import names
from redis_resilience.probe.names import NameWatch


def watched(monkeypatch: pytest.MonkeyPatch, answers: Sequence[tuple[str, str]]) -> list[NameFound | NameLost]:
    """What is reported of these answers, one DNS lookup after the other."""
    told: list[NameFound | NameLost] = []
    left = iter(answers)
    over = asyncio.Event()

    def answer(name: str) -> tuple[str, str]:
        assert name == "redis-0.redis"
        try:
            return next(left)
        except StopIteration:
            over.set()
            return answers[-1]

    async def watch() -> None:
        task = asyncio.create_task(NameWatch("redis-0", "redis-0.redis", told.append, interval_s=0).run())
        await asyncio.wait_for(over.wait(), timeout=30)
        task.cancel()

    monkeypatch.setattr(names, "_address_of", answer)
    asyncio.run(watch())
    return told


def test_a_name_that_goes_and_comes_back_elsewhere_is_told_at_each_change(monkeypatch: pytest.MonkeyPatch) -> None:
    here, gone, there = ("10.0.0.1", ""), ("", "Name or service not known"), ("10.0.0.2", "")

    told = watched(monkeypatch, [here, here, gone, gone, there])

    assert [(event.source, event.label) for event in told] == [
        ("name:redis-0", "name-found"),
        ("name:redis-0", "name-lost"),
        ("name:redis-0", "name-found"),
    ]
    assert [getattr(event, "address", None) for event in told] == ["10.0.0.1", None, "10.0.0.2"]
    assert isinstance(told[1], NameLost)
    assert told[1].cause == "Name or service not known"


def test_it_changed_after_the_look_up_before_was_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    told = watched(monkeypatch, [("10.0.0.1", ""), ("10.0.0.2", ""), ("10.0.0.3", "")])

    assert all(event.since_ns < event.at_ns for event in told)
    assert all(before.since_ns < after.since_ns for before, after in itertools.pairwise(told[1:]))


def test_a_name_that_never_was_is_not_told_to_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watched(monkeypatch, [("", "Name or service not known")] * 3) == []


def test_the_systems_own_resolver_is_asked() -> None:
    assert names._address_of("localhost") == ("127.0.0.1", "")
    assert names._address_of("no-such-name.invalid")[0] == ""
