"""The simulation: servers, Sentinels, and what happens to them as simulated time passes."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

from redis_resilience.model.events import (
    AnyEvent,
    Role,
    RoleChanged,
    SentinelDown,
    SentinelMessage,
    SentinelUp,
    ServerDown,
    ServerUp,
)
from redis_resilience.topologies.topology import REDIS_PORT, SENTINEL_PORT, Boot, Profile, Topology

MS = 1_000_000
START_NS = 1_000_000_000_000
OWN_VERSION = "7.0.0"
_EVICTS_AT = 20


class Bug(StrEnum):
    """Something that goes wrong on purpose; the judges must find each by name."""

    LOSE_TAIL = "lose-tail"  # the replicas never got the last three writes that a dying master acknowledged
    STALE_REPLICA = "stale-replica"  # one replica misses a write for ever
    SECOND_MASTER = "second-master"  # a server that comes back stays master beside the new one
    NO_ELECTION = "no-election"  # the Sentinels agree that the master is down and never elect
    NO_EFFECT = "no-effect"  # a fault changes nothing, and is reported as proved
    NO_HEAL = "no-heal"  # a heal changes nothing, and is reported as proved
    SHORT_EFFECT = "short-effect"  # a fault is gone half a second after its proof
    EVICTION = "eviction"  # a master that has twenty keys evicts its oldest one
    SLOW_SWITCH = "slow-switch"  # everything after the election takes five seconds more


class SimulatedClock:
    """Time that passes when something sleeps."""

    def __init__(self, pass_ns: Callable[[int], None]) -> None:
        self._pass_ns = pass_ns
        self.now = START_NS

    def now_ns(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self._pass_ns(max(1, int(seconds * 1e9)))


@dataclass(slots=True, kw_only=True)
class SimServer:
    """keys: what it holds. starts: how often it was started, which makes its run_id. version: of Redis, as it says."""

    name: str
    role: str
    source: str = ""
    alive: bool = True
    paused: bool = False
    starts: int = 1
    offset: int = 0
    version: str = OWN_VERSION
    evicted: int = 0
    refuses_writes: bool = False
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def answers(self) -> bool:
        return self.alive and not self.paused

    @property
    def run_id(self) -> str:
        return f"{self.name}-start-{self.starts}"


class World:
    """Everything that lives, and the agenda of what will happen to it."""

    def __init__(self, topology: Topology, profile: Profile, bugs: Collection[Bug]) -> None:
        self.topology, self.profile, self.bugs = topology, profile, frozenset(bugs)
        self.clock = SimulatedClock(self._pass)
        names = [pod.name for pod in topology.pods if "redis" in pod.containers]
        self.servers = {
            name: SimServer(name=name, role="replica" if index else "master", source=names[0] if index else "")
            for index, name in enumerate(names)
        }
        self.sentinels = dict.fromkeys((pod.name for pod in topology.pods if "sentinel" in pod.containers), True)
        self.isolated: set[str] = set()
        self.named = dict.fromkeys(self.sentinels, names[0])
        self._latest = names[0]
        self.events: list[AnyEvent] = []
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._attempt = 0

    @property
    def masters(self) -> list[SimServer]:
        return [server for server in self.servers.values() if server.alive and server.role == "master"]

    def later(self, after_ms: float, happening: Callable[[], None]) -> None:
        """Put something on the agenda."""
        heapq.heappush(self._agenda, (self.clock.now + int(after_ms * MS), next(self._order), happening))

    def say(self, sentinel: str, name: str, text: str) -> None:
        """Something that a Sentinel publishes."""
        source = f"sentinel:{sentinel}"
        self.events.append(SentinelMessage(at_ns=self.clock.now, source=source, name=name, text=text))

    def write(self, server: SimServer, key: str, value: str) -> None:
        """A write acknowledged by `server` and replicated at once."""
        for holder in (server, *self._followers(server)):
            holder.keys[key] = value
            holder.offset += 1
        if Bug.EVICTION in self.bugs and len(server.keys) == _EVICTS_AT and not server.evicted:
            server.evicted += 1
            oldest = next(iter(server.keys))
            for holder in (server, *self._followers(server)):
                holder.keys.pop(oldest, None)

    def replicas_of(self, server: SimServer) -> int:
        """How many acknowledge what it writes."""
        return sum(other.answers for other in self._followers(server))

    def silence(self, server: SimServer, *, alive: bool) -> None:
        """`server` dies or stands still; the Sentinels will notice."""
        if Bug.LOSE_TAIL in self.bugs and server.role == "master":
            for key in list(server.keys)[-3:]:
                for replica in self._followers(server):
                    del replica.keys[key]
        if Bug.STALE_REPLICA in self.bugs and server.role == "master":
            stale = self._followers(server)[0]
            stale.keys.pop(next(iter(stale.keys), ""), None)
        server.alive, server.paused = alive, alive
        address = f"{server.name}:{REDIS_PORT}"
        self.events.append(
            ServerDown(
                at_ns=self.clock.now,
                source=f"server:{server.name}",
                server=server.name,
                address=address,
                cause="still" if alive else "gone",
            )
        )
        if server.role == "master":
            self._attempt += 1
            attempt = self._attempt
            self.later(self.profile.down_after_ms + 40, lambda: self._sdown(server, attempt))

    def isolate(self, server: SimServer) -> None:
        """Nothing passes between this server's pod and the others; clients reach all."""
        self.isolated.add(server.name)
        if server.role == "master":
            self._attempt += 1
            attempt = self._attempt
            self.later(self.profile.down_after_ms + 40, lambda: self._sdown(server, attempt))

    def rejoin(self, server: SimServer) -> None:
        """The partition is over: a server that was demoted meanwhile follows, and learns who is master."""
        self.isolated.discard(server.name)
        others = [other for other in self.masters if other is not server]
        if others:
            server.role, server.source = "replica", others[0].name
            self._sync(server, others[0])
            if server.name in self.named:
                self.named[server.name] = others[0].name
        for follower in self._followers(server):
            self._sync(follower, server)

    def end_sentinel(self, name: str) -> None:
        self.sentinels[name] = False
        self.events.append(
            SentinelDown(
                at_ns=self.clock.now,
                source=f"sentinel:{name}",
                sentinel=name,
                address=f"{name}:{SENTINEL_PORT}",
                run_id=name,
                cause="gone",
            )
        )

    def start_sentinel(self, name: str) -> None:
        """It asks the others who is master."""
        self.sentinels[name] = True
        self.named[name] = self._latest
        self._sentinel_up(name)

    def revive(self, server: SimServer) -> None:
        """`server` is started again, or goes on after a pause, and finds its role."""
        server.refuses_writes = False
        if server.paused:
            server.paused = False
        else:
            server.alive, server.starts, server.evicted = True, server.starts + 1, 0
            if not self._persistent():
                server.keys.clear()
                server.offset = 0
        self._server_up(server)
        others = [other for other in self.masters if other is not server]
        stays = server.role == "master" and (not others or Bug.SECOND_MASTER in self.bugs)
        if stays or self.topology.boot_of(server.name) is Boot.MASTER:
            server.role, server.source = "master", ""
            for follower in self._followers(server):
                self._sync(follower, server)
        elif others:
            server.role, server.source = "replica", others[0].name
            self._sync(server, others[0])

    def tell_who_is_up(self) -> None:
        """As a probe's watchers report it when a history begins."""
        for server in self.servers.values():
            if server.answers:
                self._server_up(server)
        for name, lives in self.sentinels.items():
            if lives:
                self._sentinel_up(name)

    def _server_up(self, server: SimServer) -> None:
        self.events.append(
            ServerUp(
                at_ns=self.clock.now,
                source=f"server:{server.name}",
                server=server.name,
                address=f"{server.name}:{REDIS_PORT}",
                run_id=server.run_id,
                engine=f"Redis {server.version}",
            )
        )

    def _sentinel_up(self, name: str) -> None:
        self.events.append(
            SentinelUp(
                at_ns=self.clock.now,
                source=f"sentinel:{name}",
                sentinel=name,
                address=f"{name}:{SENTINEL_PORT}",
                run_id=name,
            )
        )

    def _followers(self, server: SimServer) -> list[SimServer]:
        """Those that its data reaches."""
        return [other for other in self._replicas(server) if self.joined(other, server)]

    def _replicas(self, server: SimServer) -> list[SimServer]:
        return [other for other in self.servers.values() if other.alive and other.source == server.name]

    def joined(self, one: SimServer, other: SimServer) -> bool:
        """Whether packets pass between their pods."""
        return self.isolated.isdisjoint((one.name, other.name))

    def _persistent(self) -> bool:
        config = dict(self.topology.redis_config)
        return config.get("appendonly") == "yes" or config.get("save", "") not in ("", '""')

    @staticmethod
    def _sync(replica: SimServer, master: SimServer) -> None:
        replica.keys, replica.offset = dict(master.keys), master.offset

    def _sdown(self, server: SimServer, attempt: int) -> None:
        if (server.answers and server.name not in self.isolated) or attempt != self._attempt:
            return
        alive = [name for name, lives in self.sentinels.items() if lives and name not in self.isolated]
        master = self.topology.master_name
        for name in alive:
            self.say(name, "+sdown", f"master {master} {server.name} 6379")
        if len(alive) < self.topology.quorum:
            return
        leader = alive[-1]
        self.say(leader, "+odown", f"master {master} {server.name} 6379 #quorum {len(alive)}/{len(alive)}")
        self.say(leader, "+try-failover", f"master {master} {server.name} 6379")
        if Bug.NO_ELECTION in self.bugs or len(alive) <= len(self.sentinels) // 2:
            self.later(
                min(10_000, self.profile.failover_timeout_ms),
                lambda: self.say(leader, "-failover-abort-not-elected", f"master {master} {server.name} 6379"),
            )
            return
        self.later(60, lambda: self._elected(server, leader, alive))

    def replace_master(self, server: SimServer) -> None:
        """A planned failover: it refuses writes from here on, and returns once every Sentinel names another."""
        alive = [name for name, lives in self.sentinels.items() if lives]
        server.refuses_writes = True
        self._elected(server, alive[-1], alive)
        while any(self.named[name] == server.name for name in alive):
            self.clock.sleep(0.05)

    def _elected(self, old: SimServer, leader: str, alive: list[str]) -> None:
        self.say(leader, "+elected-leader", f"master {self.topology.master_name} {old.name} 6379")
        self.later(5100 if Bug.SLOW_SWITCH in self.bugs else 100, lambda: self._promote(old, leader, alive))

    def _promote(self, old: SimServer, leader: str, alive: list[str]) -> None:
        replicas = self._replicas(old)
        if not replicas:
            self.say(leader, "-failover-abort-no-good-slave", f"master {self.topology.master_name} {old.name} 6379")
            return
        new = max(replicas, key=lambda server: (server.offset, server.name))
        same_controller = [other for other in replicas if other is not new]
        new.role, new.source = "master", ""
        old.role = "master"
        self.events.append(
            RoleChanged(
                at_ns=self.clock.now,
                source=f"server:{new.name}",
                server=new.name,
                role=Role.MASTER,
                before=Role.REPLICA,
            )
        )
        for other in same_controller:
            other.source = new.name
            if other.offset != new.offset:
                self._sync(other, new)
        self.later(
            800,
            lambda: self.say(leader, "+promoted-slave", f"slave {new.name}:6379 {new.name} 6379 @ m"),
        )
        for name in alive:
            self.later(1900 if name == leader else 850, lambda name=name: self._switch(name, old, new))  # type: ignore[misc]

    def _switch(self, name: str, old: SimServer, new: SimServer) -> None:
        self.named[name] = self._latest = new.name
        text = f"{self.topology.master_name} {old.name} 6379 {new.name} 6379"
        self.say(name, "+switch-master", text)

    def _pass(self, ns: int) -> None:
        until = self.clock.now + ns
        while self._agenda and self._agenda[0][0] <= until:
            at, _, happening = heapq.heappop(self._agenda)
            self.clock.now = max(self.clock.now, at)
            happening()
        self.clock.now = max(self.clock.now, until)
