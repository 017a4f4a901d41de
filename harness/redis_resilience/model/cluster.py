"""Redis Cluster's own words: slots of keys, and a node's table (CLUSTER NODES) as data.

Probe, deployments, trials and judges read the same table; this is the one reading. No I/O.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redis_resilience.model.operations import KEY_DIGITS, key_prefix

SLOTS = 16384

SlotRange = tuple[int, int]
"""First and last slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One line of a node's table. flags: as reported ("master", "fail?", "myself", ...). master_id: "" for a master.

    address: "host:port", ":port" where the node does not know its own address yet. linked: the bus connection is up.
    """

    id: str
    address: str
    flags: tuple[str, ...]
    master_id: str
    epoch: int
    linked: bool
    slots: tuple[SlotRange, ...] = ()

    @property
    def is_master(self) -> bool:
        return "master" in self.flags


def parse_nodes(text: str) -> tuple[Node, ...]:
    """The reply to CLUSTER NODES; other lines are skipped. Slots that are being migrated count for neither node."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 8 or not words[6].isdigit():
            continue
        found.append(
            Node(
                id=words[0],
                address=words[1].split("@", 1)[0],
                flags=tuple(words[2].split(",")),
                master_id="" if words[3] == "-" else words[3],
                epoch=int(words[6]),
                linked=words[7] == "connected",
                slots=tuple(_range(word) for word in words[8:] if not word.startswith("[")),
            )
        )
    return tuple(found)


def slot_of(key: bytes) -> int:
    """The slot of a key without a hash tag: CRC16 (XMODEM) modulo the number of slots."""
    return binascii.crc_hqx(key, 0) % SLOTS


def slots_of(trial: str, keys: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """The slot of each of this trial's keys, by its number."""
    crc = np.full(len(keys), binascii.crc_hqx(key_prefix(trial).encode(), 0), dtype=np.uint16)
    for power in range(KEY_DIGITS - 1, -1, -1):
        digit = (keys // np.uint64(10**power) % np.uint64(10)).astype(np.uint16) + np.uint16(ord("0"))
        crc = (crc << np.uint16(8)) ^ _STEP[(crc >> np.uint16(8)) ^ digit]
    return crc % np.uint16(SLOTS)


def covered(ranges: Iterable[SlotRange]) -> int:
    """How many slots these ranges have together."""
    return sum(last - first + 1 for first, last in ranges)


def ranges_text(ranges: Iterable[SlotRange]) -> str:
    """As Redis writes them: "0-5460 6000"."""
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def even_ranges(shards: int) -> tuple[SlotRange, ...]:
    """The slots dealt out as `redis-cli --cluster create` does: 0-5460, 5461-10922, 10923-16383 for three."""
    share = SLOTS / shards
    ends = [round(share * (number + 1) - 1) for number in range(shards)]
    ends[-1] = SLOTS - 1
    return tuple(zip([0, *(end + 1 for end in ends[:-1])], ends, strict=True))


def _range(word: str) -> SlotRange:
    first, _, last = word.partition("-")
    return int(first), int(last or first)


_STEP = np.array([binascii.crc_hqx(bytes((byte,)), 0) for byte in range(256)], dtype=np.uint16)
"""What one byte adds: CRC16 eight bits at a time."""
