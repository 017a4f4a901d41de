"""How long the Sentinels will start no failover, by what they published.

A Sentinel starts none until 2 x failover-timeout after it last tried or voted for another one (redis/redis
src/sentinel.c, 4f8cdc2a: sentinelStartFailoverIfNeeded, line 4951, logs "Next failover delay"; sentinelVoteLeader and
sentinelStartFailover set the time, up to 1 s later at random). A switch, a reset and a restart forget it
(sentinelResetMaster). No command reports it, so the published events have to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from redis_resilience.deployments.probe import Probe
from redis_resilience.model.events import Event, SentinelMessage, SentinelUp
from redis_resilience.model.sentinel_log import master_of
from redis_resilience.topologies.topology import Profile

_DESYNC_MS = 1000.0
_BEGIN = ("+try-failover", "+vote-for-leader")
_FORGET = ("+switch-master", "+reset-master", "+monitor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """left_s: until every Sentinel may start a failover; 0 where all may. text: which may not, and for how long."""

    left_s: float
    text: str


def throttle(probe: Probe, profile: Profile, master_name: str) -> Throttle:
    """Of this master, as far as this probe has heard; raises ProbeError where it is gone."""
    events = probe.events()
    if not events or not profile.failover_timeout_ms:
        return Throttle(left_s=0.0, text="")
    now_ns = probe.clocks().clock_ns
    until = throttled_until(events, profile.failover_timeout_ms, master_name)
    left_s = {sentinel: (at_ns - now_ns) / 1e9 for sentinel, at_ns in until.items() if at_ns > now_ns}
    return Throttle(
        left_s=max(left_s.values(), default=0.0),
        text="; ".join(
            f"Sentinel of {sentinel} starts no failover for another {seconds:.1f} s, because it tried or voted for "
            "one that failed"
            for sentinel, seconds in left_s.items()
        ),
    )


def throttled_until(events: Iterable[Event], failover_timeout_ms: float, master_name: str = "") -> dict[str, int]:
    """By Sentinel, until when (ns on the events' clock) it may start no failover. In order of time; past ones too.

    master_name: messages about other masters are skipped; "" for none. A vote names no master, and counts for each.
    """
    since: dict[str, int] = {}
    identity: dict[str, str] = {}
    for event in events:
        match event:
            case SentinelMessage(name=name, text=text) if master_name and master_of(name, text) not in (
                "",
                master_name,
            ):
                continue
            case SentinelMessage(name=name) if name in _BEGIN:
                since[event.teller] = event.at_ns
            case SentinelMessage(name=name) if name in _FORGET:
                since.pop(event.teller, None)
            case SentinelUp(sentinel=sentinel, run_id=run_id):
                if identity.setdefault(sentinel, run_id) != run_id:
                    since.pop(sentinel, None)
                identity[sentinel] = run_id
    lasts_ns = int((2 * failover_timeout_ms + _DESYNC_MS) * 1e6)
    return {sentinel: at_ns + lasts_ns for sentinel, at_ns in since.items()}
