"""The sign beside each verdict, so that no meaning hangs on a colour."""

from __future__ import annotations

from redis_resilience.model.verdict import Verdict

MARKS = {Verdict.PASS: "✓", Verdict.UNKNOWN: "?", Verdict.FAIL: "✗"}
