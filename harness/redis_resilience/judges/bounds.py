"""Measured phases beside what the live configuration allows; one outside its bounds gets a named cause or none.

A phase is inside if any point of its error bar is, unless that is wider than the bounds, and than a tick of Sentinel's
timer. A cause is named only where it accounts for as much as the phase is too long; `unexplained` is an honest answer
and makes the trial `unknown`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges import elections
from redis_resilience.judges.answer import TIMED, Answer, Assumption, Judge
from redis_resilience.judges.evidence import (
    fault_of,
    master_fault,
    name_at,
    off_plan_ns,
    samples_of,
    sent,
    server_index,
    told,
)
from redis_resilience.judges.masters import Promotion, promotions, unannounced
from redis_resilience.judges.reading import Reading
from redis_resilience.judges.timeline import timeline_of
from redis_resilience.judges.untouched import silences
from redis_resilience.judges.voters import voters_of
from redis_resilience.model.environment import Bound, Prediction
from redis_resilience.model.events import EngineRefused, FaultEffect, Lookup, Role
from redis_resilience.model.instants import (
    ASKED_AT,
    DEAD_AT,
    ELECTED_AT,
    FAULT_AT,
    FIRST_WRITE_AT,
    PROMOTED_AT,
    STARTED_AT,
    Instant,
)
from redis_resilience.model.operations import Cause, Result
from redis_resilience.model.periods import ASK_MS, DESYNC_MS, RECONFIGURATION_MS, TICK_MS, TILT_MS
from redis_resilience.model.sentinel_log import UNRESOLVED
from redis_resilience.model.traits import Takes
from redis_resilience.model.verdict import Finding, PhaseCheck, Timeline, Verdict

EXPECTED = "failover.expected"
ONCE = "failover.once"
EXPLAINED = "bounds.explained"
UNEXPLAINED = "unexplained"
NOT_SEEN = "not seen"
TOO_COARSE = "its bounds are closer together than it is known to"

_YOUNG = "a Sentinel's reconnect was rate-limited, so it counted from the last reply; its +sdown was withdrawn"
_NAMELESS = (
    "its DNS record was removed before the process exited: a Sentinel that reconnected counted from the last reply"
)
_ENDING = (
    "it received SIGTERM before: a server that waits for its replicas blocks a Sentinel's messages, and the PINGs "
    "behind them"
)
_SPLIT = "split vote: no Sentinel got a majority, tried again later"
_RECONFIGURED = "the leader waited for a replica to take its new master"
_ATTEMPT_FAILED = {
    "-failover-abort-not-elected": _SPLIT,
    "-failover-abort-no-good-slave": "no suitable replica to promote",
    "-failover-abort-slave-timeout": "the chosen replica did not become master in time",
}
_WAITED = {
    "+tilt": ("a Sentinel was in TILT: its clock jumped or it was stalled", TILT_MS),
    "-slave-reconf-sent-timeout": (_RECONFIGURED, RECONFIGURATION_MS),
    "+slave-reconf-sent-timeout": (_RECONFIGURED, RECONFIGURATION_MS),
}
_END_FOR_TIMEOUT = "+failover-end-for-timeout"
_STEPS = ("+elected-leader", "+selected-slave", "+failover-state-wait-promotion")
_HELLO_MS = 2000.0
"""Sentinel's period of hellos, by which a leader informs the others of a new master."""


def judge(reading: Reading) -> Answer[tuple[PhaseCheck, ...]]:
    """Every predicted phase, checked; and whether a failover happened as expected."""
    times = timeline_of(reading)
    checks: tuple[PhaseCheck, ...] = ()
    findings = [_expected(reading, times), _once(reading)]
    if times.failover:
        prediction = reading.environment.prediction
        chain = prediction.bounds
        if times.planned_failover:
            chain = prediction.planned_failover or _without_a_vote(prediction.bounds, times)
        checks = tuple(_check(reading, times, bound) for bound in _holding(chain, times))
        findings.append(_explained(checks))
    return Answer(measures=checks, findings=tuple(findings))


