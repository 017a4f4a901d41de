"""A trial as run.json keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from redis_resilience.model.run import Measured, TrialRecord, Where
from redis_resilience.model.tried import Ended
from redis_resilience.model.verdict import Verdict


def _record(**changes: Any) -> TrialRecord:
    measured = Measured(ms=1700.0, least_ms=1699.0, most_ms=1700.0)
    whole: dict[str, Any] = {
        "id": "1",
        "test": "test_master.py::test_master_kill",
        "scenario": "master-kill",
        "topology": "sidecar",
        "profile": "rapid",
        "backend": "local",
        "seed": 1,
        "redis": {},
        "asked": "kill",
        "verdict": Verdict.PASS,
        "ended": Ended.PASSED,
        "counts_as": Verdict.PASS,
        "refused": "",
        "reasons": (),
        "outage": measured,
        "first_switch": measured,
        "last_switch": measured,
        "first_write": measured,
        "acknowledged": 5000,
        "lost": 0,
        "max_lost": 0,
        "noise_ms": 1.0,
        "scheduling_delay_p99_ms": 0.1,
        "started": "2026-11-28T12:00:00.000+00:00",
        "finished": "2026-11-28T12:00:05.000+00:00",
        "where": Where(backend="local", kernel="6.1", cpus=2, engine="Redis", engine_version="7.0.15"),
        "folder": "master-kill-001",
        "page": "report.html",
        "repeat": "redis-resilience run master-kill",
    }
    return TrialRecord(**whole | changes)


@pytest.fixture
def record() -> Any:
    return _record
