"""One load: its clients, their due times, their time-outs, and an orderly end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from redis_resilience.model.access import Access
from redis_resilience.model.cluster import SlotRange
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import ProbeError
from redis_resilience.model.events import AnyEvent, LoadBegin, LoadEnd
from redis_resilience.model.operations import Kind, Result
from redis_resilience.model.plan import MASTER_OF_SENTINELS, Load
from redis_resilience.probe.directory import Directory
from redis_resilience.probe.pacing import Pacer, Schedule
from redis_resilience.probe.protocol import Status
from redis_resilience.probe.recorder import Recorder
from redis_resilience.probe.routing import AskSentinels, BySlot, Fixed, Route, Through
from redis_resilience.probe.writers import Habits, Shared, Writer

SETTLE_S = 1.0
"""The schedule begins when every client has tried to connect once, or after this."""
EXPIRE_S = 0.005
GOOD_END_S = 0.5
"""How long it goes on, after a stop request, while its last write was refused; then it ends with a refusal."""
_LOOK_S = 0.001
LEAD_NS = 1_000_000
"""From the start of the schedule to its first due time, so that the first operation is not late already."""

Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


def status_of(recorder: Recorder, directory: Directory) -> Status:
    tally = recorder.tally
    acknowledged, failed, info = (tally.of(outcome) for outcome in (Result.OK, Result.FAIL, Result.INFO))
    return Status(
        clock_ns=time.monotonic_ns(),
        issued=acknowledged + failed + info,
        acknowledged=acknowledged,
        failed=failed,
        info=info,
        master=directory.name(tally.last_server),
        writing_failed=recorder.writing_failed,
    )


class RunningLoad:
    """All clients of a `Load`, from `start` to `stop`, or to `break_off` where there is no time for an orderly end.

    Raises ProbeError for clients that follow the master where there are neither Sentinels nor shards.
    """

    def __init__(
        self,
        load: Load,
        *,
        recorder: Recorder,
        directory: Directory,
        sentinels: Mapping[str, Endpoint],
        master_name: str,
        access: Access,
        tell: Callable[[AnyEvent], None],
        spawn: Spawn,
        lanes: Sequence[Sequence[SlotRange]] = (),
    ) -> None:
        """lanes: the slots of each shard of a cluster, whose writers share them in turn; else there are Sentinels."""
        if not sentinels and not lanes and any(writers.target == MASTER_OF_SENTINELS for writers in load.writers):
            raise ProbeError(
                "expected Sentinels to ask for the master; none is watched. Name a server as the writers' target"
            )
        self._recorder = recorder
        self._tell = tell
        self._spawn = spawn
        self._pacer = Pacer()
        self._writers: list[Writer] = []
        self._followers: list[Writer] = []
        self._groups: list[tuple[float, list[Writer]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        book = Shared(recorder, directory, tell, lanes)
        members = sum(writers.count for writers in load.writers)
        for group in load.writers:
            clients: list[Writer] = []
            for _ in range(group.count):
                member = len(self._writers)
                entrance = group.entrance
                route: Route = Through(entrance, directory) if entrance else Fixed(group.target, directory)
                seed = f"{recorder.trial}:{member}"
                if group.target == MASTER_OF_SENTINELS and lanes:
                    lane = len(clients) % len(lanes)
                    route = BySlot(
                        directory.servers, slot=lanes[lane][0][0], lane=lane + 1, login=access.servers, seed=seed
                    )
                elif group.target == MASTER_OF_SENTINELS:
                    route = AskSentinels(sentinels, master_name=master_name, login=access.sentinels, seed=seed)
                habits = Habits(
                    timeout_ms=group.timeout_ms,
                    reconnect_ms=load.reconnect_ms,
                    member=member,
                    members=members,
                    closed=group.rate == 0,
                    kind=Kind[group.kind.upper()],
                    wait=group.wait,
                    login=access.servers,
                )
                clients.append(Writer(book, route, habits))
                self._writers.append(clients[-1])
            if group.follows and group.rate:
                self._followers += clients
            self._groups.append((group.rate, clients))

    async def start(self) -> None:
        """Connect every client, then begin the schedule."""
        self._tell(LoadBegin(at_ns=time.monotonic_ns(), source="probe"))
        for number, writer in enumerate(self._writers):
            self._tasks.append(self._spawn(writer.run(), f"writing client {number}"))
        attempts = [asyncio.create_task(writer.attempted.wait()) for writer in self._writers]
        _, slow = await asyncio.wait(attempts, timeout=SETTLE_S)
        for attempt in slow:
            attempt.cancel()
        self._tasks.append(self._spawn(self._expire_often(), "timing operations out"))
        start_ns = time.monotonic_ns() + LEAD_NS
        for rate, clients in self._groups:
            if rate:
                self._pacer.add(Schedule(start_ns=start_ns, rate=rate), _in_turn(clients))
        self._pacer.start()

    async def stop(self) -> None:
        """Go on until a write is acknowledged, send nothing new, wait for what is in flight to its reply or time-out.

        A client that does not know a change yet is refused by the old server; the schedule's next write shows whether
        it was only that. A refusal at the very end means that no client could write.
        """
        limit_ns = time.monotonic_ns() + round(GOOD_END_S * 1e9)
        while not self._ends_well() and time.monotonic_ns() < limit_ns:  # noqa: ASYNC110 - any write may be the one
            await asyncio.sleep(_LOOK_S)
        self._pacer.stop()
        for writer in self._writers:
            writer.stop()
        for writer in self._writers:
            await writer.ended.wait()
        self._end()

    def _ends_well(self) -> bool:
        """Whether the newest scheduled write of clients that follow the master was acknowledged, and none is open."""
        newest = [writer.newest for writer in self._followers]
        return None not in newest and max(filter(None, newest), default=(0, True))[1]

    def break_off(self) -> None:
        """End at once; what is in flight is recorded as unfinished."""
        self._pacer.stop()
        self._end()

    def _end(self) -> None:
        for writer in self._writers:
            writer.end()
        for task in self._tasks:
            task.cancel()
        self._tell(LoadEnd(at_ns=time.monotonic_ns(), source="probe", writes=self._recorder.tally.recorded))

    async def _expire_often(self) -> None:
        while True:
            await asyncio.sleep(EXPIRE_S)
            now_ns = time.monotonic_ns()
            for writer in self._writers:
                writer.expire(now_ns)


def _in_turn(clients: list[Writer]) -> Callable[[int, int], None]:
    def issue(k: int, due_ns: int) -> None:
        clients[k % len(clients)].due(due_ns)

    return issue