def _without_a_vote(chain: tuple[Bound, ...], timeline: Timeline) -> tuple[Bound, ...]:
    """What holds of a failover that was requested and not predicted: the phases after an election that was seen.

    Clients may stay with the old master until it ends, or leave it before: where its writes are paused they run out of
    time.
    """
    found = []
    for bound in chain:
        begin, end = timeline.at(bound.origin), timeline.at(DEAD_AT)
        if bound.origin not in (ELECTED_AT, PROMOTED_AT) or begin is None:
            continue
        if bound.name == FIRST_WRITE_AT:
            sooner_ms = begin.ms_after(end) if end else 0.0
            left = replace(bound, origin=DEAD_AT, lower_ms=min(sooner_ms, bound.lower_ms), alternative=True)
            found += [replace(bound, alternative=True), left]
        else:
            found.append(bound)
    return tuple(found)


def _holding(chain: tuple[Bound, ...], timeline: Timeline) -> tuple[Bound, ...]:
    """Without those alternatives whose phase has to wait for something that comes later."""

    def ends_ns(bound: Bound) -> float:
        begin = timeline.at(bound.origin)
        return begin.latest_ns + bound.upper_ms * 1e6 if begin else -math.inf

    last: dict[str, Bound] = {}
    for bound in chain:
        if bound.alternative and (bound.name not in last or ends_ns(bound) > ends_ns(last[bound.name])):
            last[bound.name] = bound
    return tuple(bound for bound in chain if not bound.alternative or bound is last[bound.name])


def _check(reading: Reading, timeline: Timeline, bound: Bound) -> PhaseCheck:
    begin, end = timeline.at(bound.origin), timeline.at(bound.name)
    if begin is None or end is None:
        return PhaseCheck(
            name=bound.name,
            origin=bound.origin,
            lower_ms=bound.lower_ms,
            upper_ms=bound.upper_ms,
            measured_ms=None,
            error_ms=0.0,
            inside=False,
            cause=NOT_SEEN,
        )
    least = (end.earliest_ns - begin.latest_ns) / 1e6
    most = (end.latest_ns - begin.earliest_ns) / 1e6
    inside = most >= bound.lower_ms and least <= bound.upper_ms
    cause = ""
    if inside and most - least > max(bound.upper_ms - bound.lower_ms, TICK_MS):
        inside, cause = False, f"{TOO_COARSE} {most - least:.0f} ms"
    elif not inside:
        late_ms = least - bound.upper_ms
        cause = _late(reading, timeline, bound, late_ms) if late_ms > 0 else _early(reading, timeline, bound, end)
    return PhaseCheck(
        name=bound.name,
        origin=bound.origin,
        lower_ms=bound.lower_ms,
        upper_ms=bound.upper_ms,
        measured_ms=end.ms_after(begin),
        error_ms=begin.error_ms + end.error_ms,
        inside=inside,
        cause=cause or ("" if inside else UNEXPLAINED),
    )


def _late(reading: Reading, timeline: Timeline, bound: Bound, excess_ms: float) -> str:
    """What made a phase longer than the configuration allows; "" where that is not known."""
    begin, end = timeline.at(bound.origin), timeline.at(bound.name)
    if begin is None or end is None:
        return ""
    stayed = _stayed(reading, timeline, begin, end, excess_ms) if bound.name == FIRST_WRITE_AT else ""
    return stayed or _named(reading, begin, end, excess_ms) or _slow(reading, timeline, begin, end, excess_ms)


def _stayed(reading: Reading, timeline: Timeline, begin: Instant, end: Instant, excess_ms: float) -> str:
    """Whether clients stayed that long with the old master, which was not demoted yet; "" if not.

    One that is back just before the Sentinels name another is master by their answer, and may lack replicas.
    """
    at_old = reading.rows[reading.rows["server"] == server_index(reading, timeline.old_master)]
    answers = (
        ("accepted writes", at_old["outcome"] == Result.OK),
        ("refused writes with NOREPLICAS", at_old["cause"] == Cause.NOREPLICAS),
    )
    for how, answered in answers:
        by_old = at_old[answered]
        before_end = by_old["return_ns"][by_old["call_ns"] < end.earliest_ns]
        stayed_ms = (int(before_end.max()) - begin.earliest_ns) / 1e6 if len(before_end) else 0.0
        if stayed_ms >= excess_ms:
            return f"{timeline.old_master} {how} for {stayed_ms:.0f} ms more: its clients stayed with it"
    return ""


