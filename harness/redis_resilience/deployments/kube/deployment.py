"""A topology as pods of a cluster, as the engine and the faults see it.

What differs from processes on this host: the kubelet and the controllers undo some faults by themselves. A killed
container is restarted at once, a deleted pod is recreated. So `start_container` and `create_pod` start nothing
here: they wait until the cluster has done it, and say so in their proof.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from redis_resilience.deployments.growing import Growing
from redis_resilience.deployments.journal import Entry, Journal
from redis_resilience.deployments.kube.api import connect as connect_api
from redis_resilience.deployments.kube.bringup import Up, Wanted, bring_up
from redis_resilience.deployments.kube.interface import Connect, KubeError
from redis_resilience.deployments.kube.nodes.firewall import End
from redis_resilience.deployments.kube.nodes.node import send_signal
from redis_resilience.deployments.kube.objects.manifests import overlay_of
from redis_resilience.deployments.kube.pods.pods import info_field
from redis_resilience.deployments.kube.pods.watch import never_ready
from redis_resilience.deployments.kube.restarts import restart_policy_of
from redis_resilience.deployments.kube.site import Site
from redis_resilience.deployments.kube.undoing import patiently, scale_back
from redis_resilience.deployments.kube.upgrading import Images, not_upgradable
from redis_resilience.deployments.machine import CPUINFO, machine_text
from redis_resilience.deployments.password import draw_passwords
from redis_resilience.deployments.planned import planned_failover
from redis_resilience.deployments.probe import Probe
from redis_resilience.deployments.refusals import CLUSTER_UPGRADE, refusal_in
from redis_resilience.deployments.steps import Tell, untold
from redis_resilience.deployments.undo import Resume, ScaleBack
from redis_resilience.deployments.waiting import eventually
from redis_resilience.faults.capabilities import IN_NODES, CanStopNode, CanUpgrade
from redis_resilience.faults.effect import Effect, unreplaced
from redis_resilience.model.access import Access, one_password
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError
from redis_resilience.model.events import Event, Scalar
from redis_resilience.model.faults import Isolate
from redis_resilience.shipped import MANIFESTS
from redis_resilience.topologies.restarts import RestartPolicy
from redis_resilience.topologies.topology import Controller, Profile, System, Topology

_GRACE_S = 30.0
_KILLED_AFTER_GRACE_S = 30.0
_WORN_RESTARTS = 2
_RENEWED_WITHIN_S = 120.0
_RENEWED_EVERY_S = 0.25
_LOG_LINES = 200


class KubeDeployment(Growing):
    """Implements `Deployment` and every capability. One namespace, deleted at the end; the cluster is the site's.

    Raises DeploymentError wherever a change was not observed, or is asked for in a state that it makes no sense in.
    """

    def __init__(
        self,
        topology: Topology,
        profile: Profile,
        *,
        site: Site,
        journal: Journal,
        namespace: str,
        run_id: str,
        redis_image: str = "",
        probe_image: str = "",
        manifests: Path | None = None,
        connect: Connect = connect_api,
        tell: Tell = untold,
    ) -> None:
        """Images: empty for the manifests' and the site's own. manifests: a folder like this project's.

        tell: called with each step of the bring-up when it begins.
        """
        self._topology = topology
        self._profile = profile
        self._begin(site, journal, connect)
        self._wanted = Wanted(
            topology=topology,
            profile=profile,
            overlay=overlay_of(manifests or MANIFESTS, topology, profile),
            namespace=namespace,
            run_id=run_id,
            redis_image=redis_image,
            probe_image=probe_image,
            password=draw_passwords(topology).servers,
            tell=tell,
        )

    def _begin(self, site: Site, journal: Journal, connect: Connect) -> None:
        self._site, self._journal, self._connect = site, journal, connect
        self._ended: dict[tuple[str, str], str] = {}
        """Pod and container to the id of the container that was killed."""
        self._deleted: dict[str, str] = {}
        """Pod to the uid of the one that was deleted."""
        self._stopped: dict[tuple[str, str], tuple[str, Entry]] = {}
        """Pod and container to the function that resumes it."""
        self._scaled: dict[Controller, tuple[ScaleBack, Entry, tuple[str, ...]]] = {}
        """How to scale it back, and the pods that it had."""
        self._running: Up | None = None
        self._given: Images | None = None

    @property
    def backend(self) -> str:
        return self._site.backend

    @property
    def topology(self) -> Topology:
        return self._topology

    @property
    def profile(self) -> Profile:
        return self._profile

    @property
    def access(self) -> Access:
        return one_password(self._wanted.password)

    @property
    def probe(self) -> Probe:
        return self._up.probe

    def start(self) -> None:
        if self._running is not None:
            raise DeploymentError("expected a deployment that is not up; this one was started already")
        undo = ExitStack()
        try:
            undo.callback(self._forget)
            self._running = self._bring_up(undo)
        except BaseException:
            undo.close()
            raise

    def _bring_up(self, undo: ExitStack) -> Up:
        return bring_up(self._wanted, self._site, self._connect, self._journal, undo)

    def stop(self) -> None:
        if self._running is not None:
            self._running.undo.close()

    def servers(self) -> Mapping[str, Endpoint]:
        return self._up.pods.endpoints("redis")

    def sentinels(self) -> Mapping[str, Endpoint]:
        return self._up.pods.endpoints("sentinel")

    def fingerprint(self) -> Mapping[str, Scalar]:
        up = self._up
        told = up.probe.query(next(iter(self.servers().values())), "INFO", "server").value
        return {
            "kubernetes": up.api.version(),
            "node_image": up.cluster.node_image,
            "nodes": len({pod.node for pod in up.watch.pods()}),
            "images": ", ".join(up.images),
            "engine": info_field(told, "server_name") or "redis",
            "engine_version": info_field(told, "valkey_version") or info_field(told, "redis_version"),
            **self._machine(),
        }

    def policy(self, pod: str) -> RestartPolicy:
        """The kubelet's and the controllers', as the cluster is now: each restart makes the kubelet wait longer."""
        pods = self._up.pods
        return restart_policy_of(
            self.topology,
            pod,
            restarts=pods.container(pod, "redis").restarts,
            co_located=pods.co_located(pod),
            same_controller=pods.same_controller(pod),
        )

    def _machine(self) -> Mapping[str, Scalar]:
        """As one of its nodes sees it; nothing where none can be entered."""
        for shell in self._up.pods.nodes.values():
            return {
                "machine": machine_text(
                    shell.must("uname -m", "the processor's architecture").strip(),
                    shell.must(f"cat {CPUINFO}", "the processor's name"),
                ),
                "kernel": shell.must("uname -r", "the kernel's name").strip(),
                "cpus": int(shell.must("nproc", "the number of processors")),
            }
        return {}

    def lacks(self, capability: type) -> str:
        """Signals and rules need a way into the nodes; pods are deleted and scaled by the API alone."""
        if capability is CanStopNode and self.backend != "kind":
            return "the nodes of this cluster cannot be controlled from this machine"
        if capability is CanUpgrade:
            return CLUSTER_UPGRADE if self.topology.system is System.CLUSTER else not_upgradable(self.topology)
        if capability in IN_NODES:
            return self._site.locked
        return super().lacks(capability)

    def save_logs(self, folder: Path) -> None:
        names = [(pod.name, container) for pod in self.topology.pods for container in pod.containers]
        self._up.logs.save(folder, names)

    @property
    def used_up(self) -> str:
        """Each restart of a container makes the next one wait longer; and an upgrade stays."""
        if self._given and self._given.changed:
            return f"{', '.join(self._given.changed)} went through a rolling upgrade"
        for pod in self._up.watch.pods():
            for container in pod.containers:
                if container.restarts >= _WORN_RESTARTS:
                    return f"{pod.name}/{container.name} was started again {container.restarts} times"
        return ""

    @property
    def bring_up(self) -> str:
        return str(self._up.steps)

    def drain_events(self) -> tuple[Event, ...]:
        """What the cluster did to its pods since the last call, on the harness's clock."""
        return self._up.watch.drain()

    def warnings(self, since_ns: int) -> tuple[Event, ...]:
        """Of pods. None where the API does not say."""
        try:
            return self._up.watch.warnings(since_ns)
        except KubeError:
            return ()

    def signal(self, pod: str, container: str, name: str) -> Effect:
        """After SIGKILL and SIGTERM the kubelet starts the container again by itself.

        So it does after a liveness probe that a stopped process does not answer: then nothing is left to be resumed.
        """
        place = f"{pod}/{container}"
        ended = self._up.pods.container(pod, container).id
        stopped = self._stopped.get((pod, container))
        if name == "SIGCONT" and stopped and stopped[0] != ended:
            return self._woken(pod, container, f"{place} was ended while it was stopped; another process runs there")
        shell, process = self._up.pods.process(pod, container)
        if name == "SIGSTOP":
            undo = Resume(
                node=process.node,
                pid=process.pid,
                born=process.born,
                name=place,
                kind_cluster=self._up.where.kind_cluster,
                helper=None if self._up.where.kind_cluster else self._up.where,
            )
            self._stopped[pod, container] = ended, self._journal.note(undo)
        effect = send_signal(shell, process, name, place)
        if name == "SIGCONT" and stopped:
            self._journal.done(self._stopped.pop((pod, container))[1], effect.proof)
        if name in ("SIGKILL", "SIGTERM"):
            self._ended[pod, container] = ended
        return effect

    def _woken(self, pod: str, container: str, proof: str) -> Effect:
        now_ns = time.monotonic_ns()
        self._journal.done(self._stopped.pop((pod, container))[1], proof)
        return Effect(begin_ns=now_ns, end_ns=now_ns, proof=proof)

    def start_container(self, pod: str, container: str) -> Effect:
        """Wait until the kubelet has restarted it, and it answers. Raises DeploymentError if it was not killed."""
        ended = self._ended.get((pod, container))
        if ended is None:
            raise DeploymentError(f"expected {pod}/{container} to have been killed; it was not")
        begin_ns = time.monotonic_ns()
        proof = self._up.pods.wait_for_restart(pod, container, ended)
        del self._ended[pod, container]
        return Effect(begin_ns=begin_ns, end_ns=time.monotonic_ns(), proof=proof)

    def delete_pod(self, pod: str, *, grace_s: float = _GRACE_S) -> Effect:
        """It took effect when the server's process was gone; the Sentinel's may be gone earlier or later."""
        up, container = self._up, self._up.pods.containers_of(pod)[0]
        state = up.pods.existing(pod)
        death = up.pods.death_of(pod)
        up.logs.keep(pod, up.pods.containers_of(pod))
        begin_ns = time.monotonic_ns()
        up.api.delete_pod(state.name_in_cluster, grace_s=grace_s)
        accepted_ns = time.monotonic_ns()
        self._deleted[pod] = state.uid
        end_ns = death.wait(grace_s + _KILLED_AFTER_GRACE_S)
        proof = (
            f"{pod} was deleted with {grace_s:g} s of grace: accepted after {_ms(accepted_ns - begin_ns)}, "
            f"{container} ({death.who}) gone after {_ms(end_ns - begin_ns)}"
        )
        return Effect(begin_ns=begin_ns, end_ns=end_ns, proof=proof, asked_ns=(begin_ns, accepted_ns))

    def create_pod(self, pod: str) -> Effect:
        """Wait until the pod's controller has recreated it, and all of it answers."""
        uid = self._deleted.get(pod)
        if uid is None:
            raise DeploymentError(f"expected pod {pod} to have been deleted; it was not")
        begin_ns = time.monotonic_ns()
        had = self._up.pods.topology.pod(pod).containers
        proof = self._up.pods.wait_for_new(pod, uid)
        del self._deleted[pod]
        return Effect(
            begin_ns=begin_ns,
            end_ns=time.monotonic_ns(),
            proof=proof,
            unreplaced=unreplaced(pod, had, self._up.pods.containers_of(pod)),
        )

    def prepare(self, to: str) -> None:
        """Put the image into the nodes, where they do not pull it."""
        if to:
            self._site.load((to,))

    def retire(self, pod: str, *, to: str) -> Effect:
        """A pod whose manifest has a hook for that asks for the planned failover itself."""
        asked_ns = None if self.topology.planned_failover_ms else planned_failover(self, pod)
        self._images.give(pod, to)
        gone = self.delete_pod(pod)
        return replace(gone, begin_ns=asked_ns[0], asked_ns=asked_ns) if asked_ns else gone

    def renew(self, pod: str) -> Effect:
        """Raises DeploymentError as soon as its log says that it refuses its data, or its image cannot be run."""
        old = self._deleted.get(pod, "")

        def look() -> tuple[bool, str]:
            state = self._up.watch.pod(pod)
            if state is None or state.uid == old:
                return False, "it is not recreated yet"
            if reason := self.refusal(pod) or never_ready(state):
                raise DeploymentError(f"{pod} with {self.program(pod)} does not start: {reason}")
            answer = self.probe.query(self._up.pods.endpoint(pod, "redis"), "PING")
            return not answer.unreachable, answer.unreachable

        what = f"{pod} to be recreated with {self.program(pod)}"
        eventually(look, within_s=_RENEWED_WITHIN_S, what=what, every_s=_RENEWED_EVERY_S)
        return self.create_pod(pod)

    def restore(self, pod: str) -> Effect:
        self._images.take_back(pod)
        self._deleted.pop(pod, None)
        state = self._up.pods.existing(pod)
        self._up.logs.keep(pod, self._up.pods.containers_of(pod))
        begin_ns = time.monotonic_ns()
        self._up.api.delete_pod(state.name_in_cluster, grace_s=_GRACE_S)
        self._deleted[pod] = state.uid
        return replace(self.create_pod(pod), begin_ns=begin_ns)

    def program(self, pod: str) -> str:
        return self._images.of(pod)

    def refusal(self, pod: str) -> str:
        return refusal_in(self._up.logs.last_words(pod, "redis", lines=_LOG_LINES))

    @property
    def _images(self) -> Images:
        if self._given is None:
            self._given = Images(self._up, self._journal)
        return self._given

    def scale_to_zero(self, pod: str) -> Effect:
        """It took effect when the last server's process was gone."""
        up, controller = self._up, self._up.pods.controller_of(pod)
        pods = tuple(up.pods.existing(name) for name in up.pods.same_controller(pod))
        servers = {each.name: up.pods.death_of(each.name) for each in pods}
        for each in pods:
            up.logs.keep(each.name, up.pods.containers_of(each.name))
        before = up.api.replicas(controller)
        undo = ScaleBack(where=up.where, controller=controller, replicas=before)
        self._scaled[controller] = (undo, self._journal.note(undo), tuple(each.name for each in pods))
        begin_ns = time.monotonic_ns()
        up.api.scale(controller, 0)
        accepted_ns = end_ns = time.monotonic_ns()
        self._deleted.update({each.name: each.uid for each in pods})
        within_s = len(pods) * (_GRACE_S + _KILLED_AFTER_GRACE_S)
        for death in servers.values():
            end_ns = death.wait(within_s)
        proof = (
            f"{controller} was scaled from {before} to 0: accepted after {_ms(accepted_ns - begin_ns)}, "
            f"the servers of {', '.join(servers)} gone after {_ms(end_ns - begin_ns)}"
        )
        return Effect(
            begin_ns=begin_ns,
            end_ns=end_ns,
            proof=proof,
            asked_ns=(begin_ns, accepted_ns),
            pods=tuple(each.name for each in pods),
        )

    def scale_back(self, pod: str) -> Effect:
        """Waits for no pod: clients must find the first that is back while the last is still away."""
        controller = next((each for each, (*_, pods) in self._scaled.items() if pod in pods), None)
        if controller is None:
            raise DeploymentError(f"expected what keeps {pod} to have been scaled to 0; it was not")
        undo, entry, pods = self._scaled[controller]
        begin_ns = time.monotonic_ns()
        asked = patiently(lambda: scale_back(self._up.api, undo))
        self._journal.done(entry, asked)
        for each in pods:
            del self._deleted[each]
        del self._scaled[controller]
        return Effect(begin_ns=begin_ns, end_ns=time.monotonic_ns(), proof=asked)

    def isolate(self, pod: str, fault: Isolate, others: tuple[str, ...] = ()) -> Effect:
        return self._up.partition.cut(pod, self._ends((pod, *(others or self._others(pod)))), fault)

    def rejoin(self, pod: str) -> Effect:
        return self._up.partition.heal(pod, self._ends((pod, *self._others(pod))))

    def _ends(self, names: tuple[str, ...]) -> dict[str, End]:
        """Where each pod is reached, and from where it reaches others."""
        pods = self._up.pods
        return {
            name: End(address=pods.existing(name).own_address, port=self._port_of(name), process=pods.running_in(name))
            for name in names
        }

    def fetch(self, url: str) -> str:
        return self._up.clients.fetch(url)

    def ping_from(self, labels: Mapping[str, str], host: str, port: int) -> str:
        return self._up.clients.ping_from(labels, host, port)

    def stop_node(self, pod: str) -> Effect:
        return self._up.power.off(pod)

    def start_node(self, pod: str) -> Effect:
        return self._up.power.on(pod)

    @property
    def _up(self) -> Up:
        if self._running is None:
            raise DeploymentError("expected a started deployment; this one is not up, call start() first")
        return self._running

    def _forget(self) -> None:
        self._running = self._given = None
        self._ended.clear()
        self._deleted.clear()
        self._stopped.clear()
        self._scaled.clear()

    def _others(self, pod: str) -> tuple[str, ...]:
        return tuple(peer.name for peer in self.topology.pods if peer.name != pod)

    def _port_of(self, pod: str) -> int:
        return self.topology.port_of(self._up.pods.containers_of(pod)[0])


def _ms(ns: int) -> str:
    return f"{ns / 1e6:.0f} ms"
