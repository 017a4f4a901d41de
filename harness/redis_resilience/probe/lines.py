"""The connections of one writing client: one home, and one to each place that some of its slots were moved to.

A line to elsewhere is opened when it is first needed, and forgotten when it is lost: the server at home then sends
MOVED again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from redis_resilience.model.endpoint import Endpoint
from redis_resilience.probe.routing import Unrouted
from redis_resilience.probe.wire import RawReply, Wire


@dataclass(slots=True, kw_only=True, eq=False)
class Line:
    """A connection to a place, its number, and the server at its other end. identified: as that server reports."""

    wire: Wire
    place: Endpoint
    number: int
    server: int
    connected_ns: int
    identified: bool = False
    write: Callable[[bytes], None] = field(init=False)

    def __post_init__(self) -> None:
        self.write = self.wire.write

    def ask(self, told: Callable[[RawReply, int], None], *command: str) -> None:
        self.wire.on_reply = told
        self.wire.send(*command)

    def give_up(self) -> None:
        """Its client no longer uses it, and ignores its end."""
        self.wire.on_lost = _heed_not
        self.wire.abort("given up by its client")


class Sides:
    """Lines to where single slots went. ready: there is one more, or one less to wait for. lost: one has ended."""

    def __init__(
        self,
        reach: Callable[[Endpoint], Awaitable[Line]],
        *,
        replied: Callable[[RawReply, int], None],
        lost: Callable[[Line], None],
        ready: Callable[[], None],
    ) -> None:
        self._reach, self._replied, self._lost, self._ready = reach, replied, lost, ready
        self._places: dict[int, Endpoint] = {}
        self._lines: dict[Endpoint, Line] = {}
        self._opening: dict[Endpoint, asyncio.Task[None]] = {}

    def __bool__(self) -> bool:
        """Whether any slot is elsewhere."""
        return bool(self._places)

    def learn(self, places: dict[int, Endpoint]) -> None:
        """Where each slot is that is not at home; forgets what it knew before."""
        self._places = places

    def has(self, slot: int) -> bool:
        return slot in self._places

    def line(self, slot: int) -> Line | None:
        """The line for this slot; None while there is none, and then one is being opened."""
        place = self._places[slot]
        if place not in self._lines and place not in self._opening:
            self._opening[place] = asyncio.create_task(self._open(place))
        return self._lines.get(place)

    def close(self) -> None:
        for task in self._opening.values():
            task.cancel()
        for line in self._lines.values():
            line.give_up()
        self._places, self._lines, self._opening = {}, {}, {}

    async def _open(self, place: Endpoint) -> None:
        try:
            line = await self._reach(place)
        except Unrouted:
            self._forget(place)
        else:
            self._lines[place] = line
            line.wire.on_reply = self._replied
            line.wire.on_lost = lambda _: self._on_lost(place, line)
            if line.wire.lost:
                self._forget(place)
        self._opening.pop(place, None)
        self._ready()

    def _on_lost(self, place: Endpoint, line: Line) -> None:
        self._forget(place)
        self._lost(line)

    def _forget(self, place: Endpoint) -> None:
        self._lines.pop(place, None)
        self._places = {slot: there for slot, there in self._places.items() if there != place}


def _heed_not(text: str) -> None:
    """Events of a wire that its client gave up are ignored."""