def _early(reading: Reading, timeline: Timeline, bound: Bound, end: Instant) -> str:
    """Why a Sentinel missed the master sooner than the fault allows; "" where that is not known."""
    if bound.origin != FAULT_AT:
        return ""
    fault, asked = timeline.at(FAULT_AT), timeline.at(ASKED_AT)
    if fault and _taken_back(reading, fault, end):
        return _YOUNG
    if asked and any(
        item.instant.at_ns <= end.latest_ns and name_at(reading, {}, item.text) == timeline.old_master
        for item in told(reading, UNRESOLVED, since_ns=asked.earliest_ns)
    ):
        return _NAMELESS
    effect = master_fault(reading)
    told_to_end = effect is not None and fault_of(reading, effect).traits.asked_to_end
    if effect and told_to_end and (end.latest_ns - effect.earliest_ns) / 1e6 >= bound.lower_ms:
        return _ENDING
    return ""


def _named(reading: Reading, begin: Instant, end: Instant, excess_ms: float) -> str:
    """What the Sentinels themselves report of attempts that failed or had to wait, if together that long; else ""."""
    accounted: dict[str, float] = {}
    events = told(reading, "+try-failover", *_ATTEMPT_FAILED, *_WAITED, _END_FOR_TIMEOUT, since_ns=begin.earliest_ns)
    tries = 0
    for item in events:
        if item.instant.earliest_ns > end.latest_ns:
            continue
        if item.kind == "+try-failover":
            tries += 1
            continue
        cause, ms = _accounts(reading, item.kind)
        accounted[cause] = accounted.get(cause, 0.0) + ms
    if not accounted and tries > 1:
        cause = "split vote: Sentinels asked for votes more than once"
        accounted[cause] = (tries - 1) * _next_attempt_ms(reading)
    return "; ".join(accounted) if sum(accounted.values()) >= excess_ms else ""


def _accounts(reading: Reading, kind: str) -> tuple[str, float]:
    """The cause that such a message names, and the longest delay that one of them means."""
    if kind in _ATTEMPT_FAILED:
        return _ATTEMPT_FAILED[kind], _next_attempt_ms(reading)
    if kind in _WAITED:
        return _WAITED[kind]
    return "the leader waited for a replica up to the failover-timeout", _failover_timeout_ms(reading)


def _next_attempt_ms(reading: Reading) -> float:
    """From one attempt to the next: twice the failover-timeout, a random part of a second, and another attempt."""
    return 2 * _failover_timeout_ms(reading) + DESYNC_MS + ASK_MS


def _failover_timeout_ms(reading: Reading) -> float:
    return float(max((view.failover_timeout_ms for view in reading.environment.sentinels), default=0))


def _slow(reading: Reading, timeline: Timeline, begin: Instant, end: Instant, excess_ms: float) -> str:
    """What stalled for as long as the phase was too long: machine, Sentinel or server; "" for nothing."""
    fault = timeline.at(FAULT_AT) or begin
    stall = _stall_ms(reading, begin.earliest_ns, end.latest_ns, usual_until_ns=fault.earliest_ns)
    late = _late_ms(reading, begin, end)
    lost = _lookups_ms(reading, timeline, begin, end)
    until_hello = lost + _HELLO_MS if lost and _announced_by_leader(timeline, end) else 0.0
    asked = _client_lookups_ms(reading, begin, end)
    save = _save_ms(reading, begin, end)
    loading = _loading_ms(reading, timeline, begin, end)
    refused = _refused_ms(reading, timeline, begin, end)
    accounts = (
        (
            refused,
            f"{timeline.new_master} refused writes with NOREPLICAS for {refused:.0f} ms{_wanted(reading, timeline)}",
        ),
        (stall, f"this machine stalled for {stall:.0f} ms"),
        (late, f"a Sentinel's timer was late by {late:.0f} ms in all, by its own log"),
        (lost, f"a Sentinel was {lost:.0f} ms late in all for DNS lookups of a deleted name, by its own log"),
        (until_hello, f"a Sentinel missed a hello (one per 2 s) in a DNS lookup of {lost:.0f} ms of a deleted name"),
        (asked, f"the client that wrote first waited for DNS lookups for {asked:.0f} ms"),
        (save, f"a Sentinel took {save:.0f} ms to save its vote to its disk"),
        (loading, f"{timeline.new_master} was loading its data for up to {loading:.0f} ms"),
    )
    return next((cause for accounted_ms, cause in accounts if accounted_ms >= excess_ms), "")


