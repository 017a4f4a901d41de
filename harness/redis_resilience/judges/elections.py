"""Failovers that the Sentinels tried in vain or on request, as they report it; whether that is a failure of Redis."""

from __future__ import annotations

from collections import Counter

from redis_resilience.judges import sentinels
from redis_resilience.judges.evidence import fault_of, off_plan_ns, told
from redis_resilience.judges.masters import Promotion, promotions
from redis_resilience.judges.reading import Reading, once
from redis_resilience.model.events import FaultBegin, FaultEffect, Phase
from redis_resilience.model.instants import Instant
from redis_resilience.model.periods import ABORTED, ATTEMPTS_OBSERVED, PING_MS, no_room_for_info
from redis_resilience.model.verdict import Verdict

_BEGUN = "+try-failover"
_STATES = ("+odown", "-odown", "+switch-master")
"""What decides whether a Sentinel takes its master for down."""
_NO_GOOD_REPLICA = "-failover-abort-no-good-slave"
_BY_CHANCE = {_NO_GOOD_REPLICA, "-failover-abort-not-elected"}


def reported(reading: Reading, fault: Instant) -> str:
    """What the Sentinels reported of failed attempts; "" where there was none."""
    counts = Counter(item.kind for item in told(reading, *ABORTED, since_ns=fault.earliest_ns))
    said = (f"{kind} {count} time{'s' * (count > 1)}" for kind, count in sorted(counts.items()))
    return f"the Sentinels reported {', '.join(said)}" if counts else ""


def weighed(reading: Reading, fault: Instant) -> tuple[Verdict, str]:
    """The verdict on a failover that was expected and never came, and why it is no worse.

    Shortened PINGs can leave no time for INFO, in every attempt. They can cause a split vote only in the first
    one: Sentinel draws the times of the next ones at random, from a second that no profile changes.
    """
    kinds = {item.kind for item in told(reading, *ABORTED, since_ns=fault.earliest_ns)}
    prediction = reading.environment.prediction
    once_ms = max((bound.upper_ms for bound in prediction.bounds), default=0.0)
    if off_plan_ns(reading) is not None and _observed_ms(reading, fault) < once_ms:
        return Verdict.UNKNOWN, "and a heal failed before it was due"
    if not kinds:
        return Verdict.FAIL, ""
    if _observed_ms(reading, fault) < once_ms + ATTEMPTS_OBSERVED * prediction.retry_ms:
        return Verdict.UNKNOWN, "and the observation ended before the next attempts were over"
    ping_ms = max((view.ping_period_ms for view in reading.environment.sentinels), default=PING_MS)
    if _NO_GOOD_REPLICA in kinds and kinds <= _BY_CHANCE and (why := no_room_for_info(ping_ms)):
        return Verdict.UNKNOWN, (
            f"the profile's PINGs every {ping_ms:g} ms can do this by themselves: {why}; use Sentinel's own periods "
            f"(profile documented) to tell"
        )
    return Verdict.FAIL, ""


def won_by_return(reading: Reading, fault: Instant) -> str:
    """Which Sentinels' return let an election be won that had no majority when it began; "" where none did.

    A Sentinel asks for votes until its election has taken too long, also when the master is back meanwhile.
    """
    won = next(iter(told(reading, "+elected-leader", since_ns=fault.earliest_ns)), None)
    if won is None:
        return ""
    begun = [
        item.instant
        for item in told(reading, _BEGUN, since_ns=fault.earliest_ns)
        if item.sentinel == won.sentinel and item.instant.latest_ns <= won.instant.latest_ns
    ]
    if not begun:
        return ""
    away = _away(reading, begun[-1].latest_ns)
    back = away - _away(reading, won.instant.latest_ns)
    known = max((view.known_sentinels for view in reading.environment.sentinels), default=0)
    if not back or 2 * len(sentinels.names(reading) - away) > known:
        return ""
    return (
        f"the election that {won.sentinel} began without a majority was won {won.instant.ms_after(begun[-1]):.0f} ms "
        f"later, once {' and '.join(sorted(back))} could vote again"
    )


@once
def requested(reading: Reading) -> tuple[Promotion, ...]:
    """Changes of master that a Sentinel began on request (SENTINEL FAILOVER), and that no fault of the plan requests.

    It had not found the master down then, as it has before it begins one by itself.
    """
    return tuple(
        change
        for change in promotions(reading)
        if not _asked_by_plan(reading, change) and _without_odown(reading, change.switches[0].heard.latest_ns)
    )


def _asked_by_plan(reading: Reading, change: Promotion) -> bool:
    """A server that is asked to end may ask for it, by a hook of its pod; a rolling upgrade does before its turn."""
    return any(
        effect.earliest_ns <= change.switches[0].heard.latest_ns
        and fault_of(reading, effect).traits.asked_to_end
        and change.old in effect.servers
        for effect in reading.of(FaultBegin, FaultEffect)
    )


def _without_odown(reading: Reading, announced_ns: int) -> bool:
    """Whether the last leader before this announcement began its attempt without having found the master down."""
    before = [
        item
        for item in told(reading, "+elected-leader", _BEGUN, *_STATES)
        if item.instant.latest_ns <= announced_ns and (item.kind == "+switch-master" or item.text.startswith("master "))
    ]
    elected = [number for number, item in enumerate(before) if item.kind == "+elected-leader"]
    if not elected:
        return False
    own = [item.kind for item in before[: elected[-1]] if item.sentinel == before[elected[-1]].sentinel]
    if _BEGUN in own:
        own = own[: len(own) - 1 - own[::-1].index(_BEGUN)]
    return [kind for kind in own if kind in _STATES][-1:] != ["+odown"]


def _away(reading: Reading, at_ns: int) -> set[str]:
    return sentinels.gone(reading, at_ns) | sentinels.silent(reading, at_ns)


def _observed_ms(reading: Reading, fault: Instant) -> float:
    """From the fault to its heal, begun or failed, or to the end of a trial that did not reach one."""
    phases = reading.of(Phase)
    ended_ns = next((phase.at_ns for phase in phases if phase.name == "heal"), phases[-1].at_ns if phases else 0)
    return (min(ended_ns, off_plan_ns(reading) or ended_ns) - fault.latest_ns) / 1e6
