from __future__ import annotations

import json
from typing import Any

from redis_resilience.model.environment import Prediction
from redis_resilience.model.verdict import Judgement
from redis_resilience.pages.frame import Figure
from redis_resilience.pages.phases import durations
from redis_resilience.pages.waterfall import waterfall


def drawn(judgement: Judgement) -> Figure | None:
    """The predicted phases alone."""
    shown = durations(judgement, Prediction(failover=True, because=""))
    return waterfall([each for each in shown if each.least_ms is not None])


def test_a_phase_begins_where_the_one_before_ended(make: Any) -> None:
    figure = drawn(make.judgement())
    assert figure is not None

    _, inside, outside, _ = figure["data"]

    assert list(zip(inside["y"], inside["base"], inside["x"], strict=True))[:2] == [
        ("fault to sdown", 0.0, 1082.0),
        ("sdown to odown", 1082.0, 98.5),
    ]
    assert (outside["y"], outside["base"], outside["x"]) == (["odown to elected"], [1180.5], [59.5])


def test_the_prediction_lies_beside_the_measurement(make: Any) -> None:
    figure = drawn(make.judgement())
    assert figure is not None

    predicted = figure["data"][0]

    assert (predicted["base"][0], predicted["x"][0], predicted["text"][0]) == (1000.0, 200.0, "1000 to 1200 ms")


def test_a_prediction_without_end_does_not_stretch_the_picture(make: Any) -> None:
    figure = drawn(make.judgement())
    assert figure is not None

    assert 3310 < figure["layout"]["xaxis"]["range"][1] < 4000
    json.dumps(figure, allow_nan=False)


def test_phases_have_error_bars(make: Any) -> None:
    figure = drawn(make.judgement())
    assert figure is not None

    assert figure["data"][1]["error_x"]["array"] == [2.0] * 5


def test_a_phase_that_did_not_happen_shows_its_prediction_only(make: Any) -> None:
    missing = make.phase("sdown_at", "fault_at", 1000, 1200, measured_ms=None, inside=False)
    figure = drawn(make.judgement(timeline=make.timeline({"fault_at": 0.0}), phases=(missing,)))
    assert figure is not None

    assert [trace["y"] for trace in figure["data"]] == [["fault to sdown"], [], [], []]
    assert figure["layout"]["xaxis"]["range"][1] > 1200


def test_a_phase_whose_origin_did_not_happen_has_no_place_but_keeps_its_line(make: Any) -> None:
    missing = make.phase("odown_at", "sdown_at", 0, 1100, measured_ms=None, inside=False)
    figure = drawn(make.judgement(timeline=make.timeline({"fault_at": 0.0}), phases=(missing,)))
    assert figure is not None

    assert [trace["y"] for trace in figure["data"]] == [[], [], [], []]
    assert figure["layout"]["yaxis"]["categoryarray"] == ["sdown to odown"]


def test_without_a_prediction_there_is_no_picture(make: Any) -> None:
    assert drawn(make.judgement(phases=())) is None


def test_an_instant_predicted_from_two_others_has_two_bars(make: Any) -> None:
    whole = make.phase("first_switch_at", "fault_at", 1100, 4000)
    figure = drawn(make.judgement(phases=(*make.judgement().phases, whole)))
    assert figure is not None

    names = figure["layout"]["yaxis"]["categoryarray"]

    assert names[0] == "fault to first switch"
    assert len(set(names)) == len(names) == 7
