"""A topology as real processes on this host, as the engine and the faults see it.

Brings up in the fastest order, applies the boot rule, and proves every change by a question to the
server concerned. The agent carries out commands; the probe asks the servers.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from redis_resilience.deployments.certificates import Authority
from redis_resilience.deployments.forming import form_cluster, members
from redis_resilience.deployments.growing import Growing
from redis_resilience.deployments.local.addresses import claim_loopback_block, namespace_addresses
from redis_resilience.deployments.local.boot import sentinels_to_know, whom_to_follow, whom_to_watch
from redis_resilience.deployments.local.containers import Containers
from redis_resilience.deployments.local.control import Agent, Started
from redis_resilience.deployments.local.engine import Engine, find_engine
from redis_resilience.deployments.local.isolation import Level, choose_isolation, write_name_files
from redis_resilience.deployments.local.leftovers import hold
from redis_resilience.deployments.local.partition import Partition, find_nft
from redis_resilience.deployments.local.pods import Pods
from redis_resilience.deployments.local.settling import keep_pinging, run_id, wait_for_replicas, wait_for_sentinels
from redis_resilience.deployments.local.sidecar import start_probe
from redis_resilience.deployments.machine import this_machine
from redis_resilience.deployments.password import draw_passwords
from redis_resilience.deployments.planned import planned_failover
from redis_resilience.deployments.probe import Probe
from redis_resilience.deployments.refusals import CLUSTER_UPGRADE, refusal_in
from redis_resilience.deployments.waiting import eventually
from redis_resilience.faults.capabilities import CanPartition, CanUpgrade
from redis_resilience.faults.effect import Effect, unreplaced
from redis_resilience.model.access import Access, Login
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, TargetAway, TargetBack, Unavailable, UsageError
from redis_resilience.model.events import Scalar
from redis_resilience.model.faults import Isolate
from redis_resilience.topologies.restarts import STAYS_DOWN, RestartPolicy
from redis_resilience.topologies.security import Encryption
from redis_resilience.topologies.topology import Profile, System, Topology

_ANSWERS_WITHIN_S = 15.0
_CONNECT_S = 0.5
_EVERY_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class _Up:
    """What there is only while the deployment is up. undo: takes all of it away, last made first."""

    agent: Agent
    containers: Containers
    pods: Pods
    partition: Partition
    probe: Probe
    undo: ExitStack


class LocalDeployment(Growing):
    """Implements `Deployment` and every capability; partitions only where pods have networks of their own.

    Raises DeploymentError wherever a change was not observed, or is asked for in a state that it makes no sense in:
    TargetAway where what is to be taken is away already, TargetBack where what is to come back is there.
    Unavailable where this host cannot have the topology.
    """

    def __init__(
        self,
        topology: Topology,
        profile: Profile,
        *,
        folder: Path,
        redis_server: str | None = None,
        isolation: str = "auto",
    ) -> None:
        """folder: for configurations, volumes and logs; removed by `stop` when `start` made it.

        redis_server: path or name of the engine. isolation: auto, namespaces or loopback.
        """
        self._topology = topology
        self._profile = profile
        self._folder = folder.resolve()
        self._engine = find_engine(redis_server)
        self._isolation = choose_isolation(isolation)
        if topology.ipv6 and not self._apart:
            raise Unavailable(
                f"expected pods with networks of their own for IPv6; got the isolation level loopback, which has IPv4 "
                f"addresses ({self._isolation.because}); use namespaces"
            )
        self._passwords = draw_passwords(topology)
        self._authority = None if topology.security.tls is Encryption.OFF else Authority()
        self._running: _Up | None = None
        self._retired: dict[str, Engine] = {}
        """Pods of a rolling upgrade to the engines that they had before it."""

    @property
    def backend(self) -> str:
        return "local"

    @property
    def topology(self) -> Topology:
        return self._topology

    @property
    def profile(self) -> Profile:
        return self._profile

    @property
    def access(self) -> Access:
        security, passwords = self._topology.security, self._passwords
        tls = self._authority.client() if self._authority else None
        return Access(
            servers=Login(user=security.user, password=passwords.servers, tls=tls),
            sentinels=Login(user=security.sentinel_user, password=passwords.sentinels, tls=tls),
            sentinel_ports=(self._topology.sentinel_port,),
        )

    @property
    def probe(self) -> Probe:
        return self._up.probe

    def start(self) -> None:
        if self._running is not None:
            raise DeploymentError("expected a deployment that is not up; this one was started already")
        undo = ExitStack()
        try:
            undo.callback(self._forget)
            self._running = self._make(undo)
            self._settle(self._running)
        except BaseException:
            undo.close()
            raise

    def stop(self) -> None:
        if self._running is not None:
            self._running.undo.close()

    def servers(self) -> Mapping[str, Endpoint]:
        return self._up.pods.endpoints("redis")

    def sentinels(self) -> Mapping[str, Endpoint]:
        return self._up.pods.endpoints("sentinel")

    def policy(self, pod: str) -> RestartPolicy:
        """Nothing restarts by itself here."""
        return replace(STAYS_DOWN, same_controller=self._topology.same_controller(pod))

    def fingerprint(self) -> Mapping[str, Scalar]:
        return {
            "isolation": self._isolation.level.value,
            "isolation_because": self._isolation.because,
            "engine": self._engine.name,
            "engine_version": self._engine.version,
            "machine": this_machine(),
            "kernel": platform.release(),
            "cpus": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
        }

    def save_logs(self, folder: Path) -> None:
        names = [(pod.name, container) for pod in self._topology.pods for container in pod.containers]
        self._up.containers.save(folder, names)

    def check(self) -> None:
        """Raise DeploymentError, with the end of its log, where a container ended without being asked to."""
        self._up.containers.check()

    def signal(self, pod: str, container: str, name: str) -> Effect:
        self._must_have(pod, container)
        return self._up.containers.signal(pod, container, name)

    def start_container(self, pod: str, container: str) -> Effect:
        self._must_have(pod, container)
        if self._up.containers.running(pod, container):
            raise TargetBack(f"expected {pod}/{container} to be down; it runs already")
        started = self._up.pods.start(pod, container, master=self._boot(pod, container))
        effect = self._answering(pod, {container: started})
        if container == "sentinel":
            self._keep_pinging(pod)
        return effect

    def delete_pod(self, pod: str, *, grace_s: float = 30.0) -> Effect:
        containers = self._containers_of(pod)
        if pod not in self._up.pods.live:
            raise TargetAway(f"expected pod {pod} to exist; it was deleted already")
        gone = self._up.containers.end(pod, containers, grace_s=grace_s)
        address = self._up.pods.drop(pod)
        return Effect(begin_ns=gone.begin_ns, end_ns=gone.end_ns, proof=f"{gone.proof}; {address} is given up")

    def create_pod(self, pod: str) -> Effect:
        containers = self._containers_of(pod)
        pods = self._up.pods
        if pod in pods.live:
            raise TargetBack(f"expected no pod {pod}; it exists, delete it first")
        pods.add(pod)
        self._up.partition.follow(pods.live)
        known = sentinels_to_know(pod, topology=self._topology, places=pods, probe=self.probe)
        started = {
            container: pods.start(pod, container, master=self._boot(pod, container), known=known)
            for container in containers
        }
        effect = self._answering(pod, started)
        if "sentinel" in started:
            self._keep_pinging(pod)
        return replace(effect, unreplaced=unreplaced(pod, self._topology.pod(pod).containers, containers))

    def prepare(self, to: str) -> None:
        """Raises Unavailable, with what was found, where `to` is no server."""
        self._engine_for(to)

    def retire(self, pod: str, *, to: str) -> Effect:
        engine = self._engine_for(to)
        asked_ns = planned_failover(self, pod)
        self._retired[pod] = self._up.pods.engine_of(pod)
        gone = self.delete_pod(pod)
        self._up.pods.use(pod, engine)
        return replace(gone, begin_ns=asked_ns[0] if asked_ns else gone.begin_ns, asked_ns=asked_ns)

    def renew(self, pod: str) -> Effect:
        return self.create_pod(pod)

    def restore(self, pod: str) -> Effect:
        if pod in self._up.pods.live:
            self.delete_pod(pod)
        self._up.pods.use(pod, self._retired[pod])
        return self.create_pod(pod)

    def program(self, pod: str) -> str:
        return self._up.pods.engine_of(pod).path

    def refusal(self, pod: str) -> str:
        return refusal_in(self._up.containers.words(pod, "redis"))

    @property
    def administered(self) -> bool:
        return False

    @property
    def used_up(self) -> str:
        return f"{', '.join(self._retired)} went through a rolling upgrade" if self._retired else ""

    def lacks(self, capability: type) -> str:
        if capability is CanUpgrade and self._topology.system is System.CLUSTER:
            return CLUSTER_UPGRADE
        return self._undivided() if capability is CanPartition else super().lacks(capability)

    def scale_to_zero(self, pod: str) -> Effect:
        pods = self._scaled_with(pod)
        live = [each for each in reversed(pods) if each in self._up.pods.live]
        if not live:
            raise TargetAway(f"expected a pod of {', '.join(pods)} to exist; all were deleted already")
        return _all_of([self.delete_pod(each) for each in live], pods)

    def scale_back(self, pod: str) -> Effect:
        pods = self._scaled_with(pod)
        away = [each for each in pods if each not in self._up.pods.live]
        if not away:
            raise TargetBack(f"expected a pod of {', '.join(pods)} to be away; all exist")
        return _all_of([self.create_pod(each) for each in away], pods)

    def isolate(self, pod: str, fault: Isolate, others: tuple[str, ...] = ()) -> Effect:
        self._must_be_apart()
        peers = others or tuple(peer.name for peer in self._topology.pods if peer.name != pod)
        for name in (pod, *peers):
            self._containers_of(name)
        if pod not in self._up.pods.live:
            raise DeploymentError(
                f"expected pod {pod} to exist, to be partitioned from {', '.join(peers)}; it is deleted; "
                "isolate it once it is back"
            )
        return self._up.partition.cut(pod, peers, self._up.pods.live, fault)

    def rejoin(self, pod: str) -> Effect:
        self._must_be_apart()
        self._containers_of(pod)
        return self._up.partition.heal(pod, self._up.pods.live)

    def _engine_for(self, to: str) -> Engine:
        return find_engine(to) if to else self._engine

    @property
    def _apart(self) -> bool:
        """Whether pods have names and networks of their own."""
        return self._isolation.level is Level.NAMESPACES

    @property
    def _up(self) -> _Up:
        if self._running is None:
            raise DeploymentError("expected a started deployment; this one is not up, call start() first")
        return self._running

    def _forget(self) -> None:
        self._running = None
        self._retired.clear()

    def _make(self, undo: ExitStack) -> _Up:
        """Everything but the servers; each step registers how to undo itself with `undo`."""
        self._make_folder(undo)
        addresses = (
            namespace_addresses(ipv6=self._topology.ipv6)
            if self._apart
            else claim_loopback_block(
                len(self._topology.pods), ports=(self._topology.port, self._topology.sentinel_port)
            )
        )
        undo.callback(addresses.release)
        agent = Agent(self._isolation.level, self._folder, addresses.gateway, keep=addresses.lock)
        undo.callback(agent.end)
        # The probe takes longest to start: everything that needs no question happens meanwhile.
        probe = start_probe(agent, self._folder / "logs" / "probe.log")
        undo.callback(probe.stop)
        containers = Containers(agent, self._folder / "logs")
        pods = Pods(
            self._topology,
            self._profile,
            folder=self._folder,
            engine=self._engine,
            level=self._isolation.level,
            addresses=addresses,
            agent=agent,
            containers=containers,
            passwords=self._passwords,
            authority=self._authority,
        )
        partition = Partition(agent, self._folder, self._topology.listening)
        return _Up(agent=agent, containers=containers, pods=pods, partition=partition, probe=probe, undo=undo)

    def _make_folder(self, undo: ExitStack) -> None:
        parts = ("etc", "logs", "pods", "claims")
        own = (self._folder,) if not self._folder.exists() else tuple(self._folder / part for part in parts)
        for part in parts:
            (self._folder / part).mkdir(parents=True)
        for path in own:
            undo.callback(shutil.rmtree, path, ignore_errors=True)
        undo.callback(hold(self._folder))
        write_name_files(self._folder / "etc", "")

    def _settle(self, up: _Up) -> None:
        """Start the servers, then the Sentinels, whose first INFO then finds all replicas."""
        up.probe.watch(servers={}, sentinels={}, master_name=self._topology.master_name, access=self.access)
        for pod in self._topology.pods:
            up.pods.add(pod.name)
        if self._topology.system is System.CLUSTER:
            self._settle_cluster(up)
            return
        first = self._topology.first
        others = [name for name in self.servers() if name != first]
        up.pods.start(first, "redis", master="")
        self._wait_until_listening(first)
        for name in others:
            up.pods.start(name, "redis", master=first)
        servers = self.servers()
        replicas = {name: servers[name] for name in others}
        wait_for_replicas(up.probe, servers[first], replicas, self.check)
        sentinels = self.sentinels()
        for name in sentinels:
            up.pods.start(name, "sentinel", master=first)
        wait_for_sentinels(
            up.probe,
            self._topology,
            self._profile,
            tuple(sentinels.values()),
            debug=self._engine.modern,
            check=self.check,
        )
        self._keep_pinging(*sentinels)

    def _settle_cluster(self, up: _Up) -> None:
        servers = self.servers()
        for name in servers:
            up.pods.start(name, "redis", master="")
        form_cluster(up.probe, members(self._topology, servers), shards=self._topology.shards, check=self.check)

    def _keep_pinging(self, *pods: str) -> None:
        keep_pinging(self.probe, self._profile, [self.sentinels()[pod] for pod in pods], self.check)

    def _wait_until_listening(self, pod: str) -> None:
        """A replica whose first connect is refused tries again only after a second."""
        address = (self._up.pods.live[pod], self._topology.port)

        def look() -> tuple[bool, str]:
            self.check()
            with self._up.agent.socket_of(pod) if self._apart else socket.socket() as trial:
                trial.settimeout(_CONNECT_S)
                code = trial.connect_ex(address)
            return code == 0, os.strerror(code)

        eventually(look, within_s=_ANSWERS_WITHIN_S, what=f"{pod} to listen", every_s=_EVERY_S)

    def _boot(self, pod: str, container: str) -> str:
        """The pod or address that the boot rule makes this one follow or monitor; "" for its own pod."""
        pods = self._up.pods
        rule = whom_to_watch if container == "sentinel" and pods.topology.fresh_sentinels else whom_to_follow
        return rule(pod, topology=pods.topology, profile=self._profile, places=pods, probe=self.probe)

    def _answering(self, pod: str, started: Mapping[str, Started]) -> Effect:
        """Wait until these containers answer, and prove it by their run_id."""
        proofs = [
            f"{pod}/{container} answers at {self._up.pods.endpoint(pod, container)}, PID {start.pid}, "
            f"{self._wait_for_answer(pod, container)}"
            for container, start in started.items()
        ]
        begin_ns = min(start.begin_ns for start in started.values())
        return Effect(begin_ns=begin_ns, end_ns=time.monotonic_ns(), proof="; ".join(proofs))

    def _wait_for_answer(self, pod: str, container: str) -> str:
        """Until it answers anything; returns its run_id in words, or what it replied instead (LOADING)."""
        endpoint = self._up.pods.endpoint(pod, container)
        answered = ""

        def look() -> tuple[bool, str]:
            nonlocal answered
            self._up.containers.must_run(pod, container)
            answer = self.probe.query(endpoint, "INFO", "server")
            found = run_id(answer)
            answered = f"run_id {found}" if found else answer.error
            return bool(answered), answer.unreachable

        eventually(look, within_s=_ANSWERS_WITHIN_S, what=f"{pod}/{container} to answer", every_s=_EVERY_S)
        return answered

    def _containers_of(self, pod: str) -> tuple[str, ...]:
        return self._up.pods.topology.pod(pod).containers

    def _scaled_with(self, pod: str) -> tuple[str, ...]:
        self._topology.controller_of(pod)  # a bare pod has none, and this raises
        return self._topology.same_controller(pod)

    def _must_have(self, pod: str, container: str) -> None:
        containers = self._containers_of(pod)
        if container not in containers:
            raise UsageError(f"pod {pod} has no container {container!r}; it has: {', '.join(containers)}")
        if pod not in self._up.pods.live:
            raise TargetAway(f"expected pod {pod} to exist; it is deleted, create it first")

    def _must_be_apart(self) -> None:
        if reason := self._undivided():
            raise Unavailable(reason)

    def _undivided(self) -> str:
        """Why no pod can be isolated here; "" where each can."""
        if not self._apart:
            return (
                "expected pods with networks of their own; got the isolation level loopback, where all share the "
                f"host's ({self._isolation.because}); use namespaces, or a cluster"
            )
        try:
            find_nft()
        except Unavailable as missing:
            return str(missing)
        return ""


def _all_of(effects: Sequence[Effect], pods: tuple[str, ...]) -> Effect:
    return Effect(
        begin_ns=effects[0].begin_ns,
        end_ns=effects[-1].end_ns,
        proof="; ".join(effect.proof for effect in effects),
        pods=pods,
    )
