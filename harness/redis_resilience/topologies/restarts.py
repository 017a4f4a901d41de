"""The restart policy of a pod: what restarts its containers or recreates it, how soon, and how it is stopped.

A process of this host stays down until the fault is healed. On Kubernetes the kubelet restarts a container, a
controller recreates a deleted pod, and a hook or a start script may request a failover or wait. Data and arithmetic
only: the deployment or the topology says which policy a pod has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from redis_resilience.model.faults import Fault
from redis_resilience.model.traits import BackBy, Takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Comeback:
    """It runs again so long after its end, least to most, in ms; by: what restarts or recreates it."""

    least_ms: float
    most_ms: float
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPolicy:
    """restarted: a container that ended. recreated: a pod that was deleted. None: not before the fault is healed.

    planned_failover_ms: a pod that is deleted makes another one master first, within so long; 0 = it does not try.
    stays_away_ms: back as master only where it was missed for less than D minus this; 0 = it does not ask.
    found_again: once it is recreated the Sentinels reach it, by its name or at an address that it keeps. apart: a
    recreated pod is master at its own address, even if another master exists, and has a new Sentinel that monitors
    that address.
    co_located: pods on the same node. same_controller: pods that its controller keeps, itself included; () = all.
    """

    restarted: Comeback | None = None
    recreated: Comeback | None = None
    planned_failover_ms: float = 0.0
    stays_away_ms: float = 0.0
    found_again: bool = True
    apart: bool = False
    co_located: tuple[str, ...] = ()
    same_controller: tuple[str, ...] = ()

    def together(self, pod: str, takes: Takes) -> frozenset[str]:
        """The pods that go with `pod`, itself included."""
        also = {Takes.NODE: self.co_located, Takes.CONTROLLER: self.same_controller}.get(takes, ())
        return frozenset((pod, *also))

    def comeback(self, back_by: BackBy) -> Comeback | None:
        """When the target is back before the fault is healed; None: not before."""
        return {BackBy.RESTART: self.restarted, BackBy.RECREATION: self.recreated, BackBy.HEAL: None}[back_by]


STAYS_DOWN = RestartPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """How long the Sentinels miss the master, least to most, in ms (infinite: until it is replaced or healed)."""

    least_ms: float
    most_ms: float
    because: str


def absence(fault: Fault, policy: RestartPolicy, down_after_ms: float) -> Absence:
    """How long this fault keeps the master away, unless it is replaced. down_after_ms: the Sentinels' D."""
    comeback = policy.comeback(fault.traits.back_by)
    recreated = fault.traits.back_by is BackBy.RECREATION
    if comeback is None:
        lasts_ms = math.inf if fault.for_s is None else fault.for_s * 1e3
        return Absence(least_ms=lasts_ms, most_ms=lasts_ms, because=_stays(lasts_ms))
    by = f"{comeback.by} brings it back"
    if recreated and not policy.found_again:
        return _for_good(f"{by} at another address than the Sentinels look at")
    if recreated and policy.stays_away_ms:
        return _for_good(f"{by} at another address, where it waits until another is chosen")
    if policy.stays_away_ms and comeback.least_ms + policy.stays_away_ms >= down_after_ms:
        return _for_good(
            f"{by}, and less than {policy.stays_away_ms:g} ms of D are left: it waits until another is chosen"
        )
    most_ms = comeback.most_ms
    if policy.stays_away_ms and most_ms + policy.stays_away_ms >= down_after_ms:
        most_ms = math.inf
    return Absence(
        least_ms=comeback.least_ms,
        most_ms=most_ms,
        because=f"{by} after {comeback.least_ms:g} to {comeback.most_ms:g} ms",
    )


def _for_good(because: str) -> Absence:
    return Absence(least_ms=math.inf, most_ms=math.inf, because=because)


def _stays(lasts_ms: float) -> str:
    return "nothing restarts it" if math.isinf(lasts_ms) else f"the master is back after {lasts_ms:g} ms"
