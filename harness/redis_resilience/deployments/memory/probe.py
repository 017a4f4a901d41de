"""The probe of the simulation: same port, same files, simulated load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import msgspec
import numpy as np

from redis_resilience.deployments.memory.world import MS, SimServer, World
from redis_resilience.deployments.probe import Clocks
from redis_resilience.model import records
from redis_resilience.model.access import OPEN, Access
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import Unavailable
from redis_resilience.model.events import AnyEvent, Connected, Link, LoadBegin, LoadEnd, Role
from redis_resilience.model.events.lines import EVENTS_HEADER, encode_event
from redis_resilience.model.history import FinalFacts
from redis_resilience.model.operations import ABSENT, FOREIGN, Cause, Kind, Result, key_prefix, key_text, result_of
from redis_resilience.model.plan import MASTER_OF_SENTINELS, Load, Writers
from redis_resilience.probe.protocol import Answer, Status, Swept, Value

_SAMPLE_MS = 10.0
_REPLY_NS = 200_000


@dataclass(slots=True)
class _Client:
    """identity changes after `info`; server "" = no connection."""

    target: str
    kind: Kind
    timeout_ns: int
    identity: int
    wait: int
    server: str = ""
    run_id: str = ""
    connection: int = 0
    busy_until_ns: int = 0


class MemoryProbe:
    """Implements `redis_resilience.deployments.probe.Probe` on a `World`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._folder: Path | None = None
        self._trial = ""
        self._loading = False
        self._heard_from = 0
        self._reset()

    def _reset(self) -> None:
        self._operations: list[tuple[int, ...]] = []
        self._samples: list[tuple[int, ...]] = []
        self._written: Counter[Result] = Counter()
        self._clients = self._connections = self._key = self._newest = 0
        self._master = ""

    def clocks(self) -> Clocks:
        return Clocks(clock_ns=self._world.clock.now, wall_ns=self._world.clock.now)

    def watch(
        self,
        *,
        servers: Mapping[str, Endpoint],
        sentinels: Mapping[str, Endpoint],
        master_name: str,
        interval_ms: float = 10.0,
        access: Access = OPEN,
        cluster: bool = False,
    ) -> None:
        """Everything in this world is always watched."""

    def open(self, folder: Path, trial: str) -> None:
        self._reset()
        self._folder, self._trial = folder, trial
        self._heard_from = len(self._world.events)
        self._world.tell_who_is_up()
        self._sample()

    def start_load(self, load: Load) -> None:
        self._loading = True
        self._world.events.append(LoadBegin(at_ns=self._world.clock.now, source="probe"))
        self._clients = sum(writers.count for writers in load.writers)
        numbers = count(1)
        for writers in load.writers:
            kind, timeout_ns = Kind[writers.kind.upper()], writers.timeout_ms * MS
            clients = [
                _Client(writers.target, kind, timeout_ns, next(numbers), writers.wait) for _ in range(writers.count)
            ]
            self._turn(writers, clients, 0)

    def stop_load(self) -> Status:
        self._end_load()
        return self.status()

    def _end_load(self) -> None:
        if self._loading:
            self._loading = False
            returned_ns = self._operations[-1][3] if self._operations else 0
            at_ns = max(self._world.clock.now, returned_ns)
            self._world.events.append(LoadEnd(at_ns=at_ns, source="probe", writes=self._written.total()))

    def _server(self, name: str) -> SimServer:
        if name not in self._world.servers:
            raise Unavailable(f"expected the name of a pod; got {name!r}: the simulation has no DNS and no other names")
        return self._world.servers[name]

    def query(  # noqa: PLR0911 - one return a command
        self,
        endpoint: Endpoint,
        *command: str,
        timeout_s: float = 1.0,  # noqa: ARG002 - of the interface
    ) -> Answer:
        name = endpoint.host
        if name in self._world.sentinels and (command[0] == "SENTINEL" or name not in self._world.servers):
            return self._sentinel(name, command[1])
        server = self._server(name)
        match command:
            case _ if not server.answers:
                return Answer(unreachable="connection refused")
            case ("ROLE",) if server.role == "master":
                everybody = self._world.servers.values()
                followers = [
                    other
                    for other in everybody
                    if other.answers and other.source == name and self._world.joined(other, server)
                ]
                return Answer(value=["master", server.offset, [[other.name, "6379", "0"] for other in followers]])
            case ("ROLE",):
                source = self._world.servers[server.source]
                link = "connected" if source.answers and self._world.joined(server, source) else "connect"
                return Answer(value=["slave", server.source, 6379, link, server.offset])
            case ("DBSIZE",):
                return Answer(value=len(server.keys))
            case ("FLUSHALL",):
                for other in self._world.servers.values():
                    other.keys.clear()
                return Answer(value="OK")
            case ("INFO", _):
                told = {"run_id": server.run_id, "redis_version": server.version, "evicted_keys": server.evicted}
                return Answer(value="".join(f"{name}:{value}\r\n" for name, value in told.items()))
            case ("CONFIG", "GET", _):
                return Answer(value=[text for pair in self._world.topology.redis_config for text in pair])
            case _:
                return Answer(error=f"ERR the simulation knows no {command[0]}")

    def read_back(self) -> None:
        finals = self._open_folder() / "finals"
        finals.mkdir(exist_ok=True)
        prefix = key_prefix(self._trial)
        for server in self._world.servers.values():
            if not server.answers:
                continue
            numbers = {name: name.removeprefix(prefix) for name in server.keys if name.startswith(prefix)}
            good = sorted(int(number) for name, number in numbers.items() if server.keys[name] == str(int(number)))
            np.save(finals / f"{server.name}.npy", np.array(good, dtype=np.uint64))
            facts = FinalFacts(
                server=server.name,
                role=server.role,
                run_id_before=server.run_id,
                run_id_after=server.run_id,
                offset=server.offset,
                dbsize=len(server.keys),
                wrong=tuple(name for name, number in numbers.items() if server.keys[name] != str(int(number))),
                begin_ns=self._world.clock.now,
                end_ns=self._world.clock.now,
            )
            (finals / f"{server.name}.json").write_bytes(msgspec.json.encode(facts))

    def sweep(self, trial: str) -> Swept:
        deleted = 0
        for server in self._world.servers.values():
            own = [name for name in server.keys if name.startswith(key_prefix(trial))]
            deleted += len(own) if server.role == "master" else 0
            for name in own:
                del server.keys[name]
        return Swept(deleted=deleted)

    def close(self) -> None:
        if self._folder is None:
            return
        for kind, rows in (("operations", self._operations), ("samples", self._samples)):
            dtype = records.OPERATION if kind == "operations" else records.SAMPLE
            (self._folder / f"{kind}.bin").write_bytes(records.header(kind) + np.array(rows, dtype=dtype).tobytes())
        self._end_load()
        lines = b"".join(map(encode_event, self.events()))
        (self._folder / "events.jsonl").write_bytes(EVENTS_HEADER + lines)
        self._folder = None

    def status(self) -> Status:
        return Status(
            clock_ns=self._world.clock.now,
            issued=self._written.total(),
            failed=self._written[Result.FAIL],
            acknowledged=self._written[Result.OK],
            info=self._written[Result.INFO],
            master=self._master,
        )

    def events(self, since: int = 0) -> tuple[AnyEvent, ...]:
        return tuple(self._world.events[self._heard_from + since :])

    def stop(self) -> None:
        self._loading = False
        self._folder = None

    def _open_folder(self) -> Path:
        if self._folder is None:
            raise AssertionError("expected open() before this")
        return self._folder

    def _turn(self, writers: Writers, clients: list[_Client], turn: int) -> None:
        """One due operation of the group, and the next one on the agenda."""
        if not self._loading:
            return
        self._operate(clients[turn % len(clients)])
        self._world.later(1e3 / (writers.rate or 1000.0), lambda: self._turn(writers, clients, turn + 1))

    def _operate(self, client: _Client) -> None:
        now = self._world.clock.now
        if now < client.busy_until_ns:
            self._record(client, Cause.WAITING, now, now)
            return
        server = self._world.servers.get(client.server)
        if server and (not server.alive or server.run_id != client.run_id):
            self._record(client, Cause.CLOSED, now, 0)
            client.server, client.identity = "", client.identity + self._clients
            return
        if not server:
            cause = self._connect(client)
            if cause is not Cause.NONE:
                self._record(client, cause, now, now)
                return
            server = self._world.servers[client.server]
        if server.paused:
            client.busy_until_ns = now + client.timeout_ns
            self._record(client, Cause.TIMEOUT, now, 0)
            client.server, client.identity = "", client.identity + self._clients
        elif client.kind is Kind.READ:
            held = server.keys.get(key_text(self._trial, self._newest))
            seen = ABSENT if held is None else int(held) if held.isdigit() else FOREIGN
            self._record(client, Cause.NONE, now, now + _REPLY_NS, seen=seen)
        elif server.role != "master":
            self._record(client, Cause.READONLY, now, now + _REPLY_NS)
            client.server = "" if client.target == MASTER_OF_SENTINELS else client.server
        elif server.refuses_writes:
            self._record(client, Cause.NOREPLICAS, now, now + _REPLY_NS)
        else:
            self._world.write(server, key_text(self._trial, self._key), str(self._key))
            self._newest = self._key
            enough = self._world.replicas_of(server) >= client.wait
            self._record(client, Cause.NONE if enough else Cause.UNREPLICATED, now, now + _REPLY_NS)
            self._master = server.name

    def _connect(self, client: _Client) -> Cause:
        name = client.target.split(".", 1)[0]
        if client.target == MASTER_OF_SENTINELS:
            named = [self._world.named[sentinel] for sentinel, lives in self._world.sentinels.items() if lives]
            if not named:
                return Cause.NO_MASTER
            name = named[0]
        server = self._world.servers[name]
        if not server.alive:
            return Cause.REFUSED
        self._connections += 1
        client.server, client.run_id, client.connection = name, server.run_id, self._connections
        connected = Connected(
            at_ns=self._world.clock.now,
            source="probe",
            connection=client.connection,
            client=client.identity,
            server=name,
            address=f"{name}:6379",
            run_id=server.run_id,
        )
        self._world.events.append(connected)
        return Cause.NONE

    def _record(self, client: _Client, cause: Cause, call_ns: int, return_ns: int, seen: int = ABSENT) -> None:
        names = list(self._world.servers)
        server = names.index(client.server) if client.server else records.NO_SERVER
        connection = client.connection if client.server else 0
        outcome = result_of(cause)
        writes = client.kind is Kind.WRITE
        key = self._key if writes else self._newest
        told = (int(outcome), int(cause), int(client.kind), key if writes else seen)
        row = (key, call_ns, call_ns, return_ns, connection, client.identity, server, *told)
        self._operations.append(row)
        if writes:
            self._key += 1
            self._written[outcome] += 1

    def _sample(self) -> None:
        if self._folder is None:
            return
        now, names = self._world.clock.now, list(self._world.servers)
        for number, server in enumerate(self._world.servers.values()):
            source = names.index(server.source) if server.answers and server.source else records.NO_SERVER
            role = {"master": Role.MASTER, "replica": Role.REPLICA}[server.role] if server.answers else Role.UNREACHABLE
            master = self._world.servers.get(server.source)
            linked = master and master.answers and self._world.joined(server, master)
            link = Link.CONNECTED if linked and server.answers else Link.NONE
            offset = server.offset if server.answers else -1
            self._samples.append((now - 50_000, now, offset, number, source, int(role), int(link), 0, 0))
        self._world.later(_SAMPLE_MS, self._sample)

    def _sentinel(self, name: str, kind: str) -> Answer:
        world = self._world
        if not world.sentinels[name]:
            return Answer(unreachable="connection refused")
        if kind == "server":  # of INFO
            return Answer(value=f"run_id:{name}\r\n")
        if kind == "DEBUG":
            return Answer(error="ERR the simulation knows no SENTINEL DEBUG")
        if kind == "CKQUORUM":
            usable = sum(world.sentinels.values())
            enough = usable > len(world.sentinels) // 2
            return (
                Answer(value=f"OK {usable} usable Sentinels") if enough else Answer(error=f"NOQUORUM {usable} usable")
            )
        if kind == "SENTINELS":
            peers = [other for other in world.sentinels if other != name]
            down = {other: "" if world.sentinels[other] else "s_down," for other in peers}
            return Answer(value=[["ip", other, "flags", f"{down[other]}sentinel"] for other in peers])
        facts: dict[str, Value] = {
            "ip": world.named[name],
            "port": "6379",
            "flags": "master" if world.servers[world.named[name]].answers else "s_down,master",
            "num-slaves": str(len(world.servers) - 1),
            "num-other-sentinels": str(len(world.sentinels) - 1),
            "quorum": str(world.topology.quorum),
            "down-after-milliseconds": str(world.profile.down_after_ms),
            "failover-timeout": str(world.profile.failover_timeout_ms),
        }
        return Answer(value=[text for pair in facts.items() for text in pair])
