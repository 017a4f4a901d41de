"""Lines to where single slots went: opened when needed, forgotten when lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.operations import Cause
from redis_resilience.probe.lines import Line, Sides
from redis_resilience.probe.routing import Unrouted

HERE, GONE = Endpoint("10.0.0.7", 6379), Endpoint("10.0.0.9", 6379)


class World:
    """A place that is reached, one that is not, and what its client learns of them."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.aborted: list[str] = []
        self.ready = asyncio.Event()
        self.sides = Sides(
            self.reach,
            replied=lambda *_: None,
            lost=lambda line: self.heard.append(f"lost {line.place.host}"),
            ready=self.ready.set,
        )

    async def reach(self, place: Endpoint) -> Line:
        if place == GONE:
            raise Unrouted(Cause.REFUSED, "nobody there")
        wire: Any = SimpleNamespace(write=None, lost=None, on_lost=None, on_reply=None, abort=self.aborted.append)
        return Line(wire=wire, place=place, number=1, server=0, connected_ns=0)


def run(story: Callable[[World], Awaitable[None]]) -> None:
    asyncio.run(_told(story))


async def _told(story: Callable[[World], Awaitable[None]]) -> None:
    await story(World())


async def settled(world: World) -> None:
    async with asyncio.timeout(5):
        await world.ready.wait()


async def opened(world: World) -> Line:
    """To where slot 7 is, the only one that is elsewhere."""
    world.sides.learn({7: HERE})
    world.sides.line(7)
    await settled(world)
    line = world.sides.line(7)
    assert line is not None
    return line


def test_a_line_is_opened_when_a_slot_first_needs_it() -> None:
    async def story(world: World) -> None:
        world.sides.learn({7: HERE, 8: HERE})
        assert (world.sides.has(7), world.sides.has(9)) == (True, False)
        assert world.sides.line(7) is None
        await settled(world)
        line = world.sides.line(7)
        assert line is not None
        assert world.sides.line(8) is line, "one line to a place"

    run(story)


def test_a_place_that_is_not_reached_is_forgotten_with_its_slots() -> None:
    """The server at home is asked again, and answers where they are."""

    async def story(world: World) -> None:
        world.sides.learn({7: GONE, 8: HERE})
        assert world.sides.line(7) is None
        await settled(world)
        assert (world.sides.has(7), world.sides.has(8)) == (False, True)

    run(story)


def test_a_line_that_is_lost_is_told_and_forgotten() -> None:
    async def story(world: World) -> None:
        line = await opened(world)
        line.wire.on_lost("closed by the server")
        assert not world.sides
        assert world.heard == ["lost 10.0.0.7"]

    run(story)


def test_closed_it_knows_nothing_and_its_lines_are_given_up_in_silence() -> None:
    async def story(world: World) -> None:
        line = await opened(world)
        world.sides.close()
        line.wire.on_lost("aborted")
        assert not world.sides
        assert world.aborted == ["given up by its client"]
        assert not world.heard

    run(story)
