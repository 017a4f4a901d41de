"""Every later loss of the current master: another server took over, it was back in time, or nothing is known."""

from __future__ import annotations

from redis_resilience.judges.answer import TIMED, Answer, Judge
from redis_resilience.judges.evidence import fault_of, instant_of, master_fault, phase_at, samples_of, server_index
from redis_resilience.judges.masters import promotions
from redis_resilience.judges.reading import Reading
from redis_resilience.model.events import FaultEffect, HealEnd, Role
from redis_resilience.model.verdict import Finding, Verdict

LATER = "failover.later"
_QUIET_MS = 3000.0
"""After down-after-milliseconds; so long a trial without a predicted failover is observed, too."""


def judge(reading: Reading) -> Answer[None]:
    """No finding where only the first master was lost, and only once."""
    lost = [(effect, master) for effect in reading.of(FaultEffect) if (master := _master_lost(reading, effect))]
    if not lost:
        return Answer(measures=None)
    told = [_told(reading, effect, master) for effect, master in lost]
    return Answer(
        measures=None,
        findings=(
            Finding(
                name=LATER,
                verdict=Verdict.PASS if all(known for known, _ in told) else Verdict.UNKNOWN,
                text="expected each later loss of the master to be observed until another server took over; "
                + "; ".join(text for _, text in told),
            ),
        ),
    )


def _master_lost(reading: Reading, effect: FaultEffect) -> str:
    """The server that was master when this later fault took it; "" for the first loss, and where it took none."""
    first = master_fault(reading)
    if first is None or effect.fault == first.fault or not fault_of(reading, effect).traits.missed:
        return ""
    if effect.earliest_ns < first.earliest_ns:
        return ""
    master = reading.environment.master
    for change in promotions(reading):
        began = change.at or change.switches[0].heard
        if began.latest_ns <= effect.earliest_ns:
            master = change.new
    return master if master in effect.servers else ""


def _told(reading: Reading, effect: FaultEffect, master: str) -> tuple[bool, str]:
    """Whether its outcome is known, and that outcome in words."""
    lost = instant_of(effect)
    for change in promotions(reading):
        heard = change.switches[0].heard
        if change.old == master and heard.latest_ns >= lost.earliest_ns:
            after_ms = heard.ms_after(lost)
            when = f"after {after_ms:.0f} ms" if after_ms >= 0 else "before the fault had taken full effect"
            return True, f"{master} was replaced by {change.new} {when}"
    ended_ns = phase_at(reading, "heal") or max((event.at_ns for event in reading.events), default=lost.latest_ns)
    back_ns = _back_ns(reading, effect, master)
    if back_ns is not None and back_ns <= ended_ns:
        return True, f"{master} was not replaced, and was back {(back_ns - lost.latest_ns) / 1e6:.0f} ms later"
    observed_ms = (ended_ns - lost.latest_ns) / 1e6
    known = _none_was_due(reading) and observed_ms >= _long_enough_ms(reading)
    seen = f"{master} was lost, and none took over in the {observed_ms / 1e3:.1f} s observed"
    return known, f"{seen}, as predicted" if known else seen


def _none_was_due(reading: Reading) -> bool:
    """Whether no loss of this master was predicted to lead to a failover, the later ones included, and none did."""
    return reading.environment.prediction.failover is False and not promotions(reading)


def _long_enough_ms(reading: Reading) -> float:
    """A failover that is not predicted would have been seen by then."""
    return max((view.down_after_ms for view in reading.environment.sentinels), default=0) + _QUIET_MS


def _back_ns(reading: Reading, effect: FaultEffect, master: str) -> int | None:
    """When the fault was healed, or the server was seen as master again, whichever came first; None: not seen."""
    healed = [event.at_ns for event in reading.of(HealEnd) if (event.fault, event.pod) == (effect.fault, effect.pod)]
    own = samples_of(reading, server_index(reading, master))
    own = own[own["call_ns"] >= effect.at_ns]
    lost = own["role"] == Role.UNREACHABLE
    again = own["return_ns"][(own["role"] == Role.MASTER) & (lost.cumsum() > 0)]
    return min([*healed, *again[:1].tolist()], default=None)


JUDGE = Judge(name="later", ask=judge, nothing=None, needs={LATER: TIMED})
