"""Pods cut off from each other by nftables in every node: in the forward hook, before any connection tracking, so that
established connections are cut as well.

NetworkPolicy objects are not used: whether they have any effect depends on the cluster's network, rules in the node
do not. One table a pod, named for its namespace, so that `heal` takes away one pod's rules and nobody else's.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence

from redis_resilience.deployments.journal import Entry, Journal
from redis_resilience.deployments.kube.nodes.node import NodeShell, Process
from redis_resilience.deployments.kube.undoing import drop_table
from redis_resilience.deployments.undo import DropTable, Where
from redis_resilience.faults.effect import Effect
from redis_resilience.model.errors import DeploymentError

_PRIORITY = -300
_TRIED_S = 0.3


class Partition:
    """nodes: a shell in every node of the cluster. kind_cluster, helper: as in `DropTable`."""

    def __init__(
        self,
        nodes: Sequence[NodeShell],
        namespace: str,
        journal: Journal,
        *,
        kind_cluster: str = "",
        helper: Where | None = None,
    ) -> None:
        self._nodes = nodes
        self._journal = journal
        self._kind_cluster = kind_cluster
        self._helper = helper
        self._prefix = "rr_" + re.sub(r"\W", "_", namespace)
        self._cut: dict[str, tuple[DropTable, Entry]] = {}

    def cut(self, pod: str, addresses: Mapping[str, str], peer: Process, *, port: int) -> Effect:
        """Drop every packet between `pod` and the others in `addresses`. peer: a process in one of the others."""
        address = addresses[pod]
        others = ", ".join(sorted(other for name, other in addresses.items() if name != pod))
        table = self._table(pod)
        rules = (
            f"add table inet {table}\n"
            f"add chain inet {table} cut {{ type filter hook forward priority {_PRIORITY}; }}\n"
            f"add rule inet {table} cut ip saddr {address} ip daddr {{ {others} }} drop\n"
            f"add rule inet {table} cut ip daddr {address} ip saddr {{ {others} }} drop"
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
        if self._reaches(peer, address, port):
            self._drop(pod)
            raise DeploymentError(
                f"expected {pod} ({address}) to be out of its peers' reach; one still connects to port {port}; does "
                "the traffic between these pods pass the node's forward hook?"
            )
        proof = f"{pod} ({address}) is cut off from {others}: a peer cannot connect within {_TRIED_S:g} s"
        return Effect(begin_ns=begin_ns, end_ns=time.monotonic_ns(), proof=proof)

    def heal(self, pod: str, address: str, peer: Process, *, port: int) -> Effect:
        """Take away what `cut` did to `pod`."""
        if pod not in self._cut:
            raise DeploymentError(f"expected {pod} to be isolated; it is not")
        begin_ns = time.monotonic_ns()
        self._drop(pod)
        if not self._reaches(peer, address, port):
            raise DeploymentError(
                f"expected {pod} ({address}) to be reached again; a peer cannot connect to port {port}; does it listen?"
            )
        proof = f"{pod} ({address}) is reached by a peer again"
        return Effect(begin_ns=begin_ns, end_ns=time.monotonic_ns(), proof=proof)

    def _drop(self, pod: str) -> None:
        undo, entry = self._cut[pod]
        self._journal.done(entry, drop_table(self._nodes, undo))
        del self._cut[pod]

    def _table(self, pod: str) -> str:
        return self._prefix + "_" + re.sub(r"\W", "_", pod)

    def _reaches(self, peer: Process, address: str, port: int) -> bool:
        """From the peer's own network, as its Sentinel or its server would."""
        [shell] = (node for node in self._nodes if node.node == peer.node)
        attempt = f"exec 3<>/dev/tcp/{address}/{port}"
        status, _ = shell.ask(f"nsenter --target {peer.pid} --net timeout {_TRIED_S} bash -c '{attempt}'")
        return status == 0
