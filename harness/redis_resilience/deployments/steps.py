"""How long each step of something took that a user waits for, in one line."""

from __future__ import annotations

import time
from collections.abc import Callable


class Steps:
    """Begins with the first step; `took` ends one and begins the next."""

    def __init__(self, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock_ns = clock_ns
        self._since_ns = clock_ns()
        self.taken_s: dict[str, float] = {}

    def took(self, name: str) -> None:
        now_ns = self._clock_ns()
        self.taken_s[name] = self.taken_s.get(name, 0.0) + (now_ns - self._since_ns) / 1e9
        self._since_ns = now_ns

    def __str__(self) -> str:
        """As in "cluster 35.1 s, images 12.0 s"."""
        return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.taken_s.items())
