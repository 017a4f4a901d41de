"""Histories as literals: a trial in milliseconds, event by event, and the master kill as it should go.

The kill has a version for three servers with Sentinels, and one for a Redis Cluster of two shards.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
from msgspec import structs
from msgspec.structs import fields

from redis_resilience.judges.reading import Reading, read
from redis_resilience.model.cluster import SlotRange, slots_of
from redis_resilience.model.environment import Bound, Environment, Prediction, SentinelView, Server, Shard
from redis_resilience.model.events import AnyEvent, FaultEffect, Link, Role, SentinelMessage
from redis_resilience.model.faults import Fault, Kill, delete_pod, stop_node
from redis_resilience.model.history import FinalRead, History
from redis_resilience.model.operations import Cause, Kind, result_of
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.model.records import NO_SERVER, OPERATION, SAMPLE

MS = 1_000_000
SAMPLED = -2
"""The offset of a final read is that of the last sample before it, where a story gives no other."""
KINDS = {kind.__struct_config__.tag: kind for kind in get_args(AnyEvent)}
EMPTY = {str: "", int: 0}
ORIGIN = 5_000 * MS  # no history begins at 0 of its clock
NAMES = ("redis-0", "redis-1", "redis-2")
NODES = (*NAMES, "redis-3", "redis-4")
HALF = 8192
SHARDS = (
    Shard(
        name="0-8191",
        slots=((0, HALF - 1),),
        master="redis-0",
        servers=NODES[:3],
        prediction=Prediction(failover=True, because="the master stays away"),
    ),
    Shard(
        name="8192-16383",
        slots=((HALF, 16383),),
        master="redis-3",
        servers=NODES[3:],
        prediction=Prediction(failover=False, because="no fault hits this shard's master"),
    ),
)


FAULT, SDOWN, ODOWN, ELECTED, PROMOTED, FIRST, SECOND, LAST, BACK, LINKED = (
    500, 1510, 1560, 1620, 1760, 2000, 2005, 3000, 3300, 3400,
)  # fmt: skip


DELETED = delete_pod("master")


def ns(ms: float) -> int:
    return ORIGIN + round(ms * MS)


@cache
def _left_out(kind: str) -> dict[str, Any]:
    """Empty values for what an event of that kind has to say."""
    return {field.name: EMPTY.get(field.type) for field in fields(KINDS[kind]) if field.required}


class Story:
    """Three servers, three Sentinels (quorum 2), one writer at 100 operations a second; times in ms."""

    def __init__(self, **expect: Any) -> None:
        self.plan = Plan(
            trial="t1",
            scenario="story",
            topology="three",
            profile="fast",
            backend="memory",
            seed=1,
            load=Load(writers=(Writers(count=1, rate=100.0),)),
            faults=(Scheduled(fault=Kill(target="master")),),
            expect=Expect(**expect),
            windows=Windows(),
        )
        self.environment = Environment(
            servers=tuple(
                Server(
                    name=name,
                    address=f"10.0.0.{index}:6379",
                    role="slave" if index else "master",
                    run_id=f"run-{index}",
                )
                for index, name in enumerate(NAMES)
            ),
            sentinels=tuple(
                SentinelView(
                    name=name,
                    address=f"10.0.0.{index}:26379",
                    run_id=f"sentinel-{index}",
                    master_name="mymaster",
                    master_address="10.0.0.0:6379",
                    down_after_ms=1000,
                    failover_timeout_ms=10000,
                    quorum=2,
                    known_sentinels=3,
                    known_replicas=2,
                    ckquorum="OK 3 usable Sentinels.",
                )
                for index, name in enumerate(NAMES)
            ),
            master="redis-0",
            clock_ns=ORIGIN,
            wall_ns=ORIGIN + 10**18,
            keys_before=0,
            healthy_before=True,
            health_text="whole",
            prediction=Prediction(failover=True, because="the master stays away"),
        )
        self.operations: list[tuple[int, ...]] = []
        self.samples: list[tuple[int, ...]] = []
        self.events: list[AnyEvent] = []
        self.finals: dict[str, FinalRead] = {}
        self.problems: tuple[str, ...] = ()
        self.complete = True

    def write(
        self,
        key: int,
        at: float,
        *,
        server: int = 0,
        took: float = 1.0,
        cause: Cause = Cause.NONE,
        late: float = 0.0,
        client: int = 1,
        connection: int | None = None,
    ) -> None:
        returned = 0 if cause >= Cause.TIMEOUT else ns(at + took)
        number = server + 1 if connection is None else connection
        when = ns(at - late), ns(at), returned
        told = result_of(cause), cause, Kind.WRITE, key
        self.operations.append((key, *when, number, client, server, *told))

    def read(self, key: int, at: float, *, value: int, server: int = 0, cause: Cause = Cause.NONE) -> None:
        self.write(key, at, server=server, cause=cause)
        self.operations[-1] = (*self.operations[-1][:9], Kind.READ, value)

    def sample(self, server: int, at: float, role: Role, *, offset: int = -1, source: int = NO_SERVER) -> None:
        link = Link.CONNECTED if role is Role.REPLICA and source != NO_SERVER else Link.NONE
        self.samples.append((ns(at), ns(at + 1), offset, server, source, role, link, 0, 0))

    def event(
        self, at: float, source: str, kind: str, text: str = "", /, *, since: float | None = None, **data: Any
    ) -> None:
        """kind: a Sentinel's event name, or that of one of our events; what `data` leaves out of those is empty."""
        when = {"at_ns": ns(at), "since_ns": 0 if since is None else ns(since), "source": source}
        if kind not in KINDS:
            self.events.append(SentinelMessage(name=kind, text=text, **when))
        else:
            self.events.append(msgspec.convert({**_left_out(kind), **data, **when, "kind": kind}, AnyEvent))

    def phase(self, at: float, name: str) -> None:
        self.event(at, "harness", "phase", name=name)

    def frame(self) -> None:
        """What every complete trial has: its phases, its load, and watchers that listen to each Sentinel."""
        for at, name in ((0, "control"), (499, "fault"), (501, "observe"), (3200, "heal")):
            self.phase(at, name)
        for at, name in ((3500, "quiesce"), (3600, "read"), (3700, "done")):
            self.phase(at, name)
        for number, name in enumerate(NAMES):
            self.event(-5, f"sentinel:{name}", "sentinel-up", sentinel=name, run_id=f"sentinel-{number}")
        self.event(0, "probe", "load-begin")
        self.event(3590, "probe", "load-end", writes=None)

    def connected(self, at: float, server: int, *, client: int) -> None:
        self.event(
            at,
            "probe",
            "connected",
            connection=server + 1,
            client=client,
            server=NODES[server],
            run_id=f"run-{server}",
            address=f"10.0.0.{server}:6379",
        )

    def fault(self, at: float, *, pod: str = "redis-0", container: str = "redis", number: int = 0) -> None:
        further = (Scheduled(fault=Kill(target=pod)),) * (number + 1 - len(self.plan.faults))
        self.plan = replace(self.plan, faults=(*self.plan.faults, *further))
        where = {"fault": number, "fault_kind": "kill", "pod": pod, "container": container}
        self.event(at - 1, "harness", "fault-begin", **where)
        self.event(at, "harness", "fault-effect", since=at - 1, proof="process gone", **where)

    def undone(
        self, since: float, at: float, *, pod: str = "redis-0", container: str = "redis", number: int = 0
    ) -> None:
        where = {"fault": number, "fault_kind": "kill", "pod": pod, "container": container}
        self.event(since, "harness", "heal-begin", **where)
        self.event(at, "harness", "heal-end", since=since, proof="process back", **where)

    def takes_along(self, *pods: str, seen: float = FAULT) -> None:
        """The fault on redis-0 is a node powered off, which these pods were on, too; it was seen to be off then."""
        self.planned(stop_node("master"))
        self.events = [
            structs.replace(event, at_ns=ns(seen), fault_kind="stop-node", pods=("redis-0", *pods))
            if isinstance(event, FaultEffect) and event.pod == "redis-0"
            else event
            for event in self.events
        ]

    def restarted(self, server: int, since: int, until: int) -> None:
        """The watchers do not reach this server in that time, and meet another process under its name afterwards."""
        name = f"redis-{server}"
        self.silence(server, since, until)
        where = {"server": name, "address": f"10.0.0.{server}:6379", "run_id": f"run-{server}b"}
        self.event(until, f"server:{name}", "server-up", since=until - 10, **where)
        final = self.finals[name]
        self.finals[name] = replace(final, run_id_before=f"run-{server}b", run_id_after=f"run-{server}b")

    def silence(self, server: int, since: int, until: int = 3700) -> None:
        """The watchers do not reach this server in that time."""
        self.samples = [row for row in self.samples if row[3] != server or not ns(since) <= row[0] < ns(until)]
        for at in range(since, until, 20):
            self.sample(server, at, Role.UNREACHABLE)

    def planned(self, fault: Fault) -> None:
        """The first fault of the plan is this one."""
        self.plan = replace(self.plan, faults=(Scheduled(fault=fault), *self.plan.faults[1:]))

    def deleted(self, asked: float, gone: float, *, fault: Fault = DELETED) -> None:
        """In place of any other fault, redis-0 is deleted (or `fault`): accepted after 2 ms, seen gone later."""
        self.planned(fault)
        self.events = [event for event in self.events if not event.label.startswith("fault-")]
        where = {"fault": 0, "fault_kind": fault.kind, "pod": "redis-0", "container": "redis"}
        self.event(asked, "harness", "fault-begin", **where)
        where |= {"pods": ("redis-0",)}
        self.event(asked + 2, "harness", "fault-asked", since=asked, **where)
        self.event(gone, "harness", "fault-effect", since=asked, proof="pod gone", **where)

    def asked(self, **others: str) -> None:
        """At the end every Sentinel names redis-1, except these (redis_1="10.0.0.2:6379")."""
        for name in NAMES:
            address = others.get(name.replace("-", "_"), "10.0.0.1:6379")
            self.event(3590, "harness", "named", sentinel=name, address=address)

    def switch(self, at: float, sentinel: str, *, old: int = 0, new: int = 1, logged: float | None = None) -> None:
        text = f"mymaster 10.0.0.{old} 6379 10.0.0.{new} 6379"
        self.event(at, f"sentinel:{sentinel}", "+switch-master", text)
        if logged is not None:
            self.event(logged + 1, f"log:{sentinel}", "+switch-master", text, since=logged)

    def word(self, at: float, node: str, kind: str, /, **data: Any) -> None:
        """What a node's table showed, as it is asked every 20 ms."""
        self.event(at, f"node:{node}", kind, since=at - 20, **data)

    def owner(
        self, at: float, node: str, *, slots: SlotRange = (0, 8191), old: str = "redis-0", new: str = "redis-1"
    ) -> None:
        self.word(at, node, "owner", slots=slots, owner=new, before=old, epoch=7)

    def final(self, server: int, keys: Any, *, role: str = "replica", run_id: str | None = None, **more: Any) -> None:
        name = NODES[server]
        numbers = np.array(sorted(keys), dtype=np.uint64)
        told = f"run-{server}" if run_id is None else run_id
        facts: dict[str, Any] = {
            "server": name,
            "role": role,
            "run_id_before": told,
            "run_id_after": told,
            "offset": SAMPLED,
            "dbsize": len(numbers) + len(more.get("wrong", ())) + len(more.get("unexpected", ())),
            "begin_ns": ns(3610),
            "end_ns": ns(3650),
            "keys": numbers,
        }
        self.finals[name] = FinalRead(**(facts | more))

    def history(self, **changes: Any) -> History:
        told = History(
            plan=self.plan,
            environment=self.environment,
            operations=np.array(self.operations, dtype=OPERATION),
            samples=np.array(self.samples, dtype=SAMPLE),
            events=tuple(sorted(self.events, key=lambda event: event.at_ns)),
            finals={name: self._with_offset(final) for name, final in self.finals.items()},
            complete=self.complete,
            problems=self.problems,
        )
        return replace(told, **changes) if changes else told

    def _with_offset(self, final: FinalRead) -> FinalRead:
        if final is None or final.offset != SAMPLED:
            return final
        told = [
            row for row in self.samples if NODES[row[3]] == final.server and row[2] >= 0 and row[1] < final.begin_ns
        ]
        return replace(final, offset=max(told)[2] if told else -1)

    def reading(self, **changes: Any) -> Reading:
        return read(self.history(**changes))

    def expect(self, **expect: Any) -> None:
        self.plan = replace(self.plan, expect=replace(self.plan.expect, **expect))

    def believe(self, **environment: Any) -> None:
        self.environment = replace(self.environment, **environment)


