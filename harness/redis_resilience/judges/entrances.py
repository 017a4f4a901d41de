"""The clients' way in: what became of those that go through a Service or a proxy, apart from those that follow the
Sentinels.

Where they could write later, the difference is explained by what is on record of their own attempts in it, and by
nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges.answer import TIMED, Answer, Assumption, Judge
from redis_resilience.judges.availability import length_ms, longest_gap
from redis_resilience.judges.evidence import fault_at_ns, phase_at, server_index, writers_of
from redis_resilience.judges.ledger import KEYS, lost_writes
from redis_resilience.judges.loss import announced_ns
from redis_resilience.judges.masters import final_master, promotions
from redis_resilience.judges.reading import Reading
from redis_resilience.model.columns import Columns
from redis_resilience.model.events import PodReady
from redis_resilience.model.operations import Cause, Result, key_text
from redis_resilience.model.verdict import Figures, Finding, Gap, Verdict

OUTAGE = "entrances.outage"
WRITES = "entrances.writes"
_WORDS = {
    Cause.REFUSED: "found nothing that accepted a connection",
    Cause.NO_MASTER: "came while their clients connected again",
    Cause.WAITING: "came while their clients waited for a reply",
    Cause.READONLY: "were sent to a replica",
    Cause.LOADING: "were sent to a server that still loaded its data",
    Cause.MASTERDOWN: "were sent to a replica without a master",
    Cause.TIMEOUT: "had no reply in time",
    Cause.CLOSED: "lost their connection",
}
_NAMED_SERVERS = (Cause.READONLY, Cause.LOADING, Cause.MASTERDOWN, Cause.TIMEOUT, Cause.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entrance:
    """A target, and the writes of all clients that go through it."""

    target: str
    rows: Columns

    @property
    def acknowledged(self) -> Columns:
        good: Columns = self.rows[self.rows["outcome"] == Result.OK]
        return good


def judge(reading: Reading) -> Answer[Figures]:
    """No finding where no client goes through an entrance."""
    found = tuple(_entrances(reading))
    if not found:
        return Answer(measures={})
    since_ns = fault_at_ns(reading)
    _, follows = writers_of(reading)
    beside = reading.rows[follows] if any(each.follows for each in reading.plan.load.writers) else None
    figures: Figures = {}
    told = []
    for each in found:
        gap = _gap(each.rows, since_ns)
        of_followers = None if beside is None else _gap(beside, since_ns)
        figures[f"{each.target} outage_ms"] = round(_ms(each.rows, gap), 1)
        told.append(_outage(reading, each, gap, beside, of_followers))
    return Answer(measures=figures, findings=(_joined(OUTAGE, told), _joined(WRITES, [_writes(reading, *found)])))


def _entrances(reading: Reading) -> Iterator[_Entrance]:
    groups = reading.plan.load.writers
    targets = [group.target for group in groups for _ in range(group.count)]
    numbers, _ = writers_of(reading)
    for target in dict.fromkeys(group.target for group in groups if group.entrance and group.kind == "write"):
        members = np.array([each == target for each in targets])
        yield _Entrance(target=target, rows=reading.rows[members[numbers]])


def _gap(rows: Columns, since_ns: int | None) -> Gap | None:
    returns = np.sort(rows["return_ns"][rows["outcome"] == Result.OK])
    return longest_gap(returns, since_ns, _end_ns(rows), "all")


def _end_ns(rows: Columns) -> int:
    return int(rows["due_ns"].max()) if len(rows) else 0


def _ms(rows: Columns, gap: Gap | None) -> float:
    return length_ms(gap, _end_ns(rows))


def _outage(
    reading: Reading, entrance: _Entrance, gap: Gap | None, beside: Columns | None, of_followers: Gap | None
) -> tuple[Verdict, str]:
    begin = phase_at(reading, "fault")
    if begin is None or not (entrance.acknowledged["return_ns"] < begin).any():
        why = f"; {_attempts(reading, entrance.rows)}" if len(entrance.rows) else ""
        return Verdict.UNKNOWN, (
            f"{entrance.target}: no write acknowledged in the baseline{why}; is that its name and port, and does it "
            "lead to these servers?"
        )
    own_ms = _ms(entrance.rows, gap)
    text = f"{entrance.target}: {_length(own_ms, gap)} without an acknowledged write"
    if beside is None:
        return Verdict.PASS, f"{text}; no clients that follow the Sentinels are beside them"
    text += f", {_length(_ms(beside, of_followers), of_followers)} for clients that follow the Sentinels"
    if gap is None or of_followers is None or of_followers.end_ns is None:
        return Verdict.PASS, text
    ended = gap.end_ns is not None
    begin_ns, end_ns = of_followers.end_ns, gap.end_ns or _end_ns(entrance.rows)
    if end_ns <= begin_ns:
        return Verdict.PASS, f"{text}; they wrote again no later"
    later = f"they wrote again {(end_ns - begin_ns) / 1e6:.0f} ms later"
    if not ended:
        later = f"they had not written again {(end_ns - begin_ns) / 1e6:.0f} ms later, when the load ended"
    return Verdict.PASS, f"{text}; {later}: {_why(reading, entrance, begin_ns, end_ns, ended=ended)}"


def _length(ms: float, gap: Gap | None) -> str:
    return f"{'more than ' if gap and gap.censored else ''}{ms:.0f} ms"


def _why(reading: Reading, entrance: _Entrance, begin_ns: int, end_ns: int, *, ended: bool) -> str:
    """What is on record of the time in which only the others could write."""
    rows = entrance.rows
    inside = rows[(rows["due_ns"] >= begin_ns) & (rows["due_ns"] < end_ns) & (rows["outcome"] != Result.OK)]
    told = _attempts(reading, inside) if len(inside) else "none of their writes was due meanwhile"
    if ended:
        good = entrance.acknowledged
        first = good[good["return_ns"] == end_ns][:1]
        name = _name(reading, int(first["server"][0])) if len(first) else ""
        for ready in reading.of(PodReady):
            if ready.pod == name and begin_ns <= ready.at_ns <= end_ns:
                earlier_ms = (end_ns - ready.at_ns) / 1e6
                told += f"; {name}, which answered first, became ready {earlier_ms:.0f} ms before that"
    return told


def _attempts(reading: Reading, failed: Columns) -> str:
    """By cause, most frequent first, with the servers that were asked."""
    values, counts = np.unique(failed["cause"], return_counts=True)
    told = []
    for value, count in sorted(zip(values.tolist(), counts.tolist(), strict=True), key=lambda pair: -pair[1]):
        cause = Cause(value)
        asked = np.unique(failed["server"][failed["cause"] == value]).tolist() if cause in _NAMED_SERVERS else []
        names = ", ".join(filter(None, (_name(reading, each) for each in asked)))
        told.append(f"{count} {_WORDS.get(cause, f'failed with {cause.name}')}{f' ({names})' if names else ''}")
    return ", ".join(told)


def _writes(reading: Reading, *entrances: _Entrance) -> tuple[Verdict, str]:
    """How many were acknowledged, by servers that were not the master too, and how many of them are lost."""
    final = final_master(reading)
    lost = {write.key for write in lost_writes(reading)}
    told = []
    for each in entrances:
        good = each.acknowledged
        text = f"{each.target}: {len(good)} acknowledged"
        for name, rows in _by_others(reading, good):
            text += f", {len(rows)} of them by {name}, which was not the master"
        if final is not None:
            gone = sum(key_text(reading.plan.trial, int(key)) in lost for key in good["key"]) if lost else 0
            text += f", {gone} lost"
        told.append(text)
    return Verdict.UNKNOWN if final is None else Verdict.PASS, "; ".join(told)


def _by_others(reading: Reading, good: Columns) -> Iterator[tuple[str, Columns]]:
    """Acknowledged by another server than the master, for certain: after one promotion and before the next began."""
    changes = promotions(reading)
    begins = [0, *(announced_ns(change) for change in changes)]
    ends = [*(change.at.earliest_ns if change.at else announced_ns(change) for change in changes), None]
    masters = [reading.environment.master, *(change.new for change in changes)]
    wrong: NDArray[np.bool_] = np.zeros(len(good), dtype=np.bool_)
    for begin, end, master in zip(begins, ends, masters, strict=True):
        during = good["call_ns"] >= begin
        if end is not None:
            during &= good["return_ns"] < end
        wrong |= during & (good["server"] != server_index(reading, master))
    for index in np.unique(good["server"][wrong]).tolist():
        yield _name(reading, index), good[wrong & (good["server"] == index)]


def _name(reading: Reading, index: int) -> str:
    servers = reading.environment.servers
    return servers[index].name if index < len(servers) else ""


def _joined(name: str, told: list[tuple[Verdict, str]]) -> Finding:
    expected = {
        OUTAGE: "expected clients that go through an entrance to be measured beside those that follow the Sentinels",
        WRITES: "expected the writes of clients that go through an entrance to be accounted for",
    }[name]
    verdict = Verdict.UNKNOWN if any(each is Verdict.UNKNOWN for each, _ in told) else Verdict.PASS
    return Finding(name=name, verdict=verdict, text="; ".join((expected, *(text for _, text in told))))


_NO_FIGURES: Figures = {}
JUDGE = Judge(
    name="entrances",
    ask=judge,
    nothing=_NO_FIGURES,
    needs={OUTAGE: TIMED | {Assumption.LOAD}, WRITES: KEYS},
)
