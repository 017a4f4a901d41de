"""A probe that stalled is no outage of Redis: its own part of each gap is named, and a long one voids them all."""

from typing import Any

import pytest

from redis_resilience.judges import stalls
from redis_resilience.judges.judge import judge
from redis_resilience.model.plan import Load
from redis_resilience.model.verdict import Verdict


def stopped(story: Any, since: float, until: float, *, writes: bool = True) -> Any:
    """The probe stands still: nothing is written or sampled meanwhile."""
    story.event(until, "probe", "probe-stalled", since=since)
    if writes:
        begin, end = story_ns(since), story_ns(until)
        story.operations = [row for row in story.operations if not begin <= row[2] < end]
        story.samples = [row for row in story.samples if not begin <= row[0] < end]
    return story


def story_ns(ms: float) -> int:
    return 5_000_000_000 + round(ms * 1e6)


def findings(story: Any) -> dict[str, Verdict]:
    told = judge(story.history())
    return {finding.name: finding.verdict for finding in (*told.assumptions, *told.findings)}


@pytest.mark.parametrize(("since", "until"), [(2100, 3100), (100, 400)], ids=["observe", "baseline"])
def test_an_outage_is_not_known_where_the_probe_stood_still(kill: Any, since: float, until: float) -> None:
    found = findings(stopped(kill(max_outage_s=0.5), since, until))

    assert found["assumptions.awake"] is Verdict.UNKNOWN
    assert found["availability.outage"] is Verdict.UNKNOWN
    assert found["failover.expected"] is Verdict.UNKNOWN, "the watchers saw nothing then, either"
    assert not [name for name, verdict in found.items() if verdict is Verdict.FAIL and not name.startswith("ledger.")]


def test_a_lost_write_is_lost_all_the_same(kill: Any) -> None:
    assert findings(stopped(kill(lost=(3,)), 2100, 3100, writes=False))["ledger.lost"] is Verdict.FAIL


def test_each_gap_names_the_probe_s_part(kill: Any) -> None:
    """Of the outage from 491 to 2021 ms, and of the writer's own, the probe slept 60 ms, and 40 ms of another stop."""
    told = judge(stopped(stopped(kill(), 600, 660, writes=False), 2000, 2090, writes=False).history()).availability

    assert told.gap is not None
    assert round(told.gap.stalled_ms) == 60 + 21
    assert [round(gap.stalled_ms) for gap in told.by_client] == [60 + 21]
    assert round(told.stalled_max_ms) == 90


def test_a_fail_that_rests_on_the_probe_s_part_is_unknown(kill: Any) -> None:
    """1530 ms without a write, 90 of them the probe's: more than 1.5 s are not proven, more than 1 s are."""
    for allowed_s, verdict in ((1.5, Verdict.UNKNOWN), (1.0, Verdict.FAIL)):
        story = stopped(kill(max_outage_s=allowed_s), 600, 690, writes=False)
        assert findings(story)["availability.outage"] is verdict


def test_stops_before_and_after_the_load_do_not_count(kill: Any) -> None:
    """Reading back a million keys holds the loop, and nothing is measured then."""
    story = kill()
    story.event(-100, "probe", "probe-stalled", since=-900)
    story.event(3690, "probe", "probe-stalled", since=3510)

    assert stalls.longest_ms(story.reading()) == 0
    assert judge(story.history()).verdict is Verdict.PASS


def test_the_limit_goes_with_that_of_the_scheduling_delay() -> None:
    assert stalls.limit_ms(Load()) == 200.0
    assert stalls.limit_ms(Load(max_scheduling_delay_ms=4.0)) == 40.0
