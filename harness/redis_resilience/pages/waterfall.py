"""The phases of a failover as a plotly figure: each measured, with its error, beside what the configuration allows."""

from __future__ import annotations

import math

from redis_resilience.model import instants
from redis_resilience.model.verdict import Judgement, PhaseCheck
from redis_resilience.pages.frame import GRID, Figure
from redis_resilience.pages.units import ms_text, phase_name


def waterfall(judgement: Judgement) -> Figure | None:
    """The figure; None where nothing was predicted."""
    phases = judgement.phases
    if not phases:
        return None
    measured = [phase for phase in phases if phase.measured_ms is not None and _origin_ms(judgement, phase) is not None]
    predicted = [phase for phase in phases if _origin_ms(judgement, phase) is not None]
    end = max((_begin(judgement, phase) + (phase.measured_ms or 0.0) + phase.error_ms for phase in measured), default=0)
    if not measured:
        end = max((_begin(judgement, phase) + _finite(phase.upper_ms) for phase in predicted), default=1.0)
    names = [phase_name(phase) for phase in phases]
    whole = 1.12 * max(end, 1.0)
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "name": "predicted, least to most",
                "y": [phase_name(phase) for phase in predicted],
                "base": [round(_begin(judgement, phase) + phase.lower_ms, 3) for phase in predicted],
                "x": [round(_upper(judgement, phase, whole) - phase.lower_ms, 3) for phase in predicted],
                "width": 0.8,
                "marker": {"color": "rgba(128,128,128,0.18)", "line": {"color": "#888888", "width": 1}},
                "text": [f"{ms_text(phase.lower_ms)} to {ms_text(phase.upper_ms)} ms" for phase in predicted],
                "textposition": "none",
                "hovertemplate": "%{y}: predicted %{text}<extra></extra>",
            },
            _measured_bars(judgement, [phase for phase in measured if phase.inside], name="measured, inside"),
            _measured_bars(judgement, [phase for phase in measured if not phase.inside], name="measured, outside"),
        ],
        "layout": {
            "height": 120 + 34 * len(phases),
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


def _measured_bars(judgement: Judgement, phases: list[PhaseCheck], *, name: str) -> Figure:
    inside = name.endswith("inside")
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": [phase_name(phase) for phase in phases],
        "base": [round(_begin(judgement, phase), 3) for phase in phases],
        "x": [round(phase.measured_ms or 0.0, 3) for phase in phases],
        "width": 0.42,
        "error_x": {
            "type": "data",
            "symmetric": True,
            "array": [round(phase.error_ms, 3) for phase in phases],
            "thickness": 1.4,
            "color": "#888888",
        },
        "text": [f"{ms_text(phase.measured_ms)} ms" for phase in phases],
        "textposition": "none",
        "marker": {
            "color": "#2f6fb3" if inside else "#d1495b",
            "pattern": {
                "shape": "" if inside else "x",
                "size": 6,
                "solidity": 0.3,
                "fgcolor": "#ffffff",
                "fillmode": "overlay",
            },
        },
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }


def _origin_ms(judgement: Judgement, phase: PhaseCheck) -> float | None:
    return 0.0 if phase.origin == instants.FAULT_AT else judgement.timeline.ms(phase.origin)


def _begin(judgement: Judgement, phase: PhaseCheck) -> float:
    return _origin_ms(judgement, phase) or 0.0


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _upper(judgement: Judgement, phase: PhaseCheck, whole: float) -> float:
    """The prediction's end: a bar without end, or far outside the picture, stops a little behind its edge."""
    return max(min(phase.upper_ms, 1.5 * whole - _begin(judgement, phase)), phase.lower_ms)
