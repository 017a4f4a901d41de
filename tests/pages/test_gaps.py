"""A gap says in words why no client could write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from redis_resilience.judges.loss import CAUSES
from redis_resilience.model.events import Link, Role
from redis_resilience.model.history import History
from redis_resilience.model.operations import Cause
from redis_resilience.model.records import NO_SERVER, SAMPLE
from redis_resilience.pages import meanings
from redis_resilience.pages.gaps import reasons


def refused(make: Any, *sampled: tuple[float, Role, int]) -> History:
    """A history whose redis-1 refuses every write of the gap for want of replicas; sampled: ms, role, replicas."""
    operations = make.operations(5000)
    missed = operations["cause"] == Cause.REFUSED
    operations["cause"][missed], operations["server"][missed] = Cause.NOREPLICAS, 1
    samples = np.zeros(len(sampled), dtype=SAMPLE)
    for record, (ms, role, replicas) in zip(samples, sampled, strict=True):
        record["server"], record["role"], record["replicas"] = 1, role, replicas
        record["source"], record["link"] = NO_SERVER, Link.NONE
        record["call_ns"], record["return_ns"] = make.fault_ms(ms) - 1000, make.fault_ms(ms)
    servers = tuple(
        replace(server, config={"min-replicas-to-write": "1", "min-replicas-max-lag": "2"})
        for server in make.environment().servers
    )
    return make.history(
        operations=operations, samples=samples, environment=replace(make.environment(), servers=servers)
    )


def told(make: Any, *sampled: tuple[float, Role, int]) -> str:
    first, *_ = reasons(refused(make, *sampled), make.judgement())
    assert first.cause == "NOREPLICAS"
    assert first.writes > 2000
    return first.meaning


def test_too_few_replicas_until_one_is_linked_again(make: Any) -> None:
    meaning = told(make, (10, Role.MASTER, 0), (1500, Role.MASTER, 0), (2200, Role.MASTER, 1))

    assert meaning == "min-replicas-to-write 1 on redis-1, 1 replica linked again 2200 ms after the fault"


def test_too_few_replicas_to_the_end(make: Any) -> None:
    assert told(make, (10, Role.MASTER, 0)).endswith("which never had 1 replica again")


def test_an_old_master_that_refuses_until_it_is_demoted(make: Any) -> None:
    meaning = told(make, (10, Role.MASTER, 0), (2200, Role.REPLICA, 0))

    assert meaning.endswith("which had too few replicas until it stopped being a master 2200 ms after the fault")


def test_linked_replicas_that_confirm_nothing(make: Any) -> None:
    meaning = told(make, (10, Role.MASTER, 1))

    assert meaning.endswith("whose replicas confirmed nothing for longer than min-replicas-max-lag 2 s")


def test_the_counts_are_of_the_gap(make: Any) -> None:
    found = reasons(make.history(), make.judgement())

    assert {each.cause: each.writes for each in found} == {"REFUSED": 2283, "CLOSED": 1}
    assert all(each.meaning for each in found)


def test_without_a_gap_there_is_no_reason(make: Any) -> None:
    assert reasons(make.history(), make.judgement(availability=make.availability(0.0, gap=None))) == ()


def test_every_cause_has_a_sentence() -> None:
    assert {cause.name for cause in Cause if cause is not Cause.NONE} == meanings.NOT_ACKNOWLEDGED.keys()
    assert set(CAUSES) == meanings.LOST.keys()
