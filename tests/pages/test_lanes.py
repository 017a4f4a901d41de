from __future__ import annotations

import json
from typing import Any

import pytest

from redis_resilience.model.events import Role, SentinelMessage
from redis_resilience.model.operations import Cause
from redis_resilience.pages.lanes import MOST_BINS, swim_lanes


def _trace(figure: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (trace for trace in figure["data"] if trace["name"] == name)
    return found


def _figure(make: Any, **changes: Any) -> dict[str, Any]:
    figure = swim_lanes(make.history(**changes), make.judgement())
    assert figure is not None
    return figure


def test_every_operation_is_counted_once_under_its_outcome(make: Any) -> None:
    figure = _figure(make)

    counts = {name: sum(_trace(figure, name)["y"]) for name in ("acknowledged", "failed", "info (no reply)")}

    assert counts == {"acknowledged": 2716, "failed": 2283, "info (no reply)": 1}


@pytest.mark.parametrize("seconds", [0.01, 5.0, 400.0, 40_000.0])
def test_the_picture_stays_small_whatever_the_load(make: Any, seconds: float) -> None:
    figure = _figure(make, operations=make.operations(100_000, seconds=seconds))

    trace = _trace(figure, "acknowledged")

    assert len(trace["x"]) == len(trace["y"]) <= MOST_BINS + 2


def test_acknowledged_writes_stop_at_the_fault_and_come_back_with_the_first_write(make: Any) -> None:
    trace = _trace(_figure(make), "acknowledged")

    silent = [at for at, count in zip(trace["x"], trace["y"], strict=True) if count == 0 and -0.9 < at < 3]

    assert min(silent) == pytest.approx(0, abs=0.021)
    assert max(silent) == pytest.approx(2.28, abs=0.041)


def test_a_servers_roles_follow_each_other_as_bars(make: Any) -> None:
    figure = _figure(make)

    bars = {
        (server, name): (base, base + length)
        for name in ("master", "replica", "unreachable")
        for server, base, length in zip(*(_trace(figure, name)[key] for key in ("y", "base", "x")), strict=True)
    }

    assert bars["redis-0", "master"] == pytest.approx((-1.0, 0.0))
    assert bars["redis-0", "unreachable"] == pytest.approx((0.0, 3.36))
    assert bars["redis-0", "replica"] == pytest.approx((3.36, 3.98))
    assert bars["redis-1", "master"] == pytest.approx((2.0, 3.98))
    assert bars["redis-2", "replica"] == pytest.approx((-1.0, 3.98))


def test_samples_may_come_in_any_order(make: Any) -> None:
    told = [(0, 20.0, Role.MASTER), (0, 0.0, Role.MASTER), (0, 10.0, Role.UNREACHABLE)]

    figure = _figure(make, samples=make.samples(*told))

    assert _trace(figure, "master")["base"] == [0.0, 0.02]
    assert _trace(figure, "unreachable")["base"] == [0.01]


def test_no_meaning_hangs_on_colour_alone(make: Any) -> None:
    """Roles differ in hatching and are written in their bars, outcomes in dashes, events in shapes."""
    data = _figure(make)["data"]

    bars = [trace for trace in data if trace["type"] == "bar"]
    looks = (
        [trace["marker"]["pattern"]["shape"] for trace in bars],
        [trace["line"]["dash"] for trace in data if trace.get("mode") == "lines" and trace["name"] != "UTC"],
        [trace["marker"]["symbol"] for trace in data if trace.get("mode") == "markers"],
    )

    assert all(len(set(kinds)) == len(kinds) > 1 for kinds in looks)
    assert all(set(trace["text"]) == {trace["name"]} for trace in bars)


def test_each_sentinel_has_its_lane_with_its_events(make: Any) -> None:
    figure = _figure(make)

    switches = _trace(figure, "+switch-master")

    assert switches["y"] == ["sentinel redis-2", "sentinel redis-0", "sentinel redis-1"]
    assert switches["x"] == [2.26, 2.262, 3.31]
    assert figure["layout"]["yaxis2"]["categoryarray"][-1] == "redis-0"


def test_a_sentinel_that_nobody_knew_before_has_a_lane_too(make: Any) -> None:
    late = SentinelMessage(at_ns=make.fault_ms(50), source="sentinel:redis-9", name="+monitor")

    assert "sentinel redis-9" in _figure(make, events=(late,))["layout"]["yaxis2"]["categoryarray"]


def test_markup_in_an_event_is_text(make: Any) -> None:
    event = SentinelMessage(at_ns=make.fault_ms(1), source="sentinel:redis-0", name="+set", text="<a href=x>&")

    assert _trace(_figure(make, events=(event,)), "other event")["text"] == ["+set &lt;a href=x>&amp;"]


def test_without_a_fault_seconds_count_from_the_first_record(make: Any) -> None:
    figure = swim_lanes(make.history(), make.judgement(timeline=make.timeline({})))

    assert figure is not None
    assert _trace(figure, "acknowledged")["x"][0] == 0.0
    assert figure["layout"]["xaxis"]["title"]["text"] == "seconds after the first record"


def test_an_empty_history_has_no_picture(make: Any) -> None:
    empty = make.history(operations=make.operations(0), samples=make.samples(), events=())

    assert swim_lanes(empty, make.judgement(timeline=make.timeline({}))) is None


def test_the_figure_is_json(make: Any) -> None:
    assert json.loads(json.dumps(_figure(make), allow_nan=False)) == _figure(make)


def test_no_bin_mixes_before_and_after_the_fault(make: Any) -> None:
    """Failures begin with the fault, so no failure is drawn before second 0."""
    failed = _trace(_figure(make), "failed")

    assert 0.0 in failed["x"]
    assert sum(count for at, count in zip(failed["x"], failed["y"], strict=True) if at < 0) == 0


def test_a_write_that_was_not_sent_is_no_failure_of_redis(make: Any) -> None:
    operations = make.operations(5000)
    operations["cause"][operations["cause"] == Cause.REFUSED] = Cause.WAITING

    figure = _figure(make, operations=operations)

    assert "failed" not in {trace["name"] for trace in figure["data"]}
    assert sum(_trace(figure, "not sent: client waits")["y"]) == 2283


def test_the_wall_clock_lies_below_the_seconds(make: Any) -> None:
    figure = _figure(make)

    begin_s = figure["layout"]["xaxis"]["range"][0]
    fault_epoch_ms = 1_795_000_001_000.0
    assert figure["layout"]["xaxis2"]["range"][0] == pytest.approx(fault_epoch_ms + begin_s * 1000)
    assert figure["layout"]["xaxis2"]["title"]["text"] == "UTC, 2026-11-18"