def master_kill(*, lost: tuple[int, ...] = (), **expect: Any) -> Story:
    """redis-0 dies at 500, redis-1 takes over, redis-0 is back as its replica. `lost`: keys gone everywhere.

    Keys 0-49 are acknowledged by redis-0, 50 is `info`, 51-151 fail, 152-349 are acknowledged by redis-1.
    """
    story = Story(**expect)
    story.frame()
    story.fault(FAULT)
    if story.plan.expect.heals:
        story.undone(3201, BACK)
    for key in range(350):
        at = key * 10
        if at < 500:
            story.write(key, at, server=0)
        elif at == 500:
            story.write(key, at, server=0, cause=Cause.CLOSED)
        elif at < 2020:
            story.write(key, at, server=NO_SERVER, cause=Cause.NO_MASTER, client=2)
        else:
            story.write(key, at, server=1, client=2)
    _sample_kill(story)
    story.event(
        510, "server:redis-0", "server-down", since=495, server="redis-0", address="10.0.0.0:6379", cause="gone"
    )
    story.connected(5, 0, client=1)
    story.connected(2019, 1, client=2)
    master = "master mymaster 10.0.0.0 6379"
    for number, name in enumerate(NAMES):
        story.event(SDOWN + number, f"sentinel:{name}", "+sdown", master)
    story.event(ODOWN, "sentinel:redis-2", "+odown", f"{master} #quorum 2/2")
    story.event(ODOWN, "sentinel:redis-2", "+try-failover", master)
    story.event(ELECTED, "sentinel:redis-2", "+elected-leader", master)
    story.event(1900, "sentinel:redis-2", "+promoted-slave", "slave 10.0.0.1:6379 10.0.0.1 6379 @ " + master[7:])
    story.switch(FIRST, "redis-0", logged=FIRST - 2)
    story.switch(SECOND, "redis-1", logged=SECOND - 2)
    story.event(LAST - 1, "sentinel:redis-2", "+failover-end", master)
    story.switch(LAST, "redis-2", logged=LAST - 2)
    story.event(
        BACK, "server:redis-0", "server-up", since=BACK - 10, server="redis-0", address="10.0.0.0:6379", run_id="run-0b"
    )
    acknowledged = [*range(50), *range(202, 350)]
    kept = [key for key in acknowledged if key not in lost]
    story.final(0, kept, run_id="run-0b")
    story.final(1, kept, role="master")
    story.final(2, kept)
    return story