def _taken_back(reading: Reading, fault: Instant, end: Instant) -> bool:
    """Whether the Sentinel whose +sdown ended the phase published -sdown next."""
    said = [
        item
        for item in told(reading, "+sdown", "-sdown", since_ns=fault.earliest_ns)
        if item.text.startswith("master ")
    ]
    first = next((item for item in said if item.kind == "+sdown" and item.instant == end), None)
    if first is None:
        return False
    later = [item for item in said if item.sentinel == first.sentinel and item.instant.at_ns > end.at_ns]
    return bool(later) and later[0].kind == "-sdown"


def _stall_ms(reading: Reading, begin_ns: int, end_ns: int, *, usual_until_ns: int) -> float:
    """How long nothing ran here, or the worst scheduling delay of a send.

    Time in which no server at all was sampled, as far as that is longer than ever before the fault.
    """
    samples = np.sort(reading.samples["return_ns"])
    first = max(int(np.searchsorted(samples, begin_ns)) - 1, 0)
    hole = _widest_ms(samples[first : np.searchsorted(samples, end_ns, side="right") + 1])
    hole -= _widest_ms(samples[: np.searchsorted(samples, usual_until_ns, side="right")])
    rows = reading.rows
    during = sent(rows) & (rows["call_ns"] >= begin_ns) & (rows["call_ns"] <= end_ns)
    late = (rows["call_ns"] - rows["due_ns"])[during]
    return max(hole, float(late.max()) / 1e6 if len(late) else 0.0)


def _late_ms(reading: Reading, begin: Instant, end: Instant) -> float:
    """By how much the steps of one Sentinel, one at each run of its timer, were further apart than the timer allows."""
    steps: dict[str, list[Instant]] = {}
    for item in told(reading, *_STEPS, since_ns=begin.earliest_ns):
        if item.instant.earliest_ns <= end.latest_ns:
            steps.setdefault(item.sentinel, []).append(item.logged or item.instant)
    return max(
        (
            sum(max(later.ms_after(sooner) - TICK_MS, 0.0) for sooner, later in pairwise(taken))
            for taken in steps.values()
        ),
        default=0.0,
    )


def _lookups_ms(reading: Reading, timeline: Timeline, begin: Instant, end: Instant) -> float:
    """By how much one Sentinel's failed DNS lookups of the old master were further apart than its reconnect period.

    It does nothing else while it waits for the resolver.
    """
    every_ms = TICK_MS + max((view.ping_period_ms for view in reading.environment.sentinels), default=0)
    tries: dict[str, list[Instant]] = {}
    for item in told(reading, UNRESOLVED, since_ns=begin.earliest_ns):
        if name_at(reading, {}, item.text) == timeline.old_master and item.instant.earliest_ns <= end.latest_ns:
            tries.setdefault(item.sentinel, []).append(item.instant)
    return max(
        (
            sum(max(later.ms_after(sooner) - every_ms, 0.0) for sooner, later in pairwise(tried))
            for tried in tries.values()
        ),
        default=0.0,
    )


def _announced_by_leader(timeline: Timeline, end: Instant) -> bool:
    """Whether the leader itself was the first to announce the new master: else a follower that heard its hello was."""
    first = min(timeline.switches, key=lambda switch: (switch.at.latest_ns, switch.sentinel), default=None)
    return first is not None and first.leader and first.at.latest_ns <= end.latest_ns


def _client_lookups_ms(reading: Reading, begin: Instant, end: Instant) -> float:
    """How long the client whose write ended the phase waited for the resolver in it; 0 where no write ended it."""
    rows = reading.rows
    ended = rows[(rows["call_ns"] == end.earliest_ns) & (rows["return_ns"] == end.latest_ns)]
    return sum(
        max(min(event.at_ns, end.latest_ns) - max(event.earliest_ns, begin.earliest_ns), 0) / 1e6
        for event in reading.of(Lookup)
        if event.client in ended["client"].tolist()
    )


