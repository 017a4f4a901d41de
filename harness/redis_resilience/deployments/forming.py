"""Makes a Redis Cluster out of servers that know nothing of each other, by its own plain commands.

The first `shards` servers become masters of even shares of the slots, the others their replicas in turn, as the labels
`shard` of the manifests say; `redis-cli --cluster create` begins with the second of them. Everything is asked through
the probe.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping
from functools import partial

from redis_resilience.deployments.nodes import look_at
from redis_resilience.deployments.probe import Asks
from redis_resilience.deployments.replies import fields, pairs
from redis_resilience.deployments.waiting import HOST_CLOCK, Clock, eventually
from redis_resilience.model.cluster import even_ranges, parse_nodes
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError
from redis_resilience.topologies.topology import Topology

_ANSWERS_WITHIN_S = 30.0
_MET_WITHIN_S = 30.0
_WHOLE_WITHIN_S = 30.0
_CARRIED_OUT_WITHIN_S = 10.0
"""A node writes its table to disk before it answers."""
_EVERY_S = 0.05
_MEET_AGAIN_S = 3.0
"""A node forgets a peer it was asked to meet after the node timeout, at least a second: a Service may be slower."""


def unchecked() -> None:
    """Nothing to check: a node that has died does not answer, and the timeout reports that."""


def members(topology: Topology, servers: Mapping[str, Endpoint]) -> dict[str, Endpoint]:
    """Of a new deployment's servers those that its cluster is made of."""
    return {name: endpoint for name, endpoint in servers.items() if name not in topology.standing_by}


def form_cluster(
    probe: Asks,
    servers: Mapping[str, Endpoint],
    *,
    shards: int,
    check: Callable[[], None] = unchecked,
    clock: Clock = HOST_CLOCK,
) -> None:
    """Return once every node agrees on all slots and every master has its replicas.

    Each is introduced under the address that it announces, or else where it is. check: raises where one has died.
    """
    until = partial(_until, check=check, clock=clock)
    until(lambda: _answering(probe, servers), _ANSWERS_WITHIN_S, f"{len(servers)} nodes to answer")
    names = tuple(servers)
    for number, (name, (first, last)) in enumerate(zip(names, even_ranges(shards), strict=False)):
        carry_out(probe, servers[name], "SET-CONFIG-EPOCH", str(number + 1))
        carry_out(probe, servers[name], "ADDSLOTS", *map(str, range(first, last + 1)))
    meet(probe, servers, check=check, clock=clock)
    ids = {name: node_id(probe, servers[name]) for name in names[:shards]}
    for number, name in enumerate(names[shards:]):
        carry_out(probe, servers[name], "REPLICATE", ids[names[number % shards]])

    def whole() -> tuple[bool, str]:
        wrong = look_at(probe, servers).wrong or _unlinked(probe, servers, names[shards:])
        return not wrong, "; ".join(wrong)

    until(whole, _WHOLE_WITHIN_S, "a healthy cluster")


def meet(
    probe: Asks,
    servers: Mapping[str, Endpoint],
    *,
    check: Callable[[], None] = unchecked,
    clock: Clock = HOST_CLOCK,
) -> None:
    """Introduce nodes that do not know each other; returns once each knows all. check: raises where one has died."""
    look = _Meeting(probe, servers, clock).look
    _until(look, _MET_WITHIN_S, f"{len(servers)} nodes to know each other", check=check, clock=clock)


def _until(
    look: Callable[[], tuple[bool, str]], within_s: float, what: str, *, check: Callable[[], None], clock: Clock
) -> None:
    def checked() -> tuple[bool, str]:
        check()
        return look()

    eventually(checked, within_s=within_s, what=what, every_s=_EVERY_S, clock=clock)


class _Meeting:
    """Introduces nodes to each other, again and again while one of them knows too few."""

    def __init__(self, probe: Asks, servers: Mapping[str, Endpoint], clock: Clock) -> None:
        self._probe, self._servers, self._clock = probe, servers, clock
        self._hosts = {name: _announced(probe, endpoint) or endpoint.host for name, endpoint in servers.items()}
        self._again_ns = 0

    def look(self) -> tuple[bool, str]:
        counts = {name: _known(self._probe, endpoint) for name, endpoint in self._servers.items()}
        strangers = {name for name, count in counts.items() if count < len(counts)}
        if strangers and self._clock.now_ns() >= self._again_ns:
            self._introduce(strangers)
            self._again_ns = self._clock.now_ns() + int(_MEET_AGAIN_S * 1e9)
        return not strangers, ", ".join(f"{name} knows {count}" for name, count in counts.items())

    def _introduce(self, strangers: Collection[str]) -> None:
        for one, other in itertools.combinations(self._servers, 2):
            if one in strangers or other in strangers:
                carry_out(self._probe, self._servers[one], "MEET", self._hosts[other], str(self._servers[other].port))


def carry_out(probe: Asks, endpoint: Endpoint, *words: str, harmless: str = "") -> None:
    """CLUSTER with these words. harmless: the end of an error reply to ignore. Raises DeploymentError for any other."""
    answer = probe.query(endpoint, "CLUSTER", *words, timeout_s=_CARRIED_OUT_WITHIN_S)
    if answer.value != "OK" and not (harmless and answer.error.endswith(harmless)):
        raise DeploymentError(
            f"expected {endpoint} to carry out CLUSTER {' '.join(words[:3])}; got "
            f"{answer.error or answer.unreachable or answer.value!r}; is its volume left over from another cluster?"
        )


def node_id(probe: Asks, endpoint: Endpoint) -> str:
    return str(probe.query(endpoint, "CLUSTER", "MYID").value)


def _announced(probe: Asks, endpoint: Endpoint) -> str:
    return pairs(probe.query(endpoint, "CONFIG", "GET", "cluster-announce-ip").value).get("cluster-announce-ip", "")


def _answering(probe: Asks, servers: Mapping[str, Endpoint]) -> tuple[bool, str]:
    silent = []
    for name, endpoint in servers.items():
        answer = probe.query(endpoint, "CLUSTER", "INFO")
        if "cluster_state" not in fields(answer.value):
            silent.append(f"{name}: {answer.error or answer.unreachable}")
    return not silent, "; ".join(silent)


def _known(probe: Asks, endpoint: Endpoint) -> int:
    """How many nodes this one knows for certain, itself included."""
    value = probe.query(endpoint, "CLUSTER", "NODES").value
    table = parse_nodes(value) if isinstance(value, str) else ()
    return sum("handshake" not in node.flags and (node.linked or "myself" in node.flags) for node in table)


def _unlinked(probe: Asks, servers: Mapping[str, Endpoint], replicas: tuple[str, ...]) -> list[str]:
    wrong = []
    for name in replicas:
        match probe.query(servers[name], "ROLE").value:
            case ["slave", _, _, "connected", _]:
                continue
            case value:
                wrong.append(f"{name} is {value}")
    return wrong
