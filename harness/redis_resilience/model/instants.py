"""The instants of a failover: each named once, here, and used under that name in code, reports and JUnit."""

from __future__ import annotations

from dataclasses import dataclass

ASKED_AT = "asked_at"  # the cluster accepted what breaks it (a deletion, a scale); absent where no cluster is asked
FAULT_AT = "fault_at"  # the fault took effect (the signal was delivered, the rule loaded, the failover requested)
DEAD_AT = "dead_at"  # the old master was found gone
SDOWN_AT = "sdown_at"  # first Sentinel to say +sdown of the master
ODOWN_AT = "odown_at"  # first +odown
ELECTED_AT = "elected_at"  # +elected-leader
PROMOTED_AT = "promoted_at"  # the new master reported ROLE = master
FIRST_SWITCH_AT = "first_switch_at"  # first +switch-master
QUORUM_SWITCH_AT = "quorum_switch_at"  # +switch-master of the quorum-th Sentinel
LAST_SWITCH_AT = "last_switch_at"  # +switch-master of the last Sentinel, usually the leader's
FIRST_WRITE_AT = "first_write_at"  # first write acknowledged by the new master
STARTED_AT = "started_at"  # the old master's container was restarted, as the kubelet reports
NAMED_AT = "named_at"  # its pod's name has an address again, as the probe's resolver reports
READY_AT = "ready_at"  # its pod is ready, as the cluster reports
REDUNDANT_AT = "redundant_at"  # one master, Sentinels agree, every replica linked and caught up

NAMES = (
    ASKED_AT,
    FAULT_AT,
    DEAD_AT,
    SDOWN_AT,
    ODOWN_AT,
    ELECTED_AT,
    PROMOTED_AT,
    FIRST_SWITCH_AT,
    QUORUM_SWITCH_AT,
    LAST_SWITCH_AT,
    FIRST_WRITE_AT,
    STARTED_AT,
    NAMED_AT,
    READY_AT,
    REDUNDANT_AT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A point on the history's clock that is known to lie in [earliest_ns, latest_ns].

    `at_ns`, the point to quote, is the latest: what was seen had happened by then.
    """

    earliest_ns: int
    latest_ns: int
    source: str

    @property
    def at_ns(self) -> int:
        return self.latest_ns

    def ms_after(self, origin: Instant) -> float:
        """Milliseconds from `origin` to here, both as quoted."""
        return (self.at_ns - origin.at_ns) / 1e6

    @property
    def error_ms(self) -> float:
        """Width of what is not known, in milliseconds."""
        return (self.latest_ns - self.earliest_ns) / 1e6