def _save_ms(reading: Reading, begin: Instant, end: Instant) -> float:
    """The longest time from an epoch that a Sentinel met to its vote in it; in between it saves its file."""
    longest = 0.0
    met: dict[str, Instant] = {}
    for item in told(reading, "+new-epoch", "+vote-for-leader", since_ns=begin.earliest_ns):
        at = item.logged or item.instant
        if item.kind == "+new-epoch":
            met[item.sentinel] = at
        elif item.sentinel in met and at.earliest_ns <= end.latest_ns:
            longest = max(longest, at.ms_after(met[item.sentinel]))
    return longest


def _widest_ms(times: NDArray[np.int64]) -> float:
    return float(np.diff(times).max()) / 1e6 if len(times) > 1 else 0.0


def _refused_ms(reading: Reading, timeline: Timeline, begin: Instant, end: Instant) -> float:
    """From the first to the last write in the phase that the new master refused for want of replicas."""
    rows = reading.rows
    mine = (rows["server"] == server_index(reading, timeline.new_master)) & (rows["cause"] == Cause.NOREPLICAS)
    during = rows[mine & (rows["call_ns"] >= begin.earliest_ns) & (rows["return_ns"] <= end.latest_ns)]
    return float(during["return_ns"].max() - during["call_ns"].min()) / 1e6 if len(during) else 0.0


def _wanted(reading: Reading, timeline: Timeline) -> str:
    """The setting of the new master that asks for replicas, where it is known."""
    index = server_index(reading, timeline.new_master)
    config = reading.environment.servers[index].config if index >= 0 else {}
    wanted = config.get("min-replicas-to-write", "")
    return f": min-replicas-to-write {wanted}, and fewer followed it" if wanted else ""


def _loading_ms(reading: Reading, timeline: Timeline, begin: Instant, end: Instant) -> float:
    """For how long at most the new master was loading in the phase, by the samples around those that say so."""
    own = samples_of(reading, server_index(reading, timeline.new_master))
    during = (own["return_ns"] >= begin.earliest_ns) & (own["call_ns"] <= end.latest_ns)
    loading = np.flatnonzero(during & (own["role"] == Role.LOADING))
    if not len(loading):
        return 0.0
    since_ns = int(own["call_ns"][max(int(loading[0]) - 1, 0)])
    until_ns = int(own["return_ns"][min(int(loading[-1]) + 1, len(own) - 1)])
    return (until_ns - since_ns) / 1e6


def _expected(reading: Reading, timeline: Timeline) -> Finding:
    prediction = reading.environment.prediction
    planned = reading.plan.expect.failover
    wanted = prediction.failover if planned is None else planned
    because = f"because {prediction.because}" if planned is None else "by the scenario"
    by = "the pod created in its place" if timeline.new_master == timeline.old_master else timeline.new_master
    seen = f"{timeline.old_master} was replaced by {by}" if timeline.failover else "No failover"
    refused = reading.of(EngineRefused)
    if not refused and (quiet := unannounced(reading)) and not timeline.failover:
        told_by = f"{quiet} is master at the end, and no {voters_of(reading).NOUN} announced it"
        return Finding(name=EXPECTED, verdict=Verdict.UNKNOWN, text=f"expected announcements of a failover; {told_by}")
    if wanted is None:
        return Finding(name=EXPECTED, verdict=Verdict.PASS, text=f"no prediction {because}; {seen}")
    verdict = Verdict.PASS if wanted == timeline.failover else Verdict.FAIL
    fault = timeline.at(FAULT_AT)
    said, why = "", ""
    if refused and not timeline.failover:
        verdict, why = Verdict.PASS, f"the upgrade ended at {refused[0].pod}, before the master's turn"
    elif fault and not timeline.failover:
        said = elections.reported(reading, fault)
        if wanted:
            verdict, why = elections.weighed(reading, fault)
    elif verdict is Verdict.FAIL and fault is None:
        verdict, why = Verdict.UNKNOWN, "no fault of the plan explains it"
    elif verdict is Verdict.FAIL and fault and planned is None:
        why = elections.won_by_return(reading, fault) or _back_too_late(prediction, timeline)
        verdict = Verdict.PASS if why else verdict
    if verdict is Verdict.FAIL and (somebody := _by_somebody(reading, timeline)):
        verdict, why = Verdict.UNKNOWN, somebody
    text = f"expected {'a' if wanted else 'no'} failover {because}; {seen}"
    return Finding(name=EXPECTED, verdict=verdict, text="; ".join(part for part in (text, said, why) if part))


