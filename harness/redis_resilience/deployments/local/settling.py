"""What must be seen before a deployment counts as up: replicas linked, Sentinels that know each other.

Everything is asked through the probe; nothing here knows how the processes run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from redis_resilience.deployments.probe import Asks
from redis_resilience.deployments.replies import entries, pairs
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError
from redis_resilience.probe.protocol import Answer
from redis_resilience.topologies.topology import Profile, Topology

HELLO_PERIOD_MS = 2000  # Sentinel's own (sentinel_publish_period; redis/redis src/sentinel.c, 4f8cdc2a)
_EVERY_S = 0.01
_LINKED_WITHIN_S = 15.0
_KNOWN_WITHIN_S = 20.0
_RUN_ID = re.compile(r"^run_id:(\w+)", re.MULTILINE)

Check = Callable[[], None]
"""Raises DeploymentError where a container has died meanwhile, because then the wait cannot succeed."""


def run_id(answer: Answer) -> str:
    """Of an answer to INFO server; "" where there is none (yet)."""
    found = _RUN_ID.search(answer.value) if isinstance(answer.value, str) else None
    return found.group(1) if found else ""


def wait_for_replicas(probe: Asks, master: Endpoint, replicas: Mapping[str, Endpoint], check: Check) -> None:
    """Until every replica reports its link as up, and the master counts them all."""

    def look() -> tuple[bool, str]:
        check()
        states = {name: _replica_state(probe.query(endpoint, "ROLE")) for name, endpoint in replicas.items()}
        counted = _replicas_counted(probe.query(master, "ROLE"))
        linked = all(state == "connected" for state in states.values()) and counted == len(replicas)
        said = ", ".join(f"{name} {state}" for name, state in states.items())
        return linked, f"{said}; the master counts {counted}"

    eventually(look, within_s=_LINKED_WITHIN_S, what=f"{len(replicas)} replicas to be linked", every_s=_EVERY_S)


def wait_for_sentinels(
    probe: Asks, topology: Topology, profile: Profile, sentinels: Sequence[Endpoint], *, debug: bool, check: Check
) -> None:
    """Until every Sentinel knows all others and all replicas, with live links to all.

    debug: whether the engine has SENTINEL DEBUG. It shortens the hello period for the time of the wait.
    """
    faster = debug and bool(profile.hello_ms)
    if faster:
        _set_period(probe, sentinels, "publish-period", profile.hello_ms, check)
    data_servers = sum("redis" in pod.containers for pod in topology.pods)

    def look() -> tuple[bool, str]:
        check()
        missing = [
            f"{sentinel}: {lack}"
            for sentinel in sentinels
            if (lack := _lack(probe, sentinel, topology.master_name, data_servers - 1, len(sentinels) - 1))
        ]
        return not missing, "; ".join(missing)

    what = f"{len(sentinels)} Sentinels to know each other and {data_servers - 1} replicas"
    eventually(look, within_s=_KNOWN_WITHIN_S, what=what, every_s=_EVERY_S)
    if faster:
        _set_period(probe, sentinels, "publish-period", HELLO_PERIOD_MS, check)


def keep_pinging(probe: Asks, profile: Profile, sentinels: Sequence[Endpoint], check: Check) -> None:
    """Give the Sentinels the profile's PING period; a restarted one has forgotten it."""
    if profile.ping_ms:
        _set_period(probe, sentinels, "ping-period", profile.ping_ms, check)


def _set_period(probe: Asks, sentinels: Sequence[Endpoint], name: str, period_ms: int, check: Check) -> None:
    for sentinel in sentinels:

        def look(sentinel: Endpoint = sentinel) -> tuple[bool, str]:
            check()
            answer = probe.query(sentinel, "SENTINEL", "DEBUG", name, str(period_ms))
            if answer.error:
                raise DeploymentError(
                    f"expected {sentinel} to take SENTINEL DEBUG {name} {period_ms}; got {answer.error!r}; "
                    "SENTINEL DEBUG needs Redis 7.0 or newer, or Valkey: use the profile `documented`"
                )
            return answer.value == "OK", answer.unreachable

        eventually(look, within_s=_LINKED_WITHIN_S, what=f"{sentinel} to answer", every_s=_EVERY_S)


def _lack(probe: Asks, sentinel: Endpoint, master_name: str, replicas: int, others: int) -> str:
    """What this Sentinel does not know or reach yet; "" where it is complete."""
    master = probe.query(sentinel, "SENTINEL", "MASTER", master_name)
    view = pairs(master.value)
    if view.get("flags") != "master":
        return f"master is {view.get('flags') or master.error or master.unreachable}"
    for kind, wanted in (("slaves", replicas), ("other-sentinels", others)):
        if view.get(f"num-{kind}") != str(wanted):
            return f"knows {view.get(f'num-{kind}')} of {wanted} {kind}"
    for entry in entries(probe.query(sentinel, "SENTINEL", "REPLICAS", master_name).value):
        if entry.get("flags") != "slave" or entry.get("master-link-status") != "ok":
            return f"replica {entry.get('name')} is {entry.get('flags')}, its link {entry.get('master-link-status')}"
    for entry in entries(probe.query(sentinel, "SENTINEL", "SENTINELS", master_name).value):
        if entry.get("flags") != "sentinel":
            return f"Sentinel {entry.get('ip')} is {entry.get('flags')}"
    return ""


def _replicas_counted(answer: Answer) -> int:
    match answer.value:
        case ["master", _, [*replicas]]:
            return len(replicas)
    return -1


def _replica_state(answer: Answer) -> str:
    match answer.value:
        case ["slave", _, _, state, _]:
            return str(state)
    return answer.unreachable or answer.error or f"role {answer.value}"
