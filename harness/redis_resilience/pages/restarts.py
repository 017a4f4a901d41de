"""Marks on the swim lanes where a server came back as another process, and whether its data came with it."""

from __future__ import annotations

from collections.abc import Iterable

from redis_resilience.model.events import Connected, ServerUp
from redis_resilience.model.history import History
from redis_resilience.model.verdict import Judgement
from redis_resilience.pages.frame import Figure, Frame

WITHOUT_DATA = "wipe"
OLDER_DATA = "not persisted"


def restarts(history: History, judgement: Judgement, frame: Frame) -> Iterable[Figure]:
    """One trace where any server came back, else none."""
    found = list(_found(history))
    if not found:
        return
    yield {
        "type": "scatter",
        "mode": "markers",
        "name": "new process",
        "yaxis": "y2",
        "x": [frame.s(at_ns) for _, at_ns in found],
        "y": [server for server, _ in found],
        "text": [_text(judgement, server) for server, _ in found],
        "marker": {"symbol": "cross", "color": "#10233a", "size": 12, "line": {"width": 1.5, "color": "#ffffff"}},
        "hovertemplate": "%{y}: %{text}, %{x:.3f} s<extra></extra>",
    }


def _found(history: History) -> Iterable[tuple[str, int]]:
    """Each server's first sight of each process other than the one before."""
    known = {server.name: server.run_id for server in history.environment.servers}
    met = set(known.items())
    for event in sorted(history.of(ServerUp, Connected), key=lambda event: event.at_ns):
        if event.server in known and event.run_id and (event.server, event.run_id) not in met:
            met.add((event.server, event.run_id))
            yield event.server, event.at_ns


def _text(judgement: Judgement, server: str) -> str:
    writes = judgement.writes
    if server == writes.final_master and WITHOUT_DATA in writes.lost_by_cause:
        return "came back as a new process without its data"
    if server == writes.final_master and OLDER_DATA in writes.lost_by_cause:
        return "came back as a new process with an older state of its data"
    return "came back as a new process"
