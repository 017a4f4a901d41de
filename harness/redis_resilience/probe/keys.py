"""Which key a client writes or reads next: the next number, or in a cluster the next whose slot its master has.

Numbers are drawn once and in order, so keys spread over all slots; one that belongs to another shard waits in the queue
of that shard's clients.
"""

from __future__ import annotations

import itertools
from array import array
from collections import deque
from collections.abc import Sequence
from random import Random

from redis_resilience.model.cluster import SLOTS, SlotRange, slot_of
from redis_resilience.model.operations import KEY_DIGITS

ANY = 0
"""The lane of clients that take every key."""


class Keys:
    """lanes: the slots of each shard; the clients of lane n write those of lanes[n - 1]."""

    def __init__(self, prefix: bytes, lanes: Sequence[Sequence[SlotRange]] = ()) -> None:
        self._prefix = prefix
        self._numbers = itertools.count()
        self._waiting: list[deque[int]] = [deque() for _ in range(len(lanes) + 1)]
        self._written = [array("Q") for _ in range(len(lanes) + 1)]
        self._random = Random(prefix)  # noqa: S311 - which key is read is no secret
        self._lane_of = bytearray(SLOTS)
        for number, ranges in enumerate(lanes, start=1):
            for first, last in ranges:
                self._lane_of[first : last + 1] = bytes((number,)) * (last + 1 - first)

    def name(self, key: int) -> bytes:
        return b"%b%0*d" % (self._prefix, KEY_DIGITS, key)

    def take(self, lane: int) -> int:
        if lane == ANY:
            return next(self._numbers)
        waiting = self._waiting[lane]
        while not waiting:
            key = next(self._numbers)
            self._waiting[self._lane_of[slot_of(self.name(key))]].append(key)
        return waiting.popleft()

    def wrote(self, lane: int, key: int) -> None:
        """A client of this lane reported the key as written."""
        self._written[lane].append(key)

    def read(self, lane: int) -> int:
        """Any key that was written in this lane; before there is one, the first that will be."""
        written = self._written[lane]
        if written:
            return self._random.choice(written)
        if lane != ANY and not self._waiting[lane]:
            self._waiting[lane].appendleft(self.take(lane))
        return 0 if lane == ANY else self._waiting[lane][0]

    def lane_of(self, slot: int) -> int:
        return self._lane_of[slot]