def _sample_kill(story: Story) -> None:
    for at in range(0, 3600, 20):
        offset = at * 10
        if at < FAULT:
            story.sample(0, at, Role.MASTER, offset=offset)
        elif at < BACK:
            story.sample(0, at, Role.UNREACHABLE)
        else:
            story.sample(0, at + 3, Role.REPLICA, offset=offset, source=1 if at >= LINKED else NO_SERVER)
        if at < PROMOTED:
            story.sample(1, at + 3, Role.REPLICA, offset=min(offset, 4700), source=0)
        else:
            story.sample(1, at, Role.MASTER, offset=offset)
        source = 0 if at < 2100 else 1
        story.sample(2, at + 3, Role.REPLICA, offset=offset if at >= 2100 else min(offset, 4700), source=source)


def clustered(
    story: Story, *, coverage: str = "yes", lost: Collection[int] = (), refused: Collection[int] = ()
) -> Story:
    """The same trial, its keys of the upper half of the slots written to redis-3, which nothing touches.

    lost: keys gone everywhere. refused: of the keys that redis-3 was sent, those that it did not take.
    """
    nodes = (
        *story.environment.servers,
        *(
            Server(name=name, address=f"10.0.0.{index}:6379", role="", run_id=f"run-{index}")
            for index, name in enumerate(NODES[3:], start=3)
        ),
    )
    story.believe(
        servers=tuple(replace(node, config={"cluster-require-full-coverage": coverage}) for node in nodes),
        sentinels=(),
        shards=SHARDS,
        prediction=SHARDS[0].prediction,
    )
    keys = np.array([row[0] for row in story.operations], dtype=np.uint64)
    upper = set(keys[slots_of("t1", keys) >= HALF].tolist())
    story.operations = [_in_upper(row, refused) if row[0] in upper else row for row in story.operations]
    for name, final in story.finals.items():
        lower = final.keys[slots_of("t1", final.keys) < HALF]
        story.finals[name] = replace(final, keys=lower, dbsize=len(lower))
    for server, role in ((3, "master"), (4, "replica")):
        story.final(server, upper.difference(lost, refused), role=role)
    for at in range(0, 3700, 20):
        story.sample(3, at, Role.MASTER, offset=at)
        story.sample(4, at + 3, Role.REPLICA, offset=at, source=3)
    story.events = [event for event in story.events if not event.source.startswith(("sentinel:", "log:"))]
    story.connected(5, 3, client=1)
    _words(story)
    return story


