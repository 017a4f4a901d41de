"""What must happen after a fault, by the live settings of the Sentinels: failover or none, and within which bounds.

"No failover" is a prediction like any other, and so is "cannot be predicted": where a pod may be back just before or
just after it is replaced, the outcome is not known beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from redis_resilience.model import instants
from redis_resilience.model.environment import Bound, Prediction, SentinelView, Server
from redis_resilience.model.faults import Fault
from redis_resilience.model.periods import CAUGHT_UP_MS, TICK_MS, connected_by_ms
from redis_resilience.model.plan import Load, Scheduled, timed
from redis_resilience.model.traits import BackBy, Takes
from redis_resilience.prediction.away import SENTINEL, SERVER, Out, outs
from redis_resilience.prediction.candidates import Candidates
from redis_resilience.prediction.linked import linked_ms
from redis_resilience.prediction.phases import (
    EXCHANGE_MS,
    MET_MS,
    STARTED_MS,
    SentinelSettings,
    crash_bounds,
    planned_failover_bounds,
)
from redis_resilience.topologies.restarts import STAYS_DOWN, Absence, Comeback, RestartPolicy, absence


def predict(
    planned: Sequence[Scheduled],
    *,
    master: str,
    sentinels: tuple[SentinelView, ...],
    servers: tuple[Server, ...] = (),
    load: Load | None = None,
    policy: RestartPolicy = STAYS_DOWN,
    forbidden: str = "",
) -> Prediction:
    """What these faults must lead to while `master` is master.

    sentinels: the live view of every Sentinel that answered before the first fault. servers: likewise; () where only
    their number is known. load: needed for the bound on the first write of clients that follow the Sentinels; None
    leaves that bound out. policy: the restart policy of the pods. forbidden: why no Sentinel may promote.
    """
    replicas = [server.name for server in servers if server.name != master]
    known = min((view.known_replicas for view in sentinels), default=0)
    replicas = replicas or sorted({view.name for view in sentinels} - {master})[:known]
    away = outs(planned, master=master, replicas=replicas, sentinels=(view.name for view in sentinels), policy=policy)
    planned_first = _planned(planned, master, away, sentinels, load=load, policy=policy, forbidden=forbidden)
    if planned_first:
        return planned_first
    losses = [out for out in away if (out.pod, out.container) == (master, SERVER)]
    if not losses:
        return Prediction(failover=False, because="no fault hits the master")
    first, *later = (
        _of_loss(lost, away, sentinels, servers, load=load, policy=policy, forbidden=forbidden) for lost in losses
    )
    decisive = next((each for each in (first, *later) if each.failover is not False), first)
    # The phases are measured from the first loss.
    return decisive if decisive is first else replace(decisive, bounds=(), planned_failover=())


def _planned(
    planned: Sequence[Scheduled],
    master: str,
    away: tuple[Out, ...],
    sentinels: tuple[SentinelView, ...],
    *,
    load: Load | None,
    policy: RestartPolicy,
    forbidden: str,
) -> Prediction | None:
    """Of a plan whose first loss of the master is planned; None of any other.

    Asked for, a failover needs neither votes nor a quorum, but a replica that may be promoted.
    """
    hits = ((at_s * 1e3, fault) for at_s, fault in timed(planned) if fault.traits.planned and _includes(fault, master))
    at_ms, fault = next(hits, (0.0, None))
    if fault is None or any(out.from_ms <= at_ms and (out.pod, out.container) == (master, SERVER) for out in away):
        return None
    if not sentinels:
        return Prediction(failover=False, because="no Sentinel watches the master")
    lost = Out(pod=master, container=SERVER, fault=fault, from_ms=at_ms, least_ms=at_ms, most_ms=at_ms)
    settings = _settings(away, lost, sentinels)
    if impossible := forbidden or ("" if settings.replicas else "there is no replica to promote"):
        return Prediction(failover=False, because=impossible)
    settings = replace(settings, announcing=max(settings.announcing - 1, 1))
    within_ms = policy.planned_failover_ms or CAUGHT_UP_MS + TICK_MS + EXCHANGE_MS
    return Prediction(
        failover=True,
        because="the master's pod is replaced after a planned failover, which needs no votes",
        planned_failover=planned_failover_bounds(settings, within_ms=within_ms, load=load),
    )


def _includes(fault: Fault, master: str) -> bool:
    return fault.target in ("master", "every-server") or fault.target.partition("/")[0] == master


def _of_loss(
    lost: Out,
    away: tuple[Out, ...],
    sentinels: tuple[SentinelView, ...],
    servers: tuple[Server, ...],
    *,
    load: Load | None,
    policy: RestartPolicy,
    forbidden: str,
) -> Prediction:
    """What one loss of the master leads to, as long as it is still master then."""
    hit, traits = lost.fault, lost.fault.traits
    watching = {view.name for view in sentinels}
    if traits.takes is Takes.CONTROLLER and watching <= set(policy.same_controller or watching):
        return Prediction(
            failover=None,
            because="the Sentinels are down with the master, and either it or a replica may be first to return",
        )
    if not sentinels:
        return Prediction(failover=False, because="no Sentinel watches the master")
    settings = replace(_settings(away, lost, sentinels), linked_ms=linked_ms(servers, away, lost))
    decided_ms = _elected_by_ms(crash_bounds(settings, silent=traits.silent, load=None))
    candidates = Candidates.of(servers, lost.pod, away, lost, decided_ms=decided_ms)
    impossible = _impossible(settings) or forbidden or candidates.none
    if impossible:
        return Prediction(failover=False, because=impossible)
    # Clients that still reach the old master stay with it.
    bounds = crash_bounds(settings, silent=traits.silent, load=None if traits.clients_reach_it else load)
    planned_failover: tuple[Bound, ...] = ()
    recreated = traits.back_by is BackBy.RECREATION
    if recreated and policy.planned_failover_ms:
        planned_failover = planned_failover_bounds(settings, within_ms=policy.planned_failover_ms, load=load)
    absent = absence(hit, policy, settings.down_after_ms[0])
    noticed_ms = absent.most_ms + (2 * TICK_MS if traits.silent else connected_by_ms(settings.ping_ms))
    missed_ms = settings.missed_ms(silent=traits.silent)
    if noticed_ms < missed_ms and not planned_failover:
        return Prediction(
            failover=False,
            because=f"{absent.because} and the Sentinels reach it again within {noticed_ms:g} ms, before "
            f"D = {settings.down_after_ms[0]:g} ms" + settings.sooner(silent=traits.silent),
            back_by_ms=absent.most_ms + missed_ms - noticed_ms,
            due_ms=missed_ms,
        )
    stranger = policy.recreated if policy.apart and recreated and not planned_failover else None
    if stranger and (outvoted := _outvoted(settings, stranger, settings.known[0])):
        met_ms = stranger.most_ms + MET_MS
        if met_ms < missed_ms:
            return Prediction(
                failover=False,
                because=f"{outvoted}, and is known at {met_ms:g} ms or sooner, before D = "
                f"{settings.down_after_ms[0]:g} ms",
            )
    leaving = _impossible(_settings(away, lost, sentinels, until_elected=True))
    if leaving:
        leaving = f"{leaving} once the last of them is down, which is too close to the election to be certain"
    doubt = candidates.doubt or leaving or _doubt(settings, absent, stranger, bounds)
    doubt = doubt or _taken_early(lost, away, settings, absent, bounds)
    certain = (
        ("a planned failover before it stops, or else " if planned_failover else "")
        + f"the master is down for longer than D = {settings.down_after_ms[1]:g} ms ({absent.because}) and "
        f"{settings.live} of {settings.known[1]} known Sentinels are reachable (quorum {settings.quorum})"
        + (f"; enough of them only {settings.late_ms:g} ms after the fault" if settings.late_ms else "")
        + _too_short(settings)
    )
    return Prediction(
        failover=None if doubt else True,
        because=doubt or certain,
        bounds=bounds,
        retry_ms=2 * settings.failover_timeout_ms,
        planned_failover=planned_failover,
    )


def _doubt(settings: SentinelSettings, away: Absence, stranger: Comeback | None, bounds: tuple[Bound, ...]) -> str:
    """Why it cannot be predicted whether it is replaced; "" where it certainly is."""
    least, most = settings.known
    if settings.live < _majority(most):
        return (
            f"{settings.live} Sentinels are left: a majority ({_majority(least)}) of the {least} that one of them "
            f"knows, but not ({_majority(most)}) of the {most} that another one knows"
        )
    if stranger and stranger.least_ms < _elected_by_ms(bounds) and (outvoted := _outvoted(settings, stranger, most)):
        return f"{outvoted}; whether it is known within D = {settings.down_after_ms[0]:g} ms is uncertain"
    if away.least_ms < _elected_by_ms(bounds):
        return f"{away.because}, which is too close to D = {settings.down_after_ms[0]:g} ms to be certain"
    return ""


def _taken_early(
    lost: Out, away: tuple[Out, ...], settings: SentinelSettings, absent: Absence, bounds: tuple[Bound, ...]
) -> str:
    """Why a later fault may undo the failover for good; "" where the Sentinels' next attempt makes up for it.

    A leader whose promoted replica is lost before it saw the promotion gives up, and tries again 2 * failover-timeout
    after it began, if the master is still away.
    """
    missed_ms = settings.missed_ms(silent=lost.fault.traits.silent)
    seen_ms = max(bound.upper_ms for bound in bounds if bound.name == instants.FIRST_SWITCH_AT)
    taken = [
        out
        for out in away
        if out.container == SERVER and lost.from_ms + missed_ms <= out.from_ms <= lost.from_ms + seen_ms
    ]
    if not taken:
        return ""
    by = f"{taken[0].fault} may take the promoted server before a Sentinel has seen its promotion"
    gone = {out.pod for out in away if out.container == SERVER}
    left = settings.replicas - len(gone - {lost.pod}) - any(out.pod == lost.pod for out in taken)
    if left < 1:
        return f"{by}, and no other replica is certain to be left"
    if absent.least_ms < _elected_by_ms(bounds) + 2 * settings.failover_timeout_ms:
        return f"{by}, and {absent.because}, which may be before the next attempt"
    return ""


def _outvoted(settings: SentinelSettings, stranger: Comeback, known: int) -> str:
    """Why none is elected once the Sentinel of a recreated pod is known; "" where it makes no difference.

    It counts, as its dead predecessor does, and has no vote: it does not know the master at the old address.
    """
    majority = _majority(known + 1)
    if settings.live >= majority:
        return ""
    return (
        f"{stranger.by} recreates it after {stranger.least_ms:g} to {stranger.most_ms:g} ms, as master at another "
        f"address, with a Sentinel that monitors only that address: once known to the others, it leaves "
        f"{settings.live} votes of {known + 1}, no majority ({majority})"
    )


def _too_short(settings: SentinelSettings) -> str:
    """Why a D (down-after-milliseconds) at or below Sentinel's reconnect period may cost a healthy master, too.

    At its switch a Sentinel keeps the time of its last attempt to reach the dead master, and connects to the new one no
    sooner than a reconnect period after it.
    """
    reached_ms = connected_by_ms(settings.ping_ms)
    if settings.down_after_ms[0] >= reached_ms:
        return ""
    return (
        f"; D is below {reached_ms:g} ms, the longest that a Sentinel takes to reconnect, so the new master may be "
        "considered down right after the switch"
    )


def _elected_by_ms(bounds: tuple[Bound, ...]) -> float:
    """By then a leader is elected, and a leader promotes whether or not the old master comes back."""
    decided = (instants.SDOWN_AT, instants.ODOWN_AT, instants.ELECTED_AT)
    return sum(bound.upper_ms for bound in bounds if bound.name in decided)


def _settings(
    away: tuple[Out, ...], lost: Out, sentinels: tuple[SentinelView, ...], *, until_elected: bool = False
) -> SentinelSettings:
    """live: Sentinels that take part sooner or later, and do not go before D is over, or before a leader is elected.

    late_ms: how long after the master's loss enough of them take part.
    """
    downs = [float(view.down_after_ms) for view in sentinels]
    names = {view.name for view in sentinels}
    settings = SentinelSettings(
        down_after_ms=(min(downs), max(downs)),
        failover_timeout_ms=float(max(view.failover_timeout_ms for view in sentinels)),
        quorum=max(view.quorum for view in sentinels),
        known=(min(view.known_sentinels for view in sentinels), max(view.known_sentinels for view in sentinels)),
        replicas=min(view.known_replicas for view in sentinels),
        live=len(names),
        announcing=len(names),
        ping_ms=float(max(view.ping_period_ms for view in sentinels)),
        tls=any(view.tls for view in sentinels),
    )
    elected_ms = _elected_by_ms(crash_bounds(settings, silent=lost.fault.traits.silent, load=None))
    by_ms = lost.from_ms + (elected_ms if until_elected else settings.down_after_ms[0])
    missing = {
        out.pod: out.most_ms
        for out in away
        if out.container == SENTINEL
        and out.pod in names
        and out.from_ms < by_ms
        and out.most_ms + STARTED_MS > lost.from_ms
    }
    back_ms = sorted(max(ms - lost.from_ms, 0.0) for ms in missing.values() if ms < math.inf)
    ready = len(names) - len(missing)
    needed = max(settings.quorum, _majority(settings.known[0]))
    lacking = needed - ready
    late_ms = back_ms[lacking - 1] + STARTED_MS if 0 < lacking <= len(back_ms) else 0.0
    return replace(settings, live=ready + len(back_ms), announcing=max(ready, needed), late_ms=late_ms)


def _impossible(settings: SentinelSettings) -> str:
    """Why no replica can be promoted; "" where one can."""
    known = settings.known[0]
    if settings.live < settings.quorum:
        return f"only {settings.live} Sentinels are left, fewer than the quorum of {settings.quorum}"
    if settings.live < _majority(known):
        return f"only {settings.live} of {known} known Sentinels are left, no majority ({_majority(known)})"
    if not settings.replicas:
        return "there is no replica to promote"
    return ""


def _majority(known: int) -> int:
    return known // 2 + 1
