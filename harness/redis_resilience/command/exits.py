"""Exit codes of the command."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from redis_resilience.model.verdict import Verdict, worst


class Exit(IntEnum):
    """WRONG: what was asked for is wrong or missing here; the message says what to try.

    INTERRUPTED by Ctrl-C, TERMINATED by SIGTERM: what was judged until then is reported.
    """

    PASS = 0
    FAIL = 1
    UNKNOWN = 2
    WRONG = 3
    INTERRUPTED = 130
    TERMINATED = 143

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Exit:
        """The exit code of a run: the worst verdict decides."""
        return {Verdict.PASS: cls.PASS, Verdict.FAIL: cls.FAIL, Verdict.UNKNOWN: cls.UNKNOWN}[worst(verdicts)]
