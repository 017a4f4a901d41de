"""What a cluster does by itself to pods of a topology that break; pure.

The times are the kubelet's own rules and what creating a pod takes: wide on purpose, like those of a busy node. Where
they decide whether there is a failover, the answer is that it cannot be predicted.
"""

from __future__ import annotations

from redis_resilience.topologies.restarts import Comeback, RestartPolicy
from redis_resilience.topologies.topology import Boot, System, Topology

_STARTED_WITHIN_MS = 5_000.0
"""A container that is created and started, on a node that has its image."""
_MADE_WITHIN_MS = 60_000.0
_FIRST_BACK_OFF_MS = 10_000.0
_LONGEST_BACK_OFF_MS = 300_000.0


def restart_policy_of(
    topology: Topology, pod: str, *, restarts: int, co_located: tuple[str, ...], same_controller: tuple[str, ...] = ()
) -> RestartPolicy:
    """restarts: of the server's container so far. After the first the kubelet waits 10 s, then twice that each time.

    It resets the delay once a container has run for 10 minutes, which is not checked here: at once is always possible.
    co_located, same_controller: as in `RestartPolicy`.
    """
    back_off_ms = min(_FIRST_BACK_OFF_MS * 2 ** (restarts - 1), _LONGEST_BACK_OFF_MS) if restarts else 0.0
    # A cluster's node that is back at another address connects to the others, which learn its address from that.
    found_again = (
        topology.fixed_addresses
        or topology.system is System.CLUSTER
        or ("resolve-hostnames", "yes") in topology.sentinel_config
    )
    return RestartPolicy(
        restarted=Comeback(least_ms=0.0, most_ms=back_off_ms + _STARTED_WITHIN_MS, by="the kubelet"),
        recreated=Comeback(least_ms=0.0, most_ms=_MADE_WITHIN_MS, by="its controller"),
        planned_failover_ms=float(topology.planned_failover_ms),
        stays_away_ms=float(topology.stays_away_ms),
        found_again=found_again,
        apart=not found_again and _boots_apart(topology, pod),
        co_located=co_located,
        same_controller=same_controller,
    )


def _boots_apart(topology: Topology, pod: str) -> bool:
    """Whether its successor asks no other pod: its server starts as master, and its Sentinel monitors that one."""
    asks = topology.fresh_sentinels or topology.after(pod).boot_of(pod) is not Boot.MASTER
    return not asks and "sentinel" in topology.successor(pod).containers
