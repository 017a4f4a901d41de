"""Which trials there are, and their order: interleaved, so that what changes on the machine meets every setup alike."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redis_resilience.model.errors import UsageError
from redis_resilience.plugin.naming import seed_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One setup of a campaign: a scenario, and options by the names of the plugin ("redis_profile").

    name: of its trials' folders, unique among the cells. variant: what distinguishes it beside scenario, topology and
    profile, in words; "" for nothing.
    """

    name: str
    scenario: str
    options: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One trial to be. number: from 1 in its cell."""

    cell: Cell
    number: int
    seed: int

    @property
    def folder(self) -> str:
        return f"{self.cell.name}-{self.number:03d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One worker's part of a campaign. index: from 0, as Kubernetes counts the pods of an Indexed Job."""

    index: int = 0
    of: int = 1

    def taken(self, units: Sequence[Unit]) -> tuple[Unit, ...]:
        """Every trial is in one share; rounds and cells spread over all of them."""
        return tuple(units[self.index :: self.of])

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"


ALL = Share()


def share_of(text: str) -> Share:
    """Of "0/3"; all trials of "". Raises UsageError."""
    if not text:
        return ALL
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or int(found[1]) >= int(found[2]):
        raise UsageError(f"--share: expected I/N, with I from 0 to N - 1, as in 0/3; got {text!r}")
    return Share(index=int(found[1]), of=int(found[2]))


def interleaved(cells: Sequence[Cell], trials: int, *, seed: int) -> tuple[Unit, ...]:
    """Round by round each cell once: in an order drawn by the seed, then in its reverse (A B, B A), then drawn again.

    Whatever drifts slowly, as a machine that grows warm, cancels out within two rounds. A trial's seed depends on its
    number alone: the same trial of two cells differs by its setup only.
    """
    order = random.Random(seed)  # noqa: S311 - an order of trials, no secret
    units: list[Unit] = []
    drawn = list(cells)
    for number in range(1, trials + 1):
        if number % 2:
            order.shuffle(drawn)
        else:
            drawn.reverse()
        units += [Unit(cell=cell, number=number, seed=seed_of(seed, number)) for cell in drawn]
    return tuple(units)
