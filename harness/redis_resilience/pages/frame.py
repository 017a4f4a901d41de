"""What every picture of a trial shares: the form of a figure, and where second 0 is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis_resilience.model import instants
from redis_resilience.model.history import History
from redis_resilience.model.verdict import Judgement

Figure = dict[str, Any]
"""A plotly figure, or a part of one, as its JSON."""

GRID = "rgba(128,128,128,0.25)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The picture of a trial's clock: where second 0 is and what the picture spans."""

    origin_ns: int
    begin_ns: int
    end_ns: int

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
    return Frame(origin_ns=fault.at_ns if fault else begin, begin_ns=begin, end_ns=max(end, begin + 1_000_000))


def origin_name(judgement: Judgement) -> str:
    return "fault" if judgement.timeline.at(instants.FAULT_AT) else "first record"
