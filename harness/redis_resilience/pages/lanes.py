"""The swim-lane picture of a trial as a plotly figure: writes by outcome, each server's role, each Sentinel's events.

A figure is plain data (dicts and lists, as plotly's JSON). Operations are counted into bins here, so that a million of
them draw as fast as a thousand. Colour never carries a meaning alone: bars are hatched and labelled, lines dashed,
markers differ in shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from redis_resilience.model.events import Event, Role
from redis_resilience.model.history import History
from redis_resilience.model.operations import Cause, Result
from redis_resilience.model.verdict import Judgement
from redis_resilience.pages.clock import epoch_ms, utc_text
from redis_resilience.pages.frame import GRID, Figure, Frame, frame_of, origin_name
from redis_resilience.pages.overlays import LABEL_PX, bands, instant_labels, lines
from redis_resilience.pages.restarts import restarts

BINS = 400
"""At most this many bins over what is shown at first; more cannot be seen at 1280 pixels."""
MOST_BINS = 8000
"""Over the whole trial."""

_BIN_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 60_000)
_RATE_PX, _LANE_PX, _BELOW_PX, _CLOCK_PX = 170, 34, 132, 58

_OUTCOMES = (
    ("acknowledged", "#2a9d5c", "solid", "return_ns"),
    ("failed", "#d1495b", "dash", "call_ns"),
    ("info (no reply)", "#b8860b", "dot", "call_ns"),
    ("not sent: client waits", "#888888", "longdashdot", "call_ns"),
)
_ROLES = {
    Role.MASTER: ("master", "#2f6fb3", ""),
    Role.REPLICA: ("replica", "#8fb8de", "/"),
    Role.LOADING: ("loading", "#c9a227", "."),
    Role.OTHER: ("error reply", "#8a63a8", "+"),
    Role.UNREACHABLE: ("unreachable", "#d1495b", "x"),
}
_SHAPES = (  # later ones are drawn over earlier ones
    ("down", ("+sdown", "+odown", "pfail", "fail"), "triangle-down", "#d1495b"),
    ("up again", ("-sdown", "-odown", "cleared"), "triangle-up", "#2a9d5c"),
    ("election", ("+try-failover", "+new-epoch", "+vote-for-leader", "+elected-leader"), "diamond", "#8a63a8"),
    ("promotion", ("+selected-slave", "+promoted-slave", "+failover-end"), "square", "#b8860b"),
    ("+switch-master", ("+switch-master",), "star", "#2f6fb3"),
    ("new owner of slots", ("owner",), "star", "#2f6fb3"),
)
_UNSEEN = {
    "name": "UTC",
    "type": "scatter",
    "mode": "lines",
    "xaxis": "x2",
    "yaxis": "y2",
    "y": [None, None],
    "showlegend": False,
    "hoverinfo": "skip",
}
"""The axis of the wall clock is drawn only where something belongs to it."""
_OTHER_SHAPE = ("other event", "circle-open", "#888888")


def swim_lanes(history: History, judgement: Judgement) -> Figure | None:
    """The figure; None where the history holds nothing with an instant."""
    frame = frame_of(history, judgement)
    if frame is None:
        return None
    servers = [server.name for server in history.environment.servers]
    lanes = [*reversed(_deciders(history)), *reversed(servers)]
    labels, levels = instant_labels(judgement, frame)
    top = 24 + levels * LABEL_PX
    lanes_px = max(len(lanes), 1) * _LANE_PX
    whole_px = lanes_px + _RATE_PX + _CLOCK_PX
    floor, split = _CLOCK_PX / whole_px, (_CLOCK_PX + lanes_px) / whole_px
    rates, width_ms = _rates(history, frame)
    view = frame.views[0]
    clock = [epoch_ms(history.environment, at_ns) for at_ns in (view.begin_ns, view.end_ns)]
    return {
        "data": [
            *rates,
            *_roles(history, servers, frame),
            *restarts(history, judgement, frame),
            *_decisions(history, frame),
            {**_UNSEEN, "x": clock},
        ],
        "layout": {
            "height": top + whole_px + _BELOW_PX,
            "margin": {"l": 128, "r": 16, "t": top, "b": _BELOW_PX},
            "barmode": "overlay",
            "bargap": 0.25,
            "hovermode": "closest",
            "legend": {"orientation": "h", "y": 0, "yref": "container", "yanchor": "bottom"},
            "xaxis": {
                "title": {"text": f"seconds after the {origin_name(judgement)}"},
                "range": [frame.s(view.begin_ns), frame.s(view.end_ns)],
                "gridcolor": GRID,
                "zeroline": False,
                "anchor": "y2",
            },
            "xaxis2": {
                "type": "date",
                "tickformat": "%H:%M:%S.%3f",
                "title": {"text": f"UTC, {utc_text(history.environment, frame.origin_ns)[:10]}", "standoff": 4},
                "range": clock,
                "overlaying": "x",
                "anchor": "free",
                "position": 0,
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "title": {"text": f"writes in {width_ms} ms"},
                "domain": [split + 0.03, 1],
                "rangemode": "tozero",
                "gridcolor": GRID,
                "fixedrange": True,
            },
            "yaxis2": {
                "domain": [floor, split - 0.01],
                "type": "category",
                "categoryorder": "array",
                "categoryarray": lanes,
                "range": [-0.5, max(len(lanes), 1) - 0.5],
                "gridcolor": GRID,
                "fixedrange": True,
            },
            "shapes": [*bands(history, judgement, frame), *lines(judgement, frame)],
            "annotations": labels,
        },
    }


def _rates(history: History, frame: Frame) -> tuple[list[Figure], int]:
    """Operations in each bin: acknowledged ones when they were acknowledged, others when they were tried.

    A bin begins at the origin, so that none mixes operations before the fault with later ones.
    """
    view = frame.views[0]
    shown_ms, span_ms = (view.end_ns - view.begin_ns) / 1e6, (frame.end_ns - frame.begin_ns) / 1e6
    fits = (width for width in _BIN_MS if shown_ms / width <= BINS and span_ms / width <= MOST_BINS)
    width_ms = next(fits, int(span_ms / BINS) + 1)
    width_ns = width_ms * 1_000_000
    first_ns = frame.origin_ns - -(-(frame.origin_ns - frame.begin_ns) // width_ns) * width_ns
    count = (frame.end_ns - first_ns) // width_ns + 1
    begins = [frame.s(first_ns + index * width_ns) for index in range(count)]
    operations = history.writes
    traces: list[Figure] = []
    waiting = operations["cause"] == Cause.WAITING
    chosen = (
        operations["outcome"] == Result.OK,
        (operations["outcome"] == Result.FAIL) & ~waiting,
        operations["outcome"] == Result.INFO,
        waiting,
    )
    for (name, colour, dash, stamp), which in zip(_OUTCOMES, chosen, strict=True):
        at = operations[stamp][which]
        if not len(at):
            continue
        bins = np.clip((at - first_ns) // width_ns, 0, count - 1)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "x": begins,
                "y": np.bincount(bins, minlength=count).tolist(),
                "line": {"color": colour, "dash": dash, "width": 1.6, "shape": "hv"},
                "hovertemplate": f"%{{y}} {name} in {width_ms} ms from %{{x:.3f}} s<extra></extra>",
            }
        )
    return traces, width_ms


def _roles(history: History, servers: Sequence[str], frame: Frame) -> Iterable[Figure]:
    bars: dict[Role, list[tuple[str, int, int]]] = {}
    for number, server in enumerate(servers):
        samples = history.samples[history.samples["server"] == number]
        if not len(samples):
            continue
        samples = samples[np.argsort(samples["return_ns"], kind="stable")]
        role = samples["role"]
        starts = np.concatenate(([0], np.flatnonzero(role[1:] != role[:-1]) + 1))
        at = samples["return_ns"]
        ends = [*at[starts[1:]].tolist(), int(at[-1])]
        for start, end in zip(starts.tolist(), ends, strict=True):
            bars.setdefault(_role(int(role[start])), []).append((server, int(at[start]), end))
    for role, (name, colour, pattern) in _ROLES.items():
        if role in bars:
            yield _role_bars(bars[role], name=name, colour=colour, pattern=pattern, frame=frame)


def _role(number: int) -> Role:
    return Role(number) if number in _ROLES else Role.OTHER


def _role_bars(bars: Sequence[tuple[str, int, int]], *, name: str, colour: str, pattern: str, frame: Frame) -> Figure:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "yaxis": "y2",
        "y": [server for server, _, _ in bars],
        "base": [frame.s(begin) for _, begin, _ in bars],
        "x": [round((end - begin) / 1e9, 6) for _, begin, end in bars],
        "text": [name] * len(bars),
        "textposition": "inside",
        "insidetextanchor": "start",
        "textangle": 0,
        "textfont": {"color": "#ffffff" if name in {"master", "unreachable", "error reply"} else "#10233a"},
        "marker": {
            "color": colour,
            "pattern": {"shape": pattern, "size": 6, "solidity": 0.15, "fgcolor": "#ffffff", "fillmode": "overlay"},
        },
        "hovertemplate": f"%{{y}}: {name}, %{{x:.3f}} s from %{{base:.3f}} s<extra></extra>",
    }


def _deciders(history: History) -> list[str]:
    """A lane for each Sentinel and each cluster node that was known or reported something."""
    environment = history.environment
    sentinels = [f"sentinel {view.name}" for view in environment.sentinels]
    nodes = [f"node {name}" for shard in environment.shards for name in shard.servers]
    return list(dict.fromkeys((*sentinels, *sorted(nodes), *map(_lane, _heard(history)))))


def _lane(event: Event) -> str:
    return event.source.replace(":", " ", 1)


def _heard(history: History) -> tuple[Event, ...]:
    return tuple(event for event in history.events if event.source.startswith(("sentinel:", "node:")))


def _decisions(history: History, frame: Frame) -> Iterable[Figure]:
    groups: dict[tuple[str, str, str], list[Event]] = {
        _OTHER_SHAPE: [],
        **{(name, symbol, colour): [] for name, _, symbol, colour in _SHAPES},
    }
    shape_of = {kind: (name, symbol, colour) for name, kinds, symbol, colour in _SHAPES for kind in kinds}
    for event in _heard(history):
        groups[shape_of.get(event.label, _OTHER_SHAPE)].append(event)
    for (name, symbol, colour), events in groups.items():
        if events:
            yield {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "yaxis": "y2",
                "x": [frame.s(event.at_ns) for event in events],
                "y": [_lane(event) for event in events],
                "text": [_plain(f"{event.label} {event.words}") for event in events],
                "marker": {"symbol": symbol, "color": colour, "size": 11, "line": {"width": 1, "color": colour}},
                "hovertemplate": "%{y}: %{text}, %{x:.3f} s<extra></extra>",
            }


def _plain(text: str) -> str:
    """Texts of a plotly figure may hold a little HTML; these are data."""
    return text.strip().replace("&", "&amp;").replace("<", "&lt;")
