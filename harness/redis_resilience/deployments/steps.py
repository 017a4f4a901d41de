"""The steps of something that a user waits for; each is reported when it begins; how long each took, in one line."""

from __future__ import annotations

import time
from collections.abc import Callable

Tell = Callable[[str], None]


def untold(_: str) -> None:
    """Not reported."""


class Steps:
    """`begin` ends the step before; `end` the last one. tell: called with the name of each step that begins."""

    def __init__(self, tell: Tell = untold, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._tell, self._clock_ns = tell, clock_ns
        self._name = ""
        self._since_ns = 0
        self.taken_s: dict[str, float] = {}

    def begin(self, name: str) -> None:
        self.end()
        self._name = name
        self._since_ns = self._clock_ns()
        self._tell(name)

    def end(self) -> None:
        if self._name:
            took_s = (self._clock_ns() - self._since_ns) / 1e9
            self.taken_s[self._name] = self.taken_s.get(self._name, 0.0) + took_s
            self._name = ""

    def __str__(self) -> str:
        """As in "cluster 35.1 s, images 12.0 s"."""
        return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.taken_s.items())
