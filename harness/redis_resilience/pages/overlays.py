"""What lies over the swim lanes: bands for fault and outage, a named line for every instant."""

from __future__ import annotations

from collections.abc import Iterable

from redis_resilience.model import instants
from redis_resilience.model.events import FaultEffect, HealEnd
from redis_resilience.model.history import History
from redis_resilience.model.verdict import Judgement
from redis_resilience.pages.frame import Figure, Frame
from redis_resilience.pages.units import ms_text, spoken

LABEL_PX = 17
LABEL_SHARE = 0.13
"""Of the picture's width: the room that an instant's label takes."""


def bands(history: History, judgement: Judgement, frame: Frame) -> Iterable[Figure]:
    """From a fault's effect to the end of its healing, the outage, and when lost writes were acknowledged."""
    open_since: dict[int, int] = {}
    for event in history.of(FaultEffect, HealEnd):
        who = event.fault
        if isinstance(event, FaultEffect):
            open_since.setdefault(who, event.at_ns)
        elif who in open_since:
            yield _band(frame, open_since.pop(who), event.at_ns, colour="#d1495b", opacity=0.10)
    for since in open_since.values():
        yield _band(frame, since, frame.end_ns, colour="#d1495b", opacity=0.10)
    gap = judgement.availability.gap
    if gap:
        end = frame.end_ns if gap.end_ns is None else gap.end_ns
        yield _band(frame, gap.begin_ns, end, colour="#b8860b", opacity=0.14, yref="y domain")
    lost = judgement.writes.lost_writes
    if lost:
        begin = lost[0].return_ns
        end = begin + max(int(judgement.writes.lost_seconds * 1e9), 1_000_000)
        yield _band(frame, begin, end, colour="#b3203a", opacity=0.45, yref="y domain", y1=0.07)


def _band(
    frame: Frame, begin_ns: int, end_ns: int, *, colour: str, opacity: float, yref: str = "paper", y1: float = 1
) -> Figure:
    return {
        "type": "rect",
        "layer": "below",
        "xref": "x",
        "yref": yref,
        "x0": frame.s(begin_ns),
        "x1": frame.s(end_ns),
        "y0": 0,
        "y1": y1,
        "fillcolor": colour,
        "opacity": opacity,
        "line": {"width": 0},
    }


def lines(judgement: Judgement, frame: Frame) -> Iterable[Figure]:
    for name, instant in judgement.timeline.instants.items():
        yield {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "x0": frame.s(instant.at_ns),
            "x1": frame.s(instant.at_ns),
            "y0": 0,
            "y1": 1,
            "line": {"width": 1.4 if name == instants.FAULT_AT else 1, "dash": "dot", "color": "#888888"},
        }


def instant_labels(judgement: Judgement, frame: Frame) -> tuple[list[Figure], int]:
    """The names above their lines, in as many levels as it takes that none covers another; of the first view."""
    view = frame.views[0]
    span = view.end_ns - view.begin_ns
    ends: list[float] = []
    labels: list[Figure] = []
    found = judgement.timeline.instants
    for name in sorted(found, key=lambda name: (found[name].at_ns, _order(name))):
        share = (found[name].at_ns - view.begin_ns) / span
        if not 0 <= share <= 1:
            continue
        rightmost = share > 1 - LABEL_SHARE
        left = share - LABEL_SHARE if rightmost else share
        level = next((level for level, end in enumerate(ends) if left >= end), len(ends))
        ends[level : level + 1] = [left + LABEL_SHARE]
        ms = (found[name].at_ns - frame.origin_ns) / 1e6
        labels.append(
            {
                "x": frame.s(found[name].at_ns),
                "xref": "x",
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "yshift": level * LABEL_PX,
                "xanchor": "right" if rightmost else "left",
                "showarrow": False,
                "text": spoken(name),
                "hovertext": f"{name}: {ms_text(ms)} ms",
                "font": {"size": 11},
            }
        )
    return labels, len(ends)


def _order(name: str) -> int:
    return instants.NAMES.index(name) if name in instants.NAMES else len(instants.NAMES)
