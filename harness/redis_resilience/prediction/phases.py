"""The phases of a failover with the least and the most time that Sentinel's own periods allow each.

Each bound is what the source (redis/redis src/sentinel.c, 4f8cdc2a) allows and no more: a split vote, a stalled
machine or a lost message is not included. Pure arithmetic; whether there is a failover at all is not decided here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from redis_resilience.model import instants
from redis_resilience.model.environment import Bound
from redis_resilience.model.periods import ASK_MS, DESYNC_MS, INFO_MS, TICK_MS
from redis_resilience.model.plan import Load, Writers

SHORT_TICK_MS = 52.0
"""Shortest time between two runs of Sentinel's timer: 19 Hz at most."""
CALM_INFO_MS = 10_000.0
"""sentinel_info_period: servers are asked for INFO this often while their master is not down."""
HELLO_MS = 2000.0
"""sentinel_publish_period."""
STARTED_MS = 1000.0
"""A restarted Sentinel knows its peers and the master's state by then."""
RECONNECT_MS = 1000.0
"""A replica whose master is gone tries to connect this often (replicationCron)."""
EXCHANGE_MS = 20.0
"""One request, its reply, and the configuration file that a Sentinel writes and syncs before it votes or acts."""
MET_MS = RECONNECT_MS + CALM_INFO_MS + HELLO_MS + 3 * TICK_MS
"""By then the others know a new Sentinel: replicas connect to its master, INFO names them, its hello reaches them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelSettings:
    """The Sentinels' settings; where they differ, whatever widens the bounds. known: least and most that one knows.

    live: Sentinels that take part sooner or later. announcing: those that are certainly there when the new master is
    announced. late_ms: enough take part only so long after the fault, as others were away; 0: from the beginning.
    linked_ms: the new master refuses writes for so long, for want of replicas; infinite: not known for how long.
    """

    down_after_ms: tuple[float, float]
    failover_timeout_ms: float
    quorum: int
    known: tuple[int, int]
    replicas: int
    live: int
    announcing: int
    ping_ms: float
    tls: bool = False
    late_ms: float = 0.0
    linked_ms: float = 0.0

    def missed_ms(self, *, silent: bool) -> float:
        """The least time after the fault in which a master is taken for down; see `crash_bounds`."""
        down_ms = self.down_after_ms[0]
        if silent or not self.tls:
            return down_ms
        return max(down_ms - min(self.ping_ms, down_ms) - TICK_MS, 0.0)

    def sooner(self, *, silent: bool) -> str:
        """What to say of D where that is less; "" where it is D."""
        missed_ms = self.missed_ms(silent=silent)
        told = f" (by TLS {missed_ms:g} ms, as D counts from the last PONG)"
        return told if missed_ms < self.down_after_ms[0] else ""


def crash_bounds(settings: SentinelSettings, *, silent: bool, load: Load | None) -> tuple[Bound, ...]:
    """Of a master that is missed. silent: it answers nothing, else its connections break. load: that it had.

    D counts from the first PING without a reply. By TLS there is none where connections are refused: a Sentinel closes
    one whose handshake cannot begin before it sends a PING (sentinelReconnectInstance), and counts from the last PONG.
    """
    down_ms, down_max_ms = settings.down_after_ms
    ping_ms = min(settings.ping_ms, down_max_ms)
    missed_ms = settings.missed_ms(silent=silent)
    noticed_ms = ping_ms + TICK_MS if silent else TICK_MS
    sdown = Bound(
        name=instants.SDOWN_AT,
        origin=instants.FAULT_AT,
        lower_ms=missed_ms,
        upper_ms=down_max_ms + noticed_ms + TICK_MS,
        because=(
            "D after the last PONG, a PING period and a tick before the fault at most, or "
            if missed_ms < down_ms
            else ""
        )
        + "D after the first PING without a reply, "
        + ("sent up to a PING period and a tick after the fault" if silent else "sent at the next tick")
        + "; looked at once a tick",
    )
    # One that was away counts D from the start, and one that asked for votes before tries again.
    late_down_ms = down_max_ms if settings.late_ms else 0.0
    retry_ms = 2 * settings.failover_timeout_ms + DESYNC_MS if settings.late_ms else 0.0
    odown = Bound(
        name=instants.ODOWN_AT,
        origin=instants.SDOWN_AT,
        lower_ms=0.0,
        upper_ms=settings.late_ms + late_down_ms + (sdown.upper_ms - missed_ms) + ASK_MS + TICK_MS
        if settings.quorum > 1
        else TICK_MS,
        because="the Sentinel that completes the quorum finds the master down itself and asks the others once a second",
    )
    elected = Bound(
        name=instants.ELECTED_AT,
        origin=instants.ODOWN_AT,
        lower_ms=0.0,
        upper_ms=2 * (TICK_MS + EXCHANGE_MS) + retry_ms,
        because="votes are asked for at once, each voter saves its vote, and they are counted at the next tick but one",
    )
    promoted = _promoted()
    announced = _announced(settings)
    chain = [sdown, odown, elected, promoted, *announced]
    if load is not None:
        chain.extend(_first_write(load, announced[0].upper_ms, linked_ms=settings.linked_ms, silent=silent))
    total = Bound(
        name=instants.FIRST_SWITCH_AT,
        origin=instants.FAULT_AT,
        lower_ms=missed_ms + promoted.lower_ms,
        upper_ms=sum(bound.upper_ms for bound in (sdown, odown, elected, promoted, announced[0])),
        because="all of the phases before it",
    )
    return (*chain, total)


def planned_failover_bounds(settings: SentinelSettings, *, within_ms: float, load: Load | None) -> tuple[Bound, ...]:
    """Of a master that asks for its own replacement, which needs no votes, within `within_ms`, and only then goes."""
    elected = Bound(
        name=instants.ELECTED_AT,
        origin=instants.FAULT_AT,
        lower_ms=0.0,
        upper_ms=within_ms,
        because="the pod's hook lets the replicas catch up, then asks a Sentinel, and gives up after that time",
    )
    promoted = _promoted()
    announced = _announced(settings)
    chain = [elected, promoted, *announced]
    if load is not None and _followers(load):
        told = Bound(
            name=instants.FIRST_WRITE_AT,
            origin=instants.PROMOTED_AT,
            lower_ms=0.0,
            upper_ms=announced[0].upper_ms + load.reconnect_ms + EXCHANGE_MS,
            because="where the old master ends before that, clients have to wait for the announcement",
            alternative=True,
        )
        left = Bound(
            name=instants.FIRST_WRITE_AT,
            origin=instants.DEAD_AT,
            lower_ms=0.0,
            upper_ms=load.reconnect_ms + TICK_MS + EXCHANGE_MS,
            because="clients stay with the old master, which refuses their writes, until it ends",
            alternative=True,
        )
        chain += [left, told]
    total = Bound(
        name=instants.FIRST_SWITCH_AT,
        origin=instants.FAULT_AT,
        lower_ms=promoted.lower_ms,
        upper_ms=elected.upper_ms + promoted.upper_ms + announced[0].upper_ms,
        because="all of the phases before it",
    )
    return (*chain, total)


def _promoted() -> Bound:
    return Bound(
        name=instants.PROMOTED_AT,
        origin=instants.ELECTED_AT,
        lower_ms=2 * SHORT_TICK_MS - EXCHANGE_MS,
        upper_ms=2 * (TICK_MS + EXCHANGE_MS),
        because="one tick to select the replica, one to promote it",
    )


def _announced(settings: SentinelSettings) -> tuple[Bound, Bound, Bound]:
    """First, quorum-th and last Sentinel to announce a new master."""
    seen_ms = INFO_MS + TICK_MS + EXCHANGE_MS
    announced_ms = seen_ms + TICK_MS + EXCHANGE_MS
    reconfigured_ms = seen_ms + settings.failover_timeout_ms + 2 * TICK_MS + EXCHANGE_MS
    followers = settings.announcing - 1
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
        else "the quorum includes the leader, which switches last",
    )
    last_switch = Bound(
        name=instants.LAST_SWITCH_AT,
        origin=instants.PROMOTED_AT,
        lower_ms=0.0,
        upper_ms=reconfigured_ms,
        because="the leader switches once all replicas follow the new master, or after the failover-timeout",
    )
    return first_switch, quorum_switch, last_switch


def _first_write(load: Load, announced_ms: float, *, linked_ms: float, silent: bool) -> list[Bound]:
    """Clients that follow the Sentinels learn of the new master no later than the first follower announces it."""
    following = _followers(load)
    if not following or math.isinf(linked_ms):
        return []
    stuck_ms = max(group.timeout_ms for group in following) if silent else 0
    return [
        Bound(
            name=instants.FIRST_WRITE_AT,
            origin=instants.PROMOTED_AT,
            lower_ms=0.0,
            upper_ms=announced_ms + linked_ms + load.reconnect_ms + EXCHANGE_MS + stuck_ms,
            because="clients ask the Sentinels again and connect"
            + (", once their request to the silent master has timed out" if silent else "")
            + ("; with min-replicas-to-write it refuses them until enough replicas follow it" if linked_ms else ""),
        )
    ]


def _followers(load: Load) -> list[Writers]:
    return [group for group in load.writers if group.follows]
