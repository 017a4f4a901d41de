from __future__ import annotations

from itertools import pairwise
from typing import Any

from redis_resilience.model.events import FaultEffect
from redis_resilience.pages.lanes import swim_lanes
from redis_resilience.pages.overlays import LABEL_SHARE


def _figure(make: Any, **changes: Any) -> dict[str, Any]:
    figure = swim_lanes(make.history(**changes), make.judgement())
    assert figure is not None
    return figure


def test_fault_and_outage_are_bands_on_the_time_axis(make: Any) -> None:
    bands = [shape for shape in _figure(make)["layout"]["shapes"] if shape["type"] == "rect"]

    assert [(band["x0"], band["x1"]) for band in bands] == [(0.0, 3.3), (-0.0006, 2.284)]


def test_a_fault_that_was_not_healed_lasts_to_the_end(make: Any) -> None:
    fault = make.fault_event(FaultEffect, 0)
    figure = _figure(make, events=(fault,))

    band = next(shape for shape in figure["layout"]["shapes"] if shape["type"] == "rect")

    assert band["x1"] == 3.99925


def test_every_instant_has_a_line_and_no_label_covers_another(make: Any) -> None:
    layout = _figure(make)["layout"]
    lines = [shape for shape in layout["shapes"] if shape["type"] == "line"]
    labels = layout["annotations"]
    span = layout["xaxis"]["range"][1] - layout["xaxis"]["range"][0]

    assert len(lines) == len(labels) == len(make.names)
    for level in {label["yshift"] for label in labels}:
        spans = sorted(
            (label["x"], label["x"] + LABEL_SHARE * span)
            if label["xanchor"] == "left"
            else (label["x"] - LABEL_SHARE * span, label["x"])
            for label in labels
            if label["yshift"] == level
        )
        assert all(end <= begin + 1e-9 for (_, end), (begin, _) in pairwise(spans))
