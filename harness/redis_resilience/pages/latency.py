"""Latency of acknowledged writes over time as a plotly figure: median, p99 and maximum of every 100 ms."""

from __future__ import annotations

import numpy as np

from redis_resilience.model.history import History
from redis_resilience.model.operations import Result
from redis_resilience.model.verdict import Judgement
from redis_resilience.pages.frame import GRID, Figure, Frame, frame_of, origin_name
from redis_resilience.pages.overlays import bands, lines

BIN_MS = 100
MOST_BINS = 6000
"""Ten minutes; a longer trial has wider bins."""

_LINES = (("median", 0.5, "#2a9d5c", "solid"), ("p99", 0.99, "#b8860b", "dash"), ("maximum", 1.0, "#d1495b", "dot"))


def latency(history: History, judgement: Judgement) -> Figure | None:
    """The figure; None where no write was acknowledged."""
    frame = frame_of(history, judgement)
    writes = history.writes
    writes = writes[writes["outcome"] == Result.OK]
    if frame is None or not len(writes):
        return None
    view = frame.views[0]
    width_ms = _width_ms(frame)
    return {
        "data": _traces(writes["call_ns"], writes["return_ns"], frame, width_ms),
        "layout": {
            "height": 300,
            "margin": {"l": 128, "r": 16, "t": 12, "b": 96},
            "hovermode": "x unified",
            "legend": {"orientation": "h", "y": 0, "yref": "container", "yanchor": "bottom"},
            "xaxis": {
                "title": {"text": f"seconds after the {origin_name(judgement)}"},
                "range": [frame.s(view.begin_ns), frame.s(view.end_ns)],
                "gridcolor": GRID,
                "zeroline": False,
            },
            "yaxis": {
                "title": {"text": f"ms, per {width_ms} ms"},
                "type": "log",
                "dtick": 1,
                "gridcolor": GRID,
                "fixedrange": True,
            },
            "shapes": [*bands(history, judgement, frame), *lines(judgement, frame)],
        },
    }


def _width_ms(frame: Frame) -> int:
    span_ms = (frame.end_ns - frame.begin_ns) / 1e6
    return BIN_MS * max(1, int(span_ms / BIN_MS / MOST_BINS) + 1)


def _traces(calls: np.ndarray, returns: np.ndarray, frame: Frame, width_ms: int) -> list[Figure]:
    """A bin begins at the origin, so that none mixes writes before the fault with later ones; nearest rank."""
    width_ns = width_ms * 1_000_000
    bins = (calls - frame.origin_ns) // width_ns
    took = returns - calls
    order = np.lexsort((took, bins))
    numbers, firsts, counts = np.unique(bins[order], return_index=True, return_counts=True)
    took = took[order]
    traces: list[Figure] = []
    for name, share, colour, dash in _LINES:
        ranks = firsts + np.maximum(np.ceil(counts * share).astype(np.int64), 1) - 1
        x: list[float | None] = []
        y: list[float | None] = []
        for number, previous, ns in zip(numbers, [None, *numbers[:-1]], took[ranks], strict=True):
            if previous is not None and number != previous + 1:
                x.append(None)
                y.append(None)
            x.append(frame.s(frame.origin_ns + int(number) * width_ns))
            y.append(round(int(ns) / 1e6, 3))
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": x,
                "y": y,
                "line": {"color": colour, "dash": dash, "width": 1.6},
                "marker": {"size": 3},
                "hovertemplate": "%{y} ms",
            }
        )
    return traces
