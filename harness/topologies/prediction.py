"""What must happen after a fault, by the live settings of the Sentinels: failover or none, and within which bounds.

Pure arithmetic on Sentinel's own periods. Each bound is what its code allows and no more: a vote that is split, a
machine that stands still, a message that is lost are no part of it but causes to be named by whoever finds a phase
outside. "No failover" is a prediction like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.model import instants
from harness.model.environment import Bound, Prediction, SentinelView
from harness.model.plan import MASTER_OF_SENTINELS, FaultPlan, Load

TICK_MS = 100.0
"""Longest time between two runs of Sentinel's timer: its frequency is 10 to 19 Hz, drawn anew each time."""
SHORT_TICK_MS = 52.0
ENGINE_PING_MS = 1000
"""Sentinel's own period of PINGs and of attempts to connect; a profile may set another."""
INFO_MS = 1000.0
"""Replicas are asked for INFO this often while their master is down; it is 10 s otherwise."""
ASK_MS = 1000.0
HELLO_MS = 2000.0
EXCHANGE_MS = 20.0
"""One request, its reply, and the configuration file that a Sentinel writes and syncs before it votes or acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    """The Sentinels' settings; where they differ, whatever widens the bounds."""

    down_after_ms: tuple[float, float]
    failover_timeout_ms: float
    quorum: int
    known: int
    replicas: int
    live: int
    ping_ms: float


def predict(
    faults: Sequence[FaultPlan],
    *,
    master: str,
    sentinels: tuple[SentinelView, ...],
    load: Load | None = None,
) -> Prediction:
    """What these faults, in this order, must lead to while `master` is master.

    sentinels: the live view of every Sentinel that answered before the first fault. load: needed for the bound on the
    first write of clients that follow the Sentinels; None leaves that bound out.
    """
    hit = next((fault for fault in faults if _hits(fault, master)), None)
    if hit is None:
        return Prediction(failover=False, because="no fault hits the master")
    if not sentinels:
        return Prediction(failover=False, because="no Sentinel watches the master")
    settings = _settings(faults, hit, master, sentinels)
    impossible = _impossible(settings)
    if impossible:
        return Prediction(failover=False, because=impossible)
    retry_ms = 2 * settings.failover_timeout_ms
    bounds = _bounds(settings, silent=hit.silent, load=load)
    down_ms, down_max_ms = settings.down_after_ms
    lasts_ms = None if hit.lasts_s is None else hit.lasts_s * 1e3
    if lasts_ms is None or lasts_ms >= _elected_by_ms(bounds):
        return Prediction(
            failover=True,
            because=f"the master stays away for longer than D = {down_max_ms:g} ms and {settings.live} of "
            f"{settings.known} known Sentinels are there (quorum {settings.quorum}){_too_short(settings)}",
            bounds=bounds,
            retry_ms=retry_ms,
        )
    noticed_ms = lasts_ms + (2 * TICK_MS if hit.silent else settings.ping_ms + 2 * TICK_MS)
    if noticed_ms < down_ms:
        return Prediction(
            failover=False,
            because=f"the master is back after {lasts_ms:g} ms and found to be so at {noticed_ms:g} ms or sooner, "
            f"before D = {down_ms:g} ms",
        )
    return Prediction(
        failover=None,
        because=f"the master is back after {lasts_ms:g} ms, which is too close to D = {down_ms:g} ms to tell",
        bounds=bounds,
        retry_ms=retry_ms,
    )


def _too_short(settings: _Settings) -> str:
    """Why a D at or below Sentinel's reconnect period may cost a healthy master, too.

    At its switch a Sentinel keeps the time of its last attempt to reach the dead master, and reaches for the new one no
    sooner than a reconnect period after it.
    """
    reached_ms = settings.ping_ms + 2 * TICK_MS
    if settings.down_after_ms[0] >= reached_ms:
        return ""
    return (
        f"; D is below {reached_ms:g} ms, the longest that a Sentinel takes to connect again, so the new master may be "
        "taken for dead right after the switch"
    )


def _elected_by_ms(bounds: tuple[Bound, ...]) -> float:
    """By then a leader is elected, and a leader promotes whether or not the old master comes back."""
    decided = (instants.SDOWN_AT, instants.ODOWN_AT, instants.ELECTED_AT)
    return sum(bound.upper_ms for bound in bounds if bound.name in decided)


def _hits(fault: FaultPlan, master: str) -> bool:
    return fault.target in ("master", master, f"{master}/redis")


def _settings(
    faults: Sequence[FaultPlan], hit: FaultPlan, master: str, sentinels: tuple[SentinelView, ...]
) -> _Settings:
    downs = [float(view.down_after_ms) for view in sentinels]
    names = {view.name for view in sentinels}
    return _Settings(
        down_after_ms=(min(downs), max(downs)),
        failover_timeout_ms=float(max(view.failover_timeout_ms for view in sentinels)),
        quorum=max(view.quorum for view in sentinels),
        known=max(view.known_sentinels for view in sentinels),
        replicas=min(view.known_replicas for view in sentinels),
        live=len(names) - _sentinels_gone(faults, hit, master, names),
        ping_ms=float(max(view.ping_period_ms for view in sentinels)),
    )


