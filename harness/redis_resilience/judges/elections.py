"""Failovers that the Sentinels tried in vain, in their own words, and whether that is a failure of Redis."""

from __future__ import annotations

from collections import Counter

from redis_resilience.judges.evidence import told
from redis_resilience.judges.reading import Reading
from redis_resilience.model.events import Phase
from redis_resilience.model.instants import Instant
from redis_resilience.model.periods import ABORTED, ATTEMPTS_OBSERVED, PING_MS, no_room_for_info
from redis_resilience.model.verdict import Verdict

_BY_CHANCE = {"-failover-abort-not-elected", "-failover-abort-no-good-slave"}
"""With periods that a profile shortened: three Sentinels that vote in one tick, a replica's INFO that is too old."""


def reported(reading: Reading, fault: Instant) -> str:
    """What the Sentinels reported of attempts that came to nothing; "" where there was none."""
    counts = Counter(item.kind for item in told(reading, *ABORTED, since_ns=fault.earliest_ns))
    said = (f"{kind} {count} time{'s' * (count > 1)}" for kind, count in sorted(counts.items()))
    return f"the Sentinels reported {', '.join(said)}" if counts else ""


def weighed(reading: Reading, fault: Instant) -> tuple[Verdict, str]:
    """The verdict on a failover that was expected and never came, and why it is no worse."""
    kinds = {item.kind for item in told(reading, *ABORTED, since_ns=fault.earliest_ns)}
    if not kinds:
        return Verdict.FAIL, ""
    ping_ms = max((view.ping_period_ms for view in reading.environment.sentinels), default=PING_MS)
    if ping_ms < PING_MS and kinds <= _BY_CHANCE:
        why = no_room_for_info(ping_ms) if "-failover-abort-no-good-slave" in kinds else ""
        return Verdict.UNKNOWN, (
            f"the profile's PINGs every {ping_ms:g} ms can do this by themselves"
            + (f": {why}" if why else "")
            + "; use Sentinel's own periods (profile documented) to tell"
        )
    prediction = reading.environment.prediction
    once_ms = max((bound.upper_ms for bound in prediction.bounds), default=0.0)
    observed_ms = (max((event.at_ns for event in reading.of(Phase)), default=0) - fault.latest_ns) / 1e6
    if observed_ms < once_ms + ATTEMPTS_OBSERVED * prediction.retry_ms:
        return Verdict.UNKNOWN, "and the observation ended before the next attempts were over"
    return Verdict.FAIL, ""
