"""The probe's commands: what each request does, and which part carries it out.

Every task that the probe starts is kept and watched here: one that crashes is reported as "probe-error" and makes the
next command fail, because an error of the harness must never pass for one of the system under test.
"""

from __future__ import annotations

import asyncio
import os
import time
import traceback
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import hiredis

from redis_resilience.model.access import OPEN
from redis_resilience.model.cluster import SlotRange
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import ProbeError, ResilienceError
from redis_resilience.model.events import AnyEvent, ProbeFailed, Unread, WritingFailed
from redis_resilience.probe import protocol as p
from redis_resilience.probe.cluster_watch import Believed, ClusterWatch, lanes_of
from redis_resilience.probe.directory import Directory
from redis_resilience.probe.heartbeat import watch_own_clock
from redis_resilience.probe.load import RunningLoad, status_of
from redis_resilience.probe.names import NameWatch
from redis_resilience.probe.pacing import Ticks
from redis_resilience.probe.readback import read_server, save
from redis_resilience.probe.recorder import Recorder
from redis_resilience.probe.sweep import sweep_server
from redis_resilience.probe.watchers import RoleTold, SentinelWatch, ServerWatch, Target
from redis_resilience.probe.wire import Lost, NoReply, RawReply, ask

FLUSH_S = 0.05
PROGRESS_S = 0.1

Body = p.Greeting | p.Done | p.Answer | p.Status | p.Swept | p.Refused
Emit = Callable[[p.FromProbe], None]


def as_value(reply: RawReply) -> p.Value:
    """A raw reply as JSON can carry it; an error reply inside an array becomes its text."""
    if isinstance(reply, bytes):
        return reply.decode(errors="backslashreplace")
    if isinstance(reply, list):
        return [as_value(part) for part in reply]
    if isinstance(reply, hiredis.ReplyError):
        return f"-{reply}"
    return reply if reply is None or isinstance(reply, int | float) else str(reply)