def _back_too_late(prediction: Prediction, timeline: Timeline) -> str:
    """Whether the master that was predicted to be back in time was not, and was replaced when that was due."""
    fault, replaced, back = (timeline.at(name) for name in (FAULT_AT, PROMOTED_AT, STARTED_AT))
    if prediction.back_by_ms is None or prediction.due_ms is None or not (fault and replaced and back):
        return ""
    away_ms = back.ms_after(fault)
    if away_ms <= prediction.back_by_ms or replaced.ms_after(fault) < prediction.due_ms:
        return ""
    return f"{timeline.old_master} was back only after {away_ms:.0f} ms, which was not in time"


def _by_somebody(reading: Reading, timeline: Timeline) -> str:
    """What beside the plan explains that the prediction did not come true; "" where nothing does."""
    if timeline.failover and not any(_of_redis(reading, change) for change in promotions(reading)):
        return (
            "no fault of the plan explains it: it was requested, the master had not answered before, or a heal failed"
        )
    return ""


def _of_redis(reading: Reading, change: Promotion) -> bool:
    """Whether a change of master was not requested, and follows neither a failed heal nor an unexplained silence."""
    off_ns = off_plan_ns(reading)
    planned = off_ns is None or _began(change).latest_ns < off_ns
    return planned and change not in elections.requested(reading) and change.old not in dict(silences(reading))


def _once(reading: Reading) -> Finding:
    """A fault may cost its master once; a healthy master that is replaced too was wrongly taken for dead.

    One that somebody had replaced, or stopped, is an unplanned change.
    """
    changes = promotions(reading)
    by_itself = sum(_of_redis(reading, change) for change in changes)
    allowed = max(len({effect.fault for effect in reading.of(FaultEffect) if _may_cost_master(reading, effect)}), 1)
    masters = " > ".join([reading.environment.master, *(change.new for change in changes)])
    return Finding(
        name=ONCE,
        verdict=Verdict.FAIL if by_itself > allowed else Verdict.PASS,
        text=f"expected {allowed} changes of master or fewer; got {len(changes)} ({masters})"
        + (f", {len(changes) - by_itself} of them by no fault of the plan" if by_itself < len(changes) else ""),
    )


def _may_cost_master(reading: Reading, effect: FaultEffect) -> bool:
    """Whether a server that was master by then was hit, or could be reached no more, or was asked to leave."""
    traits = fault_of(reading, effect).traits
    if traits.partitions or traits.planned or traits.takes is Takes.CONTROLLER:
        return True
    begun = [change for change in promotions(reading) if _began(change).earliest_ns <= effect.at_ns]
    over = [change for change in begun if _began(change).latest_ns <= effect.earliest_ns]
    masters = [reading.environment.master, *(change.new for change in begun)]
    return not effect.servers.isdisjoint(masters[len(over) :])


def _began(change: Promotion) -> Instant:
    return change.at or change.switches[0].heard


def _explained(checks: tuple[PhaseCheck, ...]) -> Finding:
    outside = [check for check in checks if not check.inside]
    unknown = [check for check in outside if check.cause.startswith((UNEXPLAINED, NOT_SEEN, TOO_COARSE))]
    told_of = "; ".join(_sentence(check) for check in outside)
    return Finding(
        name=EXPLAINED,
        verdict=Verdict.UNKNOWN if unknown else Verdict.PASS,
        text=f"expected each of {len(checks)} phases within its predicted bounds or explained; "
        + (told_of or "all are within"),
    )


def _sentence(check: PhaseCheck) -> str:
    bounds = f"{check.lower_ms:.0f} to {check.upper_ms:.0f} ms"
    seen = check.cause if check.measured_ms is None else f"{check.measured_ms:.0f} ms ({check.cause})"
    return f"{check.name} {bounds} after {check.origin}: {seen}"


_NO_PHASES: tuple[PhaseCheck, ...] = ()
JUDGE = Judge(
    name="bounds",
    ask=judge,
    nothing=_NO_PHASES,
    needs={EXPECTED: TIMED, ONCE: TIMED, EXPLAINED: TIMED | {Assumption.LOAD}},
)
