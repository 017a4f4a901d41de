"""A planned failover: a master that is about to go is replaced first, without the loss of an acknowledged write.

What the manifests of topology `sidecar` do in a preStop hook, asked of servers and Sentinels through the probe. After
SENTINEL FAILOVER alone the old master goes on to acknowledge writes for seconds, until it is demoted, and those are
lost. So it refuses writes first (min-replicas-to-write; CLIENT PAUSE would block Sentinel's messages, too), its
replicas catch up, and once the Sentinels name another one it is ended: by whoever asked for this.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.probe import Asks
from redis_resilience.deployments.replies import entries, pairs
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, ProbeError, WaitTimeout
from redis_resilience.model.periods import CAUGHT_UP_MS

_READY_WITHIN_S = 45.0
"""A Sentinel learns of a recreated replica from its master's INFO, which it asks for every 10 s."""
_ANNOUNCED_WITHIN_S = 15.0
_EVERY_S = 0.02
_MORE_THAN_THERE_ARE = "100"
_LIMIT = "min-replicas-to-write"


def planned_failover(deployment: Deployment, pod: str) -> tuple[int, int] | None:
    """Make another server master, if `pod` is; returns from when on that was under way, and when it was accepted.

    None where `pod` is no master. It refuses writes when this returns: end it. Raises DeploymentError where no other
    one became master; it accepts writes again then.
    """
    probe, server = deployment.probe, deployment.servers()[pod]
    if not _is_master(probe, server):
        return None
    name = deployment.topology.master_name
    others = {each: at for each, at in deployment.sentinels().items() if each != pod}
    if not others:
        raise DeploymentError(f"expected a Sentinel outside {pod} to ask for a planned failover; there is none")
    _wait_for_candidates(probe, others, name)
    before = {each: probe.query(at, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", name).value for each, at in others.items()}
    with _refusing_writes(probe, server, pod):
        begin_ns = time.monotonic_ns()
        with suppress(WaitTimeout):  # as much as there is time for: what is missing then may be lost, and is counted
            eventually(
                lambda: _caught_up(probe, server), within_s=CAUGHT_UP_MS / 1e3, what="replicas", every_s=_EVERY_S
            )
        accepted_ns = _ask(probe, others, name)

        def look() -> tuple[bool, str]:
            named = {
                each: probe.query(at, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", name).value for each, at in others.items()
            }
            same = [each for each, value in named.items() if value is not None and value == before[each]]
            return not same, f"still named by the Sentinel of {', '.join(same)}"

        what = f"another master than {pod}, asked for by SENTINEL FAILOVER"
        eventually(look, within_s=_ANNOUNCED_WITHIN_S, what=what, every_s=_EVERY_S)
    return begin_ns, accepted_ns


def _is_master(probe: Asks, server: Endpoint) -> bool:
    match probe.query(server, "ROLE").value:
        case ["master", *_]:
            return True
    return False


def _wait_for_candidates(probe: Asks, sentinels: Mapping[str, Endpoint], name: str) -> None:
    """Until a Sentinel knows a replica that it could promote: asked earlier, it refuses with NOGOODSLAVE."""

    def look() -> tuple[bool, str]:
        seen = []
        for each, at in sentinels.items():
            for replica in entries(probe.query(at, "SENTINEL", "REPLICAS", name).value):
                state = f"{replica.get('flags')}, link {replica.get('master-link-status')}"
                if state == "slave, link ok" and replica.get("slave-priority") != "0":
                    return True, state
                seen.append(f"{each} knows {replica.get('name')}: {state}")
        return False, "; ".join(seen) or "no Sentinel answers with a replica"

    eventually(look, within_s=_READY_WITHIN_S, what="a replica that a Sentinel can promote", every_s=0.1)


@contextmanager
def _refusing_writes(probe: Asks, server: Endpoint, pod: str) -> Iterator[None]:
    """It goes on to accept them where the planned failover does not succeed."""
    found = pairs(probe.query(server, "CONFIG", "GET", _LIMIT).value)
    if _LIMIT not in found:
        raise DeploymentError(
            f"expected {pod} to answer CONFIG GET {_LIMIT}, which a planned failover needs; it does not; is CONFIG "
            "renamed, or not allowed by the ACL?"
        )
    probe.query(server, "CONFIG", "SET", _LIMIT, _MORE_THAN_THERE_ARE)
    try:
        yield
    except BaseException:
        with suppress(ProbeError):
            probe.query(server, "CONFIG", "SET", _LIMIT, found[_LIMIT])
        raise


def _caught_up(probe: Asks, server: Endpoint) -> tuple[bool, str]:
    match probe.query(server, "ROLE").value:
        case ["master", int(offset), [*replicas]]:
            told = [str(replica[-1]) for replica in replicas if isinstance(replica, list)]
            return bool(told) and set(told) == {
                str(offset)
            }, f"offset {offset}, replicas at {', '.join(told) or 'none'}"
        case other:
            return False, str(other)


def _ask(probe: Asks, sentinels: Mapping[str, Endpoint], name: str) -> int:
    """One Sentinel after the other, until one agrees; returns when."""
    refusals = []
    for each, at in sentinels.items():
        answer = probe.query(at, "SENTINEL", "FAILOVER", name)
        if answer.value == "OK" or answer.error.startswith("INPROG"):
            return time.monotonic_ns()
        refusals.append(f"{each}: {answer.error or answer.unreachable}")
    raise DeploymentError(f"expected a Sentinel to accept SENTINEL FAILOVER {name}; got {'; '.join(refusals)}")