def _sentinels_gone(faults: Sequence[FaultPlan], hit: FaultPlan, master: str, names: set[str]) -> int:
    """Sentinels that cannot take part: broken before the master, or cut off together with it."""
    gone: set[str] = set()
    any_of_them = 0
    for fault in faults:
        pod, _, container = fault.target.partition("/")
        if fault is hit:
            if fault.kind == "isolate" and master in names:
                gone.add(master)
            break
        if fault.target == "sentinel":
            any_of_them += 1
        elif fault.target == "sentinel-majority":
            any_of_them += len(names) // 2 + 1
        elif pod in names and (container == "sentinel" or fault.kind == "isolate"):
            gone.add(pod)
    return min(len(names), len(gone) + any_of_them)


def _impossible(settings: _Settings) -> str:
    """Why nobody can be promoted; "" where somebody can."""
    majority = settings.known // 2 + 1
    if settings.live < settings.quorum:
        return f"only {settings.live} Sentinels are left, fewer than the quorum of {settings.quorum}"
    if settings.live < majority:
        return f"only {settings.live} of {settings.known} known Sentinels are left, no majority ({majority})"
    if not settings.replicas:
        return "there is no replica to promote"
    return ""


def _bounds(settings: _Settings, *, silent: bool, load: Load | None) -> tuple[Bound, ...]:
    down_ms, down_max_ms = settings.down_after_ms
    ping_ms = min(settings.ping_ms, down_max_ms)
    noticed_ms = ping_ms + TICK_MS if silent else TICK_MS
    sdown = Bound(
        name=instants.SDOWN_AT,
        origin=instants.FAULT_AT,
        lower_ms=down_ms,
        upper_ms=down_max_ms + noticed_ms + TICK_MS,
        because="D after the first PING without a reply, "
        + ("sent up to a PING period and a tick after the fault" if silent else "sent at the next tick")
        + "; looked at once a tick",
    )
    odown = Bound(
        name=instants.ODOWN_AT,
        origin=instants.SDOWN_AT,
        lower_ms=0.0,
        upper_ms=(sdown.upper_ms - down_ms) + ASK_MS + TICK_MS if settings.quorum > 1 else TICK_MS,
        because="the Sentinel that completes the quorum finds the master down itself and asks the others once a second",
    )
    elected = Bound(
        name=instants.ELECTED_AT,
        origin=instants.ODOWN_AT,
        lower_ms=0.0,
        upper_ms=2 * (TICK_MS + EXCHANGE_MS),
        because="votes are asked for at once, each voter saves its vote, and they are counted at the next tick but one",
    )
    promoted = Bound(
        name=instants.PROMOTED_AT,
        origin=instants.ELECTED_AT,
        lower_ms=2 * SHORT_TICK_MS - EXCHANGE_MS,
        upper_ms=2 * (TICK_MS + EXCHANGE_MS),
        because="one tick to select the replica, one to tell it",
    )
    seen_ms = INFO_MS + TICK_MS + EXCHANGE_MS
    announced_ms = seen_ms + TICK_MS + EXCHANGE_MS
    reconfigured_ms = seen_ms + settings.failover_timeout_ms + 2 * TICK_MS + EXCHANGE_MS
    followers = settings.live - 1
    first_switch = Bound(
        name=instants.FIRST_SWITCH_AT,
        origin=instants.PROMOTED_AT,
        lower_ms=0.0,
        upper_ms=announced_ms,
        because="the leader sees the promotion in INFO, once a second, and says hello at its next tick",
    )
    quorum_switch = Bound(
        name=instants.QUORUM_SWITCH_AT,
        origin=instants.PROMOTED_AT,
        lower_ms=0.0,
        upper_ms=announced_ms if settings.quorum <= followers else reconfigured_ms,
        because="every follower hears the same hello"
        if settings.quorum <= followers
        else "the quorum takes the leader, who switches last",
    )
    last_switch = Bound(
        name=instants.LAST_SWITCH_AT,
        origin=instants.PROMOTED_AT,
        lower_ms=0.0,
        upper_ms=reconfigured_ms,
        because="the leader switches once all replicas follow the new master, or after the failover-timeout",
    )
    chain = [sdown, odown, elected, promoted, first_switch, quorum_switch, last_switch]
    if load is not None:
        chain.extend(_first_write(load, announced_ms, silent=silent))
    total_ms = sdown.upper_ms + odown.upper_ms + elected.upper_ms + promoted.upper_ms
    total = Bound(
        name=instants.FIRST_SWITCH_AT,
        origin=instants.FAULT_AT,
        lower_ms=down_ms + promoted.lower_ms,
        upper_ms=total_ms + first_switch.upper_ms,
        because="all of the phases before it",
    )
    return (*chain, total)


def _first_write(load: Load, announced_ms: float, *, silent: bool) -> list[Bound]:
    """Clients that follow the Sentinels learn of the new master no later than the first follower announces it."""
    following = [group for group in load.writers if group.target == MASTER_OF_SENTINELS]
    if not following:
        return []
    stuck_ms = max(group.timeout_ms for group in following) if silent else 0
    return [
        Bound(
            name=instants.FIRST_WRITE_AT,
            origin=instants.PROMOTED_AT,
            lower_ms=0.0,
            upper_ms=announced_ms + load.reconnect_ms + EXCHANGE_MS + stuck_ms,
            because="clients ask the Sentinels again and connect"
            + (", once their request to the silent master has timed out" if silent else ""),
        )
    ]
