"""Where a client connects to: a pinned server, a host name, the master that the Sentinels name, or a slot's master.

Asking follows Redis's own guideline for Sentinel clients: the Sentinels one after the other, the first that answers is
asked first the next time, and its answer is checked with ROLE on the very connection that will carry the writes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from redis_resilience.model.access import Login
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.operations import Cause
from redis_resilience.model.plan import Entrance
from redis_resilience.probe.cluster_watch import owner_of
from redis_resilience.probe.directory import Directory
from redis_resilience.probe.wire import Lost, NoReply, RawReply, Wire, connect

T = TypeVar("T")

ASK_S = 0.1
"""For reaching a Sentinel, and again for its answer."""


class Unrouted(Exception):
    """There is nowhere to connect to; `cause` is what its operations fail with."""

    def __init__(self, cause: Cause, text: str) -> None:
        super().__init__(text)
        self.cause = cause


class Route(Protocol):
    """must_be_master: ROLE has to say so before the connection may be used. asks_who: its server has to be asked who it
    is, as the address does not tell, and is left where it is a replica. via: the Sentinel that named the place.

    lane: the queue of keys that the client writes. node_id: of the cluster's node that `find` found, "" = not given.
    """

    must_be_master: bool
    asks_who: bool
    unreached: Cause
    lane: int
    node_id: str

    @property
    def via(self) -> str: ...

    async def find(self) -> Endpoint: ...

    def moved(self, to: Endpoint) -> None:
        """A server replied MOVED: the next connection goes there."""

    def doubted(self) -> None:
        """A server replied CLUSTERDOWN or was unreachable: the one that named it may be partitioned, or outdated."""

    def rest(self) -> None:
        """The client is connected: hold nothing open."""


class Fixed:
    """A watched server by name, at its present address; else a host name at their port, resolved at each connect."""

    must_be_master = False
    asks_who = False
    unreached = Cause.REFUSED
    via = ""
    lane = 0
    node_id = ""

    def __init__(self, target: str, directory: Directory) -> None:
        self._target = target
        self._directory = directory

    async def find(self) -> Endpoint:
        return self._directory.endpoint(self._target) or Endpoint(self._target, self._directory.port)

    def moved(self, to: Endpoint) -> None:
        """A pinned client stays at its target."""

    def doubted(self) -> None:
        """A pinned client stays at its target."""

    def rest(self) -> None:
        pass


class Through(Fixed):
    """A Service or a proxy, resolved at each connect; which server is behind it may change with each connection."""

    asks_who = True

    def __init__(self, entrance: Entrance, directory: Directory) -> None:
        super().__init__(entrance.host, directory)
        self._entrance = entrance

    async def find(self) -> Endpoint:
        return Endpoint(self._entrance.host, self._entrance.port or self._directory.port)


class Asking:
    """Nodes or Sentinels that know: asked one after the other, the last that answered first. Endpoints may change.

    seed: decides which is asked first. via: the one that answered last.
    """

    def __init__(self, knowing: Mapping[str, Endpoint], *, login: Login, seed: str) -> None:
        self._knowing = knowing
        self._login = login
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._order: list[str] = []
        self._wire: Wire | None = None
        self._wire_of: tuple[str, Endpoint] | None = None
        self.via = ""

    async def first(self, read: Callable[[RawReply, Endpoint], T | None], *command: str) -> T | None:
        """What `read` makes of the first reply that it can use; None where there is none."""
        if set(self._order) != set(self._knowing):
            self._order = sorted(self._knowing)
            self._random.shuffle(self._order)
        for name in tuple(self._order):
            try:
                wire = await self._reach(name)
                found = read(await wire.call(*command, within_s=ASK_S), self._knowing[name])
            except (Lost, NoReply):
                self.rest()
                continue
            if found is not None:
                self._order.remove(name)
                self._order.insert(0, name)
                self.via = name
                return found
        return None

    def doubt(self) -> None:
        """Ask the one that answered last only after all others."""
        self.rest()
        self._order = [*self._order[1:], *self._order[:1]]

    def __len__(self) -> int:
        return len(self._knowing)

    async def _reach(self, name: str) -> Wire:
        endpoint = self._knowing[name]
        if self._wire is None or self._wire_of != (name, endpoint) or self._wire.lost:
            self.rest()
            self._wire = await connect(endpoint, within_s=ASK_S, login=self._login)
            self._wire_of = (name, endpoint)
        return self._wire

    def rest(self) -> None:
        if self._wire is not None:
            self._wire.abort("master found")
            self._wire = None


class AskSentinels:
    """The master that the Sentinels name. `sentinels` may change during use. seed: decides which is asked first."""

    must_be_master = True
    asks_who = False
    unreached = Cause.NO_MASTER
    lane = 0
    node_id = ""

    def __init__(self, sentinels: Mapping[str, Endpoint], *, master_name: str, login: Login, seed: str) -> None:
        self._asking = Asking(sentinels, login=login, seed=seed)
        self._master_name = master_name

    @property
    def via(self) -> str:
        return self._asking.via

    async def find(self) -> Endpoint:
        """Raises Unrouted where no Sentinel names one."""
        found = await self._asking.first(_named_master, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._master_name)
        if found is None:
            count = len(self._asking)
            raise Unrouted(Cause.NO_MASTER, f"none of {count} Sentinels named a master {self._master_name!r}")
        return found

    def moved(self, to: Endpoint) -> None:
        """A Sentinel's master never replies MOVED."""

    def doubted(self) -> None:
        """A Sentinel's master is not doubted: ROLE is checked on each connection."""

    def rest(self) -> None:
        self._asking.rest()


class BySlot:
    """The master of a slot of a Redis Cluster, as a cluster's client finds it: from any node, and from each MOVED.

    lane: which of the load's queues of keys this client writes, all of one master's slots. `nodes` may change later.
    """

    must_be_master = True
    asks_who = False
    unreached = Cause.NO_MASTER
    via = ""

    def __init__(self, nodes: Mapping[str, Endpoint], *, slot: int, lane: int, login: Login, seed: str) -> None:
        self._asking = Asking(nodes, login=login, seed=seed)
        self._slot = slot
        self._moved_to: Endpoint | None = None
        self.lane = lane
        self.node_id = ""

    async def find(self) -> Endpoint:
        """Raises Unrouted where no node names one."""
        told, self._moved_to = self._moved_to, None
        if told is not None:
            self.node_id = ""
            return told
        found = await self._asking.first(lambda reply, asked: owner_of(reply, self._slot, asked), "CLUSTER", "SLOTS")
        if found is None:
            raise Unrouted(Cause.NO_MASTER, f"none of {len(self._asking)} nodes knows the owner of slot {self._slot}")
        endpoint, self.node_id = found
        return endpoint

    def moved(self, to: Endpoint) -> None:
        self._moved_to = to

    def doubted(self) -> None:
        self._asking.doubt()

    def rest(self) -> None:
        self._asking.rest()


def _named_master(reply: RawReply, asked: Endpoint) -> Endpoint | None:
    del asked
    match reply:
        case [bytes(host), bytes(port)]:
            return Endpoint(host.decode(), int(port))
    return None
