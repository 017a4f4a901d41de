"""The durations of a trial as a plotly figure: each measured, with its error, beside what the configuration allows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from redis_resilience.pages.frame import GRID, Figure
from redis_resilience.pages.phases import OUTAGE, Duration
from redis_resilience.pages.units import ms_text

_FAR = 3.0
"""A bar so many times as long as all predicted ones does not decide what is shown at first."""
_STYLES = (
    (True, "measured, inside", "#2f6fb3", ""),
    (False, "measured, outside", "#d1495b", "x"),
    (None, "measured, not predicted", "#8a9bab", "/"),
)


def waterfall(durations: Sequence[Duration]) -> Figure | None:
    """The figure; None where there is nothing to show."""
    if not durations:
        return None
    shown = [each for each in durations if each.begin_ms is not None]
    whole = _whole_ms(shown)
    names = [each.name for each in durations]
    return {
        "data": [_predicted(shown, whole), *(_measured(shown, style) for style in _STYLES)],
        "layout": {
            "height": 120 + 34 * len(names),
            "margin": {"l": 176, "r": 16, "t": 12, "b": 88},
            "barmode": "overlay",
            "legend": {"orientation": "h", "y": 0, "yref": "container", "yanchor": "bottom"},
            "xaxis": {
                "title": {"text": "milliseconds after the fault"},
                "range": [0, round(whole, 3)],
                "gridcolor": GRID,
                "zeroline": False,
            },
            "yaxis": {
                "type": "category",
                "categoryorder": "array",
                "categoryarray": names[::-1],
                "range": [-0.6, len(names) - 0.4],
                "fixedrange": True,
            },
        },
    }


def _whole_ms(shown: Sequence[Duration]) -> float:
    """What the picture spans at first."""
    phases = [each for each in shown if each.inside is not None and each.name != OUTAGE]
    measured = [each.end_ms for each in phases if each.ms is not None]
    allowed = [_begin(each) + each.most_ms for each in phases if each.most_ms and math.isfinite(each.most_ms)]
    decided = max(measured or allowed, default=0.0)
    others = max((each.end_ms for each in shown if each.ms is not None), default=0.0)
    far = decided and others > _FAR * decided
    return 1.12 * max(decided, 0.0 if far else others, 1.0)


def _predicted(shown: Sequence[Duration], whole: float) -> Figure:
    told = [
        (each, each.least_ms, each.most_ms) for each in shown if each.least_ms is not None and each.most_ms is not None
    ]
    return {
        "type": "bar",
        "orientation": "h",
        "name": "predicted, least to most",
        "y": [each.name for each, _, _ in told],
        "base": [round(_from(each) + least, 3) for each, least, _ in told],
        "x": [round(max(min(most, 1.5 * whole - _from(each)), least) - least, 3) for each, least, most in told],
        "width": 0.8,
        "marker": {"color": "rgba(128,128,128,0.18)", "line": {"color": "#888888", "width": 1}},
        "text": [f"{ms_text(least)} to {ms_text(most)} ms" for _, least, most in told],
        "textposition": "none",
        "hovertemplate": "%{y}: predicted %{text}<extra></extra>",
    }


def _measured(shown: Sequence[Duration], style: tuple[bool | None, str, str, str]) -> Figure:
    inside, name, colour, pattern = style
    bars = [each for each in shown if each.ms is not None and each.inside is inside]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": [each.name for each in bars],
        "base": [round(_begin(each), 3) for each in bars],
        "x": [round(each.ms or 0.0, 3) for each in bars],
        "width": 0.42,
        "error_x": {
            "type": "data",
            "symmetric": True,
            "array": [round(each.error_ms, 3) for each in bars],
            "thickness": 1.4,
            "color": "#888888",
        },
        "text": [f"{ms_text(each.ms, censored=each.censored)} ms" for each in bars],
        "textposition": "none",
        "marker": {
            "color": colour,
            "pattern": {"shape": pattern, "size": 6, "solidity": 0.3, "fgcolor": "#ffffff", "fillmode": "overlay"},
        },
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }


def _begin(duration: Duration) -> float:
    return duration.begin_ms or 0.0


def _from(duration: Duration) -> float:
    """Where its prediction counts from: that of the outage from the fault."""
    return 0.0 if duration.name == OUTAGE else _begin(duration)