def _in_upper(row: tuple[int, ...], refused: Collection[int]) -> tuple[int, ...]:
    cause = Cause.CLUSTERDOWN if row[0] in refused else Cause.NONE
    return (*row[:3], row[2] + MS, 4, row[5], 3, result_of(cause), cause, *row[9:])


def _words(story: Story) -> None:
    """redis-0 is missed and replaced, and learns of it when it is back."""
    story.word(510, "redis-0", "table-down")
    for number, node in enumerate(NODES[1:]):
        story.word(1600 + number, node, "pfail", node="redis-0")
        story.word(1700 + number, node, "fail", node="redis-0")
        story.owner(1760 + number, node)
    story.word(BACK, "redis-0", "table-up")
    story.owner(BACK + 1, "redis-0")


BOUNDS = (
    Bound(name="sdown_at", origin="fault_at", lower_ms=1000, upper_ms=1200, because="D"),
    Bound(name="odown_at", origin="sdown_at", lower_ms=0, upper_ms=1300, because="asked once a second"),
    Bound(name="elected_at", origin="odown_at", lower_ms=0, upper_ms=240, because="two ticks"),
    Bound(name="promoted_at", origin="elected_at", lower_ms=80, upper_ms=240, because="two ticks"),
    Bound(name="first_switch_at", origin="promoted_at", lower_ms=0, upper_ms=1240, because="INFO"),
)


def predicted(story: Story, *, bounds: tuple[Bound, ...] = BOUNDS) -> Story:
    told = Prediction(failover=True, because="the master stays away", bounds=bounds, retry_ms=20000)
    story.believe(prediction=told)
    return story


@pytest.fixture(scope="session")
def tell() -> type[Story]:
    """An empty story."""
    return Story


@pytest.fixture(scope="session")
def kill() -> Any:
    """`master_kill`, with a prediction that it fulfils."""

    def story(**how: Any) -> Story:
        return predicted(master_kill(**how))

    return story


@pytest.fixture(scope="session")
def cluster() -> Any:
    """`master_kill` in one of the two shards of a Redis Cluster."""

    def story(
        *, coverage: str = "yes", lost: tuple[int, ...] = (), refused: Collection[int] = (), **expect: Any
    ) -> Story:
        return clustered(master_kill(lost=lost, **expect), coverage=coverage, lost=lost, refused=refused)

    return story
