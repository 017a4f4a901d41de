"""A trial as pytest reported it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """test: the id of its test, the same for all of its trials. ended: how the test ended, in pytest's words.

    variant: what distinguishes it in its campaign, beside scenario, topology and profile; "" for nothing.
    """

    folder: Path
    test: str
    ended: str
    variant: str = ""
