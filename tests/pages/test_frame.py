"""A picture shows at first the seconds that matter, and all of the trial on request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from redis_resilience.pages.frame import Frame, frame_of


def framed(make: Any, *, until_ms: float, times: dict[str, float] | None = None) -> Frame:
    samples = make.history().samples.copy()
    samples["return_ns"][-1] = make.fault_ms(until_ms)
    frame = frame_of(make.history(samples=samples), make.judgement(timeline=make.timeline(times)))
    assert frame is not None
    return frame


def names(frame: Frame) -> list[str]:
    return [view.name for view in frame.views]


def test_a_short_trial_is_shown_as_it_is(make: Any) -> None:
    assert names(framed(make, until_ms=4000)) == ["whole trial"]


def test_a_long_quiet_end_does_not_squeeze_the_failover(make: Any) -> None:
    frame = framed(make, until_ms=120_000)

    assert names(frame) == ["from the fault", "whole trial"]
    assert frame.views[0].end_ns < make.fault_ms(4500)
    assert frame.views[0].begin_ns < make.fault_ms(0)


def test_what_comes_long_after_the_failover_is_outside_the_first_view(make: Any) -> None:
    times = {**make.timeline().instants}
    ms = {name: (instant.at_ns - make.fault_ms(0)) / 1e6 for name, instant in times.items()}

    frame = framed(make, until_ms=60_000, times=ms | {"redundant_at": 50_000.0})

    assert frame.views[0].end_ns < make.fault_ms(5000)


def test_a_process_that_died_at_once_does_not_end_the_view(make: Any) -> None:
    """The time until a Sentinel notices is quiet, too."""
    frame = framed(make, until_ms=60_000)

    assert frame.views[0].end_ns > make.fault_ms(3310)


def test_a_long_detection_gives_the_failover_a_view_of_its_own(make: Any) -> None:
    late = {name: ms + 59_000 if ms > 1000 else ms for name, ms in make_ms(make).items()}

    frame = framed(make, until_ms=70_000, times=late)

    assert names(frame)[0] == "the failover"
    assert frame.views[0].begin_ns > make.fault_ms(50_000)


def make_ms(make: Any) -> dict[str, float]:
    return {name: (each.at_ns - make.fault_ms(0)) / 1e6 for name, each in make.timeline().instants.items()}


@pytest.mark.parametrize("failover", [True, False])
def test_the_last_view_is_the_whole_trial(make: Any, failover: bool) -> None:  # noqa: FBT001 - a parameter
    timeline = replace(make.timeline(), failover=failover)
    frame = frame_of(make.history(), make.judgement(timeline=timeline))

    assert frame is not None
    assert frame.views[-1].begin_ns <= frame.begin_ns
    assert frame.views[-1].end_ns >= frame.end_ns
