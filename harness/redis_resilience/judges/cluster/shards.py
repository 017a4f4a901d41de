"""A history of a Redis Cluster as one history a shard, so that every judge answers for each shard by itself.

A shard's history holds its own servers, the operations on its slots and what was read from its servers, under numbers
of its own; the events stay whole. Its environment names it first among the shards.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges.reading import Reading, once
from redis_resilience.model.cluster import SLOTS, slots_of
from redis_resilience.model.environment import Environment, Shard
from redis_resilience.model.events import FaultEffect
from redis_resilience.model.history import FinalRead
from redis_resilience.model.plan import Expect, Load
from redis_resilience.model.records import NO_SERVER, Records


class Damage(IntEnum):
    """The worst that faults took of a shard, even if along with a server of another one."""

    NONE = 0
    REPLICA = 1
    MASTER = 2


@once
def parts(reading: Reading) -> tuple[Reading, ...]:
    """One history a shard; the history itself where there are none."""
    shards = reading.environment.shards
    if not shards:
        return (reading,)
    slots = slots_of(reading.plan.trial, reading.rows["key"])
    return tuple(_part(reading, shard, slots) for shard in shards)


def damage(reading: Reading, shard: Shard) -> Damage:
    """By all faults together."""
    taken = {name for event in reading.of(FaultEffect) for name in event.servers}
    if shard.master in taken:
        return Damage.MASTER
    return Damage.NONE if taken.isdisjoint(shard.servers) else Damage.REPLICA


def _part(reading: Reading, shard: Shard, slots: NDArray[np.uint16]) -> Reading:
    environment = reading.environment
    numbers = _numbers(environment, shard)
    mine = np.zeros(SLOTS, dtype=np.bool_)
    for first, last in shard.slots:
        mine[first : last + 1] = True
    samples = reading.samples[numbers[reading.samples["server"]] != NO_SERVER]
    return replace(
        reading,
        plan=replace(
            reading.plan,
            load=_share(reading.plan.load, len(environment.shards)),
            expect=_expected(reading, shard),
        ),
        environment=replace(
            environment,
            servers=tuple(server for server in environment.servers if server.name in shard.servers),
            master=shard.master,
            prediction=shard.prediction,
            shards=(shard, *(other for other in environment.shards if other != shard)),
        ),
        operations=_renumbered(reading.operations[mine[slots]], numbers, "server"),
        samples=_renumbered(samples, numbers, "server", "source"),
        finals={
            name: _own_keys(final, reading.plan.trial, mine)
            for name, final in reading.finals.items()
            if name in shard.servers
        },
    )


def _numbers(environment: Environment, shard: Shard) -> NDArray[np.uint16]:
    """A server's number in the shard's history by its number in the whole."""
    numbers = np.full(NO_SERVER + 1, NO_SERVER, dtype=np.uint16)
    own = [index for index, server in enumerate(environment.servers) if server.name in shard.servers]
    numbers[own] = np.arange(len(own), dtype=np.uint16)
    return numbers


def _renumbered(records: Records, numbers: NDArray[np.uint16], *fields: str) -> Records:
    found = records.copy()
    for field in fields:
        found[field] = numbers[found[field]]
    return found


def _own_keys(final: FinalRead, trial: str, mine: NDArray[np.bool_]) -> FinalRead:
    """Without keys of slots that belong to another shard: those are judged there, as lost or not."""
    keys = final.keys[mine[slots_of(trial, final.keys)]]
    return replace(final, keys=keys, dbsize=final.dbsize - (len(final.keys) - len(keys)))


def _share(load: Load, shards: int) -> Load:
    """Rates of one shard: clients are dealt out evenly, and so are the keys."""
    return replace(load, writers=tuple(replace(group, rate=group.rate / shards) for group in load.writers))


def _expected(reading: Reading, shard: Shard) -> Expect:
    """The scenario's expectations apply to the shards that its faults target.

    Whether another may fail over is decided by its own prediction; how long it may be without writes, only if a
    fault took a server of it along.
    """
    expect = reading.plan.expect
    if any(event.pod in shard.servers for event in reading.of(FaultEffect)):
        return expect
    allowed_s = expect.max_outage_s if damage(reading, shard) else None
    return replace(expect, failover=None, max_outage_s=allowed_s, two_masters_s=0.0)
