"""An upgrade is complete once INFO and a watcher have met another process in every pod; a refusal fails it by name."""

from __future__ import annotations

from typing import Any

from redis_resilience.judges import upgrade
from redis_resilience.judges.bounds import EXPECTED
from redis_resilience.judges.judge import judge
from redis_resilience.model.faults import rolling_upgrade
from redis_resilience.model.verdict import Verdict

OLD, NEW = "Redis 7.0.15", "Redis 8.0.2"


def rolled(kill: Any, *, met: str = "run-1b", engine: str = NEW, refused: str = "") -> Any:
    """redis-1 was replaced; a watcher met the process `met` there, with that engine."""
    story = kill()
    story.events = [event for event in story.events if not event.label.startswith("fault-")]
    story.planned(rolling_upgrade("redis:8.0"))
    where = {"fault": 0, "fault_kind": "rolling-upgrade", "pod": "redis-1", "container": "redis", "pods": ("redis-1",)}
    seen = {"server": "redis-1", "program": "redis:7.0"}
    story.event(490, "harness", "engine-seen", engine=OLD, run_id="run-1", **seen)
    story.event(510, "harness", "fault-effect", since=500, proof="gone", **where)
    if refused:
        story.event(700, "harness", "engine-refused", program="redis:8.0", reason=refused, **where)
    now = {"server": "redis-1", "run_id": "run-1b", "program": "redis:8.0"}
    story.event(800, "harness", "engine-seen", engine=OLD if refused else NEW, **now)
    address = {"server": "redis-1", "address": "10.0.0.1:6379"}
    story.event(790, "server:redis-1", "server-up", since=780, run_id=met, engine=engine, **address)
    return story


def found(story: Any) -> tuple[Verdict, str]:
    (finding,) = upgrade.judge(story.reading()).findings
    return finding.verdict, finding.text.partition("; ")[2]


def test_a_plan_without_an_upgrade_has_no_finding_of_one(kill: Any) -> None:
    assert upgrade.judge(kill().reading()).findings == ()


def test_another_process_with_the_engine_that_a_watcher_met_too(kill: Any) -> None:
    assert found(rolled(kill)) == (Verdict.PASS, f"redis-1 {OLD} > {NEW}")


def test_what_no_watcher_met_is_not_proved(kill: Any) -> None:
    """Not by another run_id, nor by another engine."""
    for story in (rolled(kill, met="run-1c"), rolled(kill, engine=OLD)):
        assert found(story) == (Verdict.UNKNOWN, f"redis-1 {OLD} > {NEW}: no watcher met it")


def test_where_nothing_was_replaced_nothing_is_known(kill: Any) -> None:
    story = kill()
    story.planned(rolling_upgrade("redis:8.0"))
    story.events = [event for event in story.events if not event.label.startswith("fault-")]

    assert found(story) == (Verdict.UNKNOWN, "no pod was replaced")


def test_a_refusal_fails_by_its_reason_and_the_master_that_stayed_is_not_counted_against_it(kill: Any) -> None:
    story = rolled(kill, refused="Can't handle RDB format version 12")
    story.events = [event for event in story.events if not event.label.startswith("+")]

    verdict, text = found(story)
    assert verdict is Verdict.FAIL
    assert text == (
        "redis-1 did not with redis:8.0: Can't handle RDB format version 12; "
        f"it is back with {OLD}, and the upgrade ended there"
    )
    expected = next(finding for finding in judge(story.history()).findings if finding.name == EXPECTED)
    assert "the upgrade ended at redis-1, before the master's turn" in expected.text
    assert expected.verdict is not Verdict.FAIL
