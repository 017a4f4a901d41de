"""Pods partitioned by nftables in every node: in the forward hook, before any connection tracking, so that
established connections are cut as well.

NetworkPolicy objects are not used: whether they have any effect depends on the cluster's network, rules in the node
do not. One table per pod, named for its namespace, so that `heal` removes the rules of one pod and no others.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redis_resilience.deployments.journal import Entry, Journal
from redis_resilience.deployments.kube.nodes.node import NodeShell, Process
from redis_resilience.deployments.kube.undoing import drop_table
from redis_resilience.deployments.undo import DropTable, Where
from redis_resilience.faults.effect import Effect
from redis_resilience.model.errors import DeploymentError, TargetBack
from redis_resilience.model.faults import Direction, Isolate

_PRIORITY = -300
_TRIED_S = 0.3
_SIDES = {Direction.IN: (" tcp sport ", " tcp dport "), Direction.OUT: (" tcp dport ", " tcp sport ")}
"""Which packets from the pod, and which to it: those of connections that its peers opened, or that it opened."""
_PROOF_OF = {
    Direction.IN: f"a peer cannot connect within {_TRIED_S:g} s; it connects to a peer",
    Direction.OUT: f"it cannot connect to a peer within {_TRIED_S:g} s; a peer connects to it",
    Direction.BOTH: f"a peer cannot connect within {_TRIED_S:g} s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A pod as its peers reach it; process: one in it, which reaches others from its network, where one runs."""

    address: str
    port: int
    process: Process | None


class Firewall:
    """nodes: a shell in every node. ports: what peers of a pod connect to. kind_cluster, helper: as in `DropTable`."""

    def __init__(
        self,
        nodes: Sequence[NodeShell],
        namespace: str,
        journal: Journal,
        *,
        ports: Sequence[int],
        kind_cluster: str = "",
        helper: Where | None = None,
    ) -> None:
        self._ports = "{ " + ", ".join(map(str, ports)) + " }"
        self._nodes = nodes
        self._journal = journal
        self._kind_cluster = kind_cluster
        self._helper = helper
        self._prefix = "rr_" + re.sub(r"\W", "_", namespace)
        self._cut: dict[str, tuple[DropTable, Entry]] = {}

    def cut(self, pod: str, ends: Mapping[str, End], fault: Isolate) -> Effect:
        """Cut what `fault` cuts between `pod` and the others in `ends`; raises DeploymentError if it has no effect."""
        address = ends[pod].address
        others = ", ".join(sorted(end.address for name, end in ends.items() if name != pod))
        from_it, to_it = (side + self._ports if side else "" for side in _SIDES.get(fault.direction, ("", "")))
        table = self._table(pod)
        rules = (
            f"add table inet {table}\n"
            f"add chain inet {table} cut {{ type filter hook forward priority {_PRIORITY}; }}\n"
            f"add rule inet {table} cut ip saddr {address} ip daddr {{ {others} }}{from_it} drop\n"
            f"add rule inet {table} cut ip daddr {address} ip saddr {{ {others} }}{to_it} drop"
        )
        undo = DropTable(
            nodes=tuple(node.node for node in self._nodes),
            table=table,
            pod=pod,
            kind_cluster=self._kind_cluster,
            helper=self._helper,
        )
        self._cut[pod] = (undo, self._journal.note(undo))
        begin_ns = time.monotonic_ns()
        for node in self._nodes:
            node.must(f"nft -f - <<'RULES'\n{rules}\nRULES", f"rules that isolate {pod}")
        reached = self._reached(pod, ends)
        reaches = fault.direction is not Direction.BOTH and self._reaches(pod, ends)
        if (reached, reaches) != (fault.direction is Direction.OUT, fault.direction is Direction.IN):
            self._drop(pod)
            raise DeploymentError(
                f"expected {pod} ({address}) to be isolated ({fault.direction}); a peer connects to port "
                f"{ends[pod].port}: {reached}; it connects to a peer: {reaches}; does the traffic between these pods "
                "pass the node's forward hook?"
            )
        proof = f"{pod} ({address}) is isolated from {others}: " + _PROOF_OF[fault.direction]
        return Effect(begin_ns=begin_ns, end_ns=time.monotonic_ns(), proof=proof)

    def heal(self, pod: str, ends: Mapping[str, End]) -> Effect:
        """Take away what `cut` did to `pod`; raises TargetBack if it is not cut, DeploymentError if it stays cut."""
        if pod not in self._cut:
            raise TargetBack(f"expected {pod} to be isolated; it is not")
        address = ends[pod].address
        begin_ns = time.monotonic_ns()
        self._drop(pod)
        if not self._reached(pod, ends):
            raise DeploymentError(
                f"expected {pod} ({address}) to be reached again; a peer cannot connect to port {ends[pod].port}; does "
                "it listen?"
            )
        proof = f"{pod} ({address}) is reached by a peer again"
        return Effect(begin_ns=begin_ns, end_ns=time.monotonic_ns(), proof=proof)

    def _drop(self, pod: str) -> None:
        undo, entry = self._cut[pod]
        self._journal.done(entry, drop_table(self._nodes, undo))
        del self._cut[pod]

    def _table(self, pod: str) -> str:
        return self._prefix + "_" + re.sub(r"\W", "_", pod)

    def _reached(self, pod: str, ends: Mapping[str, End]) -> bool:
        """Whether a peer of `pod` can connect to it."""
        peer = _running_peer(pod, ends)
        return peer.process is not None and self._connects(peer.process, ends[pod])

    def _reaches(self, pod: str, ends: Mapping[str, End]) -> bool:
        """Whether `pod` can connect to a peer."""
        own = ends[pod].process
        return own is not None and self._connects(own, _running_peer(pod, ends))

    def _connects(self, peer: Process, end: End) -> bool:
        """From the peer's own network, as its Sentinel or its server would."""
        [shell] = (node for node in self._nodes if node.node == peer.node)
        attempt = f"exec 3<>/dev/tcp/{end.address}/{end.port}"
        status, _ = shell.ask(f"nsenter --target {peer.pid} --net timeout {_TRIED_S} bash -c '{attempt}'")
        return status == 0


def _running_peer(pod: str, ends: Mapping[str, End]) -> End:
    for name, end in ends.items():
        if name != pod and end.process:
            return end
    raise DeploymentError(f"expected a container that runs in a peer of {pod}; there is none")
