"""Failovers that the Sentinels tried in vain, as they report it, and whether that is a failure of Redis."""

from __future__ import annotations

from collections import Counter

from redis_resilience.judges import sentinels
from redis_resilience.judges.evidence import told
from redis_resilience.judges.reading import Reading
from redis_resilience.model.events import Phase
from redis_resilience.model.instants import Instant
from redis_resilience.model.periods import ABORTED, ATTEMPTS_OBSERVED, PING_MS, no_room_for_info
from redis_resilience.model.verdict import Verdict

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
    if not kinds:
        return Verdict.FAIL, ""
    prediction = reading.environment.prediction
    once_ms = max((bound.upper_ms for bound in prediction.bounds), default=0.0)
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
        for item in told(reading, "+try-failover", since_ns=fault.earliest_ns)
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


def _away(reading: Reading, at_ns: int) -> set[str]:
    return sentinels.gone(reading, at_ns) | sentinels.silent(reading, at_ns)


def _observed_ms(reading: Reading, fault: Instant) -> float:
    """From the fault to its heal, or to the end of a trial that did not reach one."""
    phases = reading.of(Phase)
    ended_ns = next((phase.at_ns for phase in phases if phase.name == "heal"), phases[-1].at_ns if phases else 0)
    return (ended_ns - fault.latest_ns) / 1e6
