"""Which containers a plan takes away, from when, and until when: all that a prediction has to consider.

Roles are resolved as at the time of their fault, as far as that is known beforehand: absent ones are skipped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redis_resilience.model.faults import Fault
from redis_resilience.model.plan import Scheduled, timed
from redis_resilience.model.traits import BackBy
from redis_resilience.topologies.restarts import RestartPolicy

SERVER, SENTINEL = "redis", "sentinel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """A container that a fault takes, in ms after the start of the fault phase; infinite: until the heal phase."""

    pod: str
    container: str
    fault: Fault
    from_ms: float
    least_ms: float
    most_ms: float

    def at(self, instant_ms: float) -> bool:
        """Whether it may be away then."""
        return self.from_ms <= instant_ms < self.most_ms


def outs(
    planned: Sequence[Scheduled],
    *,
    master: str,
    replicas: Sequence[str],
    sentinels: Iterable[str],
    policy: RestartPolicy,
) -> tuple[Out, ...]:
    """What each fault takes, in order of time, while `master` is master. policy: the restart policy of the pods."""
    found: list[Out] = []
    servers, watching = (master, *replicas), sorted(sentinels, key=lambda pod: (pod == master, pod))
    for at_s, fault in timed(planned):
        if not fault.traits.missed or fault.traits.planned:
            continue  # of a planned one each pod is back before the next one goes
        at_ms = at_s * 1e3
        gone = {(out.pod, out.container) for out in found if out.at(at_ms)}
        for pod, container in _targets(fault, servers, watching, gone):
            least_ms, most_ms = _lasts_ms(fault, policy)
            taken = [(pod, container)]
            if fault.traits.whole_pod:
                together = policy.together(pod, fault.traits.takes) if pod == master else frozenset((pod,))
                taken = [(each, part) for each in sorted(together) for part in (SERVER, SENTINEL)]
            found += [
                Out(
                    pod=each,
                    container=part,
                    fault=fault,
                    from_ms=at_ms,
                    least_ms=at_ms + least_ms,
                    most_ms=at_ms + most_ms,
                )
                for each, part in taken
            ]
    return tuple(found)


def _targets(
    fault: Fault, servers: Sequence[str], watching: Sequence[str], gone: set[tuple[str, str]]
) -> list[tuple[str, str]]:
    """servers: the master first. watching: pods with a Sentinel, the master's last."""
    alive = [pod for pod in watching if (pod, SENTINEL) not in gone]
    match fault.target:
        case "master":
            return [(servers[0], SERVER)]
        case "replica":
            return [(pod, SERVER) for pod in sorted(servers[1:]) if (pod, SERVER) not in gone][:1]
        case "sentinel":
            return [(pod, SENTINEL) for pod in alive[:1]]
        case "sentinel-majority":
            return [(pod, SENTINEL) for pod in alive[: len(alive) // 2 + 1]]
        case "every-server":
            return [(pod, SERVER) for pod in servers]
    pod, _, container = fault.target.partition("/")
    return [(pod, container or (SENTINEL if pod in watching and pod not in servers else SERVER))]


def _lasts_ms(fault: Fault, policy: RestartPolicy) -> tuple[float, float]:
    """A recreated pod has a new Sentinel and its server another address: it counts as away."""
    back_by = fault.traits.back_by
    comeback = policy.comeback(back_by)
    if comeback is None:
        lasts_ms = math.inf if fault.for_s is None else fault.for_s * 1e3
        return lasts_ms, lasts_ms
    return (math.inf, math.inf) if back_by is BackBy.RECREATION else (comeback.least_ms, comeback.most_ms)
