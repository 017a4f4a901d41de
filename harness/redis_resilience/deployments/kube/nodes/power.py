"""Nodes that are containers of the local Docker, as kind's are, switched off and on: powered off, not shut down.

How to switch one on again is in the journal before it goes off.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from redis_resilience.deployments.journal import Entry, Journal
from redis_resilience.deployments.kube.pods.pods import Pods
from redis_resilience.deployments.kube.pods.probe import POD as PROBE_POD
from redis_resilience.deployments.kube.tools import run
from redis_resilience.deployments.kube.undoing import start_node
from redis_resilience.deployments.undo import StartNode
from redis_resilience.deployments.waiting import eventually
from redis_resilience.faults.effect import Effect
from redis_resilience.model.errors import DeploymentError, Unavailable

_ASKED_WITHIN_S = 30.0
_OFF_WITHIN_S = 10.0
_ROLE = '{{index .Config.Labels "io.x-k8s.kind.role"}}'
_RUNS = "{{.State.Running}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Off:
    """A node that is off. containers: the ones that ran on it, by pod and name, to recognise their successors."""

    undo: StartNode
    entry: Entry
    containers: dict[tuple[str, str], str]


class NodePower:
    """Of the cluster `kind_cluster`; "" for a cluster whose nodes this machine does not control."""

    def __init__(self, pods: Pods, journal: Journal, *, kind_cluster: str) -> None:
        self._pods, self._journal, self._kind_cluster = pods, journal, kind_cluster
        self._off: dict[str, _Off] = {}

    def off(self, pod: str) -> Effect:
        """Switch off the node of this pod, but no control plane and not the probe's node: that would end the trial."""
        node = self._pods.existing(pod).node
        self._must_be_spare(pod, node)
        gone = (pod, *self._pods.co_located(pod))
        names = [(each, container) for each in gone for container in self._pods.containers_of(each)]
        containers = {name: self._pods.container(*name).id for name in names}
        for each in gone:
            self._pods.logs.keep(each, self._pods.containers_of(each))
        undo = StartNode(node=node, kind_cluster=self._kind_cluster)
        self._off[pod] = _Off(undo=undo, entry=self._journal.note(undo), containers=containers)
        begin_ns = time.monotonic_ns()
        run("docker", "kill", node, within_s=_ASKED_WITHIN_S)

        def look() -> tuple[bool, str]:
            runs = run("docker", "inspect", "--format", _RUNS, node, within_s=_ASKED_WITHIN_S).strip()
            return runs == "false", f"running: {runs}"

        eventually(look, within_s=_OFF_WITHIN_S, what=f"node {node} to be off")
        proof = f"node {node} is off, and with it {', '.join(gone)}"
        return Effect(begin_ns=begin_ns, end_ns=time.monotonic_ns(), proof=proof, pods=gone)

    def on(self, pod: str) -> Effect:
        """Switch it on again, and wait until all that ran on it runs and answers.

        Raises DeploymentError for a node that is not off.
        """
        off = self._off.get(pod)
        if off is None:
            raise DeploymentError(f"expected the node of {pod} to have been switched off; it was not")
        begin_ns = time.monotonic_ns()
        runs = start_node(off.undo)
        self._journal.done(off.entry, runs)
        self._pods.nodes[off.undo.node].reopen()
        proofs = [self._pods.wait_for_restart(*name, ended) for name, ended in off.containers.items()]
        del self._off[pod]
        return Effect(begin_ns=begin_ns, end_ns=time.monotonic_ns(), proof=f"{runs}: {'; '.join(proofs)}")

    def _must_be_spare(self, pod: str, node: str) -> None:
        if not self._kind_cluster:
            raise Unavailable(
                f"expected a cluster of kind, whose nodes can be switched off; {node} of {pod} is not one of its nodes"
            )
        role = run("docker", "inspect", "--format", _ROLE, node, within_s=_ASKED_WITHIN_S).strip()
        probe = self._pods.watch.pod(PROBE_POD)
        if role != "worker" or (probe is not None and probe.node == node):
            what = "the control plane" if role != "worker" else "the probe"
            raise Unavailable(
                f"expected {pod} on a node that can be spared; it is on {node}, with {what}; use --redis-workers=3, or "
                "a cluster with as many workers"
            )