class Service:
    """One probe. `handle` carries out a request; what happens in between goes to `emit`."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._directory = Directory()
        self._sentinels: dict[str, Endpoint] = {}
        self._master_name = ""
        self._access = OPEN
        self._names: list[tuple[NameWatch, asyncio.Task[None]]] = []
        self._cluster = False
        self._ticks: dict[float, Ticks] = {}
        self._believed: dict[str, Believed] = {}
        self._watches: dict[Target, tuple[ServerWatch | SentinelWatch | ClusterWatch, asyncio.Task[None]]] = {}
        self._recorder: Recorder | None = None
        self._heartbeat: asyncio.Task[None] | None = None
        self._load: RunningLoad | None = None
        self._crash = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self.over = asyncio.Event()

    async def handle(self, request: p.Request) -> None:
        try:
            body = await self._carry_out(request.command)
        except ResilienceError as error:
            body = p.Refused(str(error))
        except Exception as error:  # noqa: BLE001 - the harness must learn of it, whatever it is
            body = p.Refused(f"the probe itself failed: {type(error).__name__}: {error}\n{traceback.format_exc()}")
        self._emit(p.Reply(request.number, body))

    async def _carry_out(self, command: p.Command) -> Body:  # noqa: C901 - one case a command
        crash, self._crash = self._crash, ""
        if crash and not isinstance(command, p.Close | p.Exit):
            raise ProbeError(f"the probe itself failed since the last command: {crash}")
        match command:
            case p.Hello():
                return p.Greeting(clock_ns=time.monotonic_ns(), wall_ns=time.time_ns(), pid=os.getpid())
            case p.Query():
                return await self._query(command)
            case p.Watch():
                self._watch(command)
            case p.WatchNames():
                self._watch_names(command)
            case p.Open():
                self._open(command)
            case p.StartLoad():
                await self._start_load(command)
            case p.StopLoad():
                return await self._stop_load()
            case p.ReadBack():
                await self._read_back()
            case p.Sweep():
                return await self._sweep(command.trial)
            case p.Close():
                self.close()
            case p.Exit():
                self.close()
                self.over.set()
        return p.Done()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """A task whose crash is reported."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def crashed(self, text: str) -> None:
        self._crash = self._crash or text
        self.tell(ProbeFailed(at_ns=time.monotonic_ns(), source="probe", reason=text))

    def tell(self, event: AnyEvent) -> None:
        self._emit(p.Notice(event))
        if self._recorder:
            self._recorder.tell(event)

    def sample(self, *, server: str, call_ns: int, return_ns: int, told: RoleTold) -> None:
        if self._recorder:
            self._recorder.sample(
                server=self._directory.number(server),
                source=self._directory.number_at(told.source),
                call_ns=call_ns,
                return_ns=return_ns,
                told=told,
            )

    def close(self) -> None:
        """End the history, if there is one; a load that still runs is broken off."""
        if self._load:
            load, self._load = self._load, None
            load.break_off()
        if self._heartbeat:
            self._heartbeat.cancel()
        if self._recorder:
            recorder, self._recorder = self._recorder, None
            recorder.close()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.crashed(f"{task.get_name()}: {type(error).__name__}: {error} ({where.name}, line {where.lineno})")

    async def _query(self, query: p.Query) -> p.Answer:
        try:
            login = self._access.at(query.endpoint.port)
            reply = await ask(query.endpoint, *query.command, within_s=query.timeout_ms / 1000, login=login)
        except (Lost, NoReply) as error:
            return p.Answer(unreachable=str(error))
        if isinstance(reply, hiredis.ReplyError):
            return p.Answer(error=str(reply))
        return p.Answer(value=as_value(reply))

    def _watch(self, command: p.Watch) -> None:
        if command.interval_ms < 1:
            raise ProbeError(f"expected to watch every 1 ms or less often; got every {command.interval_ms:g} ms")
        self._directory.replace(command.servers)
        self._sentinels.clear()
        self._sentinels.update(command.sentinels)
        self._master_name = command.master_name
        self._access = command.access
        self._cluster = command.cluster
        wanted = [*_targets("server", command.servers, command), *_targets("sentinel", command.sentinels, command)]
        if command.cluster:
            wanted += _targets("node", command.servers, command)
        for target in set(self._watches) - set(wanted):
            self._watches.pop(target)[1].cancel()
        for target in wanted:
            if target not in self._watches:
                watch = self._watch_of(target)
                self._watches[target] = (watch, self.spawn(watch.run(), f"watching {target.kind} {target.name}"))

    def _watch_names(self, command: p.WatchNames) -> None:
        for _, task in self._names:
            task.cancel()
        watches = [NameWatch(server, name, self.tell) for server, name in command.names.items()]
        self._names = [(watch, self.spawn(watch.run(), "looking up a name")) for watch in watches]

    def _watch_of(self, target: Target) -> ServerWatch | SentinelWatch | ClusterWatch:
        match target.kind:
            case "server":
                ticks = self._ticks.setdefault(target.interval_ms, Ticks(target.interval_ms))
                return ServerWatch(target, self._directory, self, ticks)
            case "node":
                believed = self._believed.setdefault(target.name, Believed())
                return ClusterWatch(target, self._directory, self, believed)
            case _:
                return SentinelWatch(target, self)

    def _open(self, command: p.Open) -> None:
        if self._recorder:
            raise ProbeError(f"expected no history open; got one in {self._recorder.folder}: close it first")
        self._recorder = Recorder(Path(command.folder), command.trial, self._writing_failed)
        self.spawn(self._flush_often(self._recorder), "writing the history")
        self._heartbeat = self.spawn(watch_own_clock(self.tell), "watching its own clock")
        asyncio.get_running_loop().call_soon(self._tell_who_is_up)

    def _history(self) -> Recorder:
        if self._recorder is None:
            raise ProbeError("expected an open history; there is none: open one first")
        return self._recorder

    async def _start_load(self, command: p.StartLoad) -> None:
        recorder = self._history()
        if self._load:
            raise ProbeError("expected no load; one is running: stop it first")
        self._load = RunningLoad(
            command.load,
            recorder=recorder,
            directory=self._directory,
            sentinels=self._sentinels,
            master_name=self._master_name,
            access=self._access,
            tell=self.tell,
            spawn=self.spawn,
            lanes=await self._lanes() if self._cluster else (),
        )
        await self._load.start()
        self.spawn(self._progress(self._load, recorder), "telling progress")

    async def _lanes(self) -> tuple[tuple[SlotRange, ...], ...]:
        """The slots of each shard, from the first node that reports them."""
        seen = "no node is watched"
        for endpoint in tuple(self._directory.servers.values()):
            try:
                lanes = lanes_of(await ask(endpoint, "CLUSTER", "SLOTS", within_s=1.0, login=self._access.servers))
            except (Lost, NoReply) as error:
                seen = str(error)
                continue
            if lanes:
                return lanes
            seen = f"{endpoint} knows no master of any slot"
        raise ProbeError(f"expected a node of the cluster that knows the masters of the slots; {seen}")

    async def _stop_load(self) -> p.Status:
        recorder, load = self._history(), self._load
        if load is None:
            raise ProbeError("expected a running load; there is none")
        await load.stop()
        self._load = None
        return status_of(recorder, self._directory)

    async def _progress(self, load: RunningLoad, recorder: Recorder) -> None:
        while self._load is load:
            self._emit(p.Progress(status_of(recorder, self._directory)))
            await asyncio.sleep(PROGRESS_S)

    async def _read_back(self) -> None:
        """One server after the other; one that cannot be read has no file, and an event with the reason."""
        recorder = self._history()
        for name, endpoint in tuple(self._directory.servers.items()):
            try:
                facts, numbers = await read_server(
                    name, endpoint, trial=recorder.trial, login=self._access.servers, cluster=self._cluster
                )
            except (Lost, NoReply) as error:
                self.tell(Unread(at_ns=time.monotonic_ns(), source=f"server:{name}", server=name, reason=str(error)))
                continue
            try:
                save(recorder.folder, facts, numbers)
            except OSError as error:
                recorder.failed(f"writing finals/{name}: {error.strerror}; the final read of {name} is missing")

    async def _sweep(self, trial: str) -> p.Swept:
        """One server after the other; an unreachable one may be a master that keeps its keys."""
        deleted = left = masters = 0
        silent = []
        for name, endpoint in tuple(self._directory.servers.items()):
            try:
                swept = await sweep_server(endpoint, trial=trial, login=self._access.servers)
            except (Lost, NoReply) as error:
                silent.append(f"{name}: {error}")
                continue
            if swept is not None:
                deleted, left, masters = deleted + swept.deleted, left + swept.left, masters + 1
        return p.Swept(deleted=deleted, left=left, masters=masters, unreachable="; ".join(silent))

    def _tell_who_is_up(self) -> None:
        """Report again what is up, so that a history knows every run_id from its beginning."""
        for watch, _ in (*self._watches.values(), *self._names):
            if watch.up is not None:
                self.tell(watch.up)

    async def _flush_often(self, recorder: Recorder) -> None:
        while self._recorder is recorder:
            recorder.flush()
            await asyncio.sleep(FLUSH_S)

    def _writing_failed(self, text: str) -> None:
        self._emit(p.Notice(WritingFailed(at_ns=time.monotonic_ns(), source="probe", reason=text)))


def _targets(kind: str, endpoints: Mapping[str, Endpoint], command: p.Watch) -> list[Target]:
    login = command.access.sentinels if kind == "sentinel" else command.access.servers
    return [
        Target(kind=kind, name=name, endpoint=endpoint, interval_ms=command.interval_ms, login=login)
        for name, endpoint in endpoints.items()
    ]
