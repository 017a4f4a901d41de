"""What every picture of a trial shares: the form of a figure, where second 0 is, and what is shown at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis_resilience.model import instants
from redis_resilience.model.history import History
from redis_resilience.model.verdict import Judgement

Figure = dict[str, Any]
"""A plotly figure, or a part of one, as its JSON."""

GRID = "rgba(128,128,128,0.25)"
_SQUEEZED = 1.5
"""What matters gets a view of its own where the whole trial is so many times as long."""
_WAITING = 4.0
"""The same for the failover, where the time until it was noticed is so many times as long."""
_FAILOVER = (
    instants.SDOWN_AT,
    instants.ODOWN_AT,
    instants.ELECTED_AT,
    instants.PROMOTED_AT,
    instants.FIRST_SWITCH_AT,
    instants.QUORUM_SWITCH_AT,
    instants.LAST_SWITCH_AT,
)
_ROOM = 0.12
"""Of what a view shows, on each side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A part of the picture to look at."""

    name: str
    begin_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The picture of a trial's clock: where second 0 is and what the picture spans. views: the first is shown."""

    origin_ns: int
    begin_ns: int
    end_ns: int
    views: tuple[View, ...]

    def s(self, at_ns: int) -> float:
        return round((at_ns - self.origin_ns) / 1e9, 6)


def frame_of(history: History, judgement: Judgement) -> Frame | None:
    times = [event.at_ns for event in history.events if event.at_ns > 0]
    for records in (history.operations, history.samples):
        for name in ("call_ns", "return_ns"):
            known = records[name][records[name] > 0]
            if len(known):
                times += [int(known.min()), int(known.max())]
    if not times:
        return None
    begin, end = min(times), max(times)
    fault = judgement.timeline.at(instants.FAULT_AT)
    end = max(end, begin + 1_000_000)
    return Frame(
        origin_ns=fault.at_ns if fault else begin,
        begin_ns=begin,
        end_ns=end,
        views=_views(judgement, begin, end),
    )


def _views(judgement: Judgement, begin: int, end: int) -> tuple[View, ...]:
    """The shortest that shows what happened, first; then wider ones, at last the whole trial."""
    edge = (end - begin) // 100
    whole = View(name="whole trial", begin_ns=begin - edge, end_ns=end + edge)
    fault = judgement.timeline.at(instants.FAULT_AT)
    if fault is None:
        return (whole,)
    views = [whole]
    last = _quiet_after(judgement, fault.at_ns)
    if (end - begin) > _SQUEEZED * (last - fault.at_ns) > 0:
        views.insert(0, _view("from the fault", fault.at_ns, last, begin, end))
    noticed = judgement.timeline.at(instants.SDOWN_AT)
    waited = noticed.at_ns - fault.at_ns if noticed else 0
    if noticed and waited > _WAITING * (last - noticed.at_ns) > 0:
        views.insert(0, _view("the failover", noticed.at_ns, last, begin, end))
    return tuple(views)


def _quiet_after(judgement: Judgement, fault_ns: int) -> int:
    """When the failover was over and a time began in which nothing happened for longer than all until then."""
    gap, timeline = judgement.availability.gap, judgement.timeline
    times = [instant.at_ns for instant in timeline.instants.values()]
    times += [switch.heard.at_ns for switch in timeline.switches]
    times += [gap.end_ns] if gap and gap.end_ns is not None else []
    later = sorted(at for at in times if at > fault_ns)
    if not timeline.failover:
        return max(later, default=fault_ns)
    last = max((instant.at_ns for name, instant in timeline.instants.items() if name in _FAILOVER), default=fault_ns)
    for at in later:
        if at - last > last - fault_ns:
            break
        last = max(at, last)
    return last


def _view(name: str, first: int, last: int, begin: int, end: int) -> View:
    """With some room on both sides, where the trial has any."""
    room = int((last - first) * _ROOM)
    return View(name=name, begin_ns=max(first - room, begin), end_ns=min(last + room, end))


def origin_name(judgement: Judgement) -> str:
    return "fault" if judgement.timeline.at(instants.FAULT_AT) else "first record"
