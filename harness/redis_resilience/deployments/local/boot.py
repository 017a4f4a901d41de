"""How a starting pod finds its role: the boot rules of `topologies.topology`, as a pod's own script would follow them.

It asks through the probe and starts nothing. It is not used at bring-up: the first pod is master of a new deployment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from redis_resilience.deployments.local.config import Peer
from redis_resilience.deployments.local.settling import run_id
from redis_resilience.deployments.probe import Asks
from redis_resilience.deployments.replies import entries
from redis_resilience.deployments.waiting import HOST_CLOCK, Clock, eventually
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.topologies.topology import Boot, Profile, Topology

_ELECTED_WITHIN_S = 15.0
_LOOK_EVERY_S = 0.05


class Places(Protocol):
    """Which pods there are, and where."""

    def endpoints(self, container: str) -> Mapping[str, Endpoint]: ...

    def called(self, host: str) -> str:
        """The pod of this name, full name or present address; else what was given."""


def whom_to_follow(
    pod: str, *, topology: Topology, profile: Profile, places: Places, probe: Asks, clock: Clock = HOST_CLOCK
) -> str:
    """The name of a pod, or an address that is no pod's; "" where the rule makes this pod master itself."""
    match topology.boot_of(pod):
        case Boot.MASTER:
            return ""
        case Boot.ASK:
            # A pod that they name is master, first or not: following the first pod, it would follow its own replica.
            named = _named_to(pod, topology, places, probe) or topology.first
            return "" if named == pod else named
        case Boot.ASK_OR_WAIT:
            return _wait_for_master(pod, topology, profile, places, probe, clock=clock)
        case _:
            return topology.first


def sentinels_to_know(pod: str, *, topology: Topology, places: Places, probe: Asks) -> tuple[Peer, ...]:
    """The Sentinels that a new Sentinel of this pod starts with: the peers of the first other pod's that answers."""
    if not topology.pod(pod).introduced:
        return ()
    for peer, sentinel in places.endpoints("sentinel").items():
        if peer == pod:
            continue
        answer = probe.query(sentinel, "SENTINEL", "SENTINELS", topology.master_name)
        if isinstance(answer.value, list):
            told = entries(answer.value)
            return tuple(Peer(host=each["ip"], port=int(each["port"]), run_id=each["runid"]) for each in told)
    return ()


def whom_to_watch(
    pod: str, *, topology: Topology, profile: Profile, places: Places, probe: Asks, clock: Clock = HOST_CLOCK
) -> str:
    """The same for a Sentinel that asks the others; "" for the server of its own pod, where none of them answers."""
    if not _named_to(pod, topology, places, probe):
        return ""
    return _wait_for_master(pod, topology, profile, places, probe, clock=clock)


def _named_to(pod: str, topology: Topology, places: Places, probe: Asks) -> str:
    """The master that the first answering Sentinel names; its own pod's is asked last."""
    sentinels = places.endpoints("sentinel")
    for peer in sorted(sentinels, key=lambda peer: peer == pod):
        answer = probe.query(sentinels[peer], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", topology.master_name)
        if isinstance(answer.value, list) and answer.value:
            return places.called(str(answer.value[0]))
    return ""


def _wait_for_master(
    pod: str, topology: Topology, profile: Profile, places: Places, probe: Asks, *, clock: Clock
) -> str:
    """Until the Sentinels name a server that answers; this one, which is not started yet, does not."""
    # A failed election is repeated after twice the failover-timeout.
    within_s = (profile.down_after_ms + 2 * profile.failover_timeout_ms) / 1e3 + _ELECTED_WITHIN_S
    named = ""

    def look() -> tuple[bool, str]:
        nonlocal named
        named = _named_to(pod, topology, places, probe)
        if not named:
            return False, "no Sentinel answers with one"
        server = places.endpoints("redis").get(named)
        there = server is not None and bool(run_id(probe.query(server, "INFO", "server")))
        return there, f"the Sentinels name {named}, which does not answer"

    what = f"a master that {pod} can follow, for which its boot rule waits"
    eventually(look, within_s=within_s, what=what, every_s=_LOOK_EVERY_S, clock=clock)
    return named
