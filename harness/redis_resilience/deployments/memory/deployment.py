"""The simulation behind the Deployment port."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.memory.probe import MemoryProbe
from redis_resilience.deployments.memory.world import MS, OWN_VERSION, Bug, World
from redis_resilience.faults.effect import Effect
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import TargetAway, Unavailable
from redis_resilience.model.events import Scalar
from redis_resilience.model.faults import Direction, Isolate
from redis_resilience.topologies.topology import REDIS_PORT, SENTINEL_PORT, Profile, System, Topology

_RECREATED_S = 0.3


class MemoryDeployment(Deployment):
    """Implements Deployment, CanSignal, CanRestart, CanPartition, CanRecreate, CanStopNode and CanUpgrade.

    `bugs` are planted for a judge to find. Raises Unavailable for a Redis Cluster, TargetAway for a signal to what is
    down already.
    """

    def __init__(self, topology: Topology, profile: Profile, *, bugs: Collection[Bug] = ()) -> None:
        if topology.system is System.CLUSTER:
            raise Unavailable("the simulation has no Redis Cluster; run it with --backend local, kind or context")
        self._world = World(topology, profile, bugs)
        self._probe = MemoryProbe(self._world)
        self.clock = self._world.clock
        self._retired: dict[str, str] = {}
        """Pods of a rolling upgrade to the versions that they had before it."""

    @property
    def backend(self) -> str:
        return "memory"

    @property
    def topology(self) -> Topology:
        return self._world.topology

    @property
    def profile(self) -> Profile:
        return self._world.profile

    @property
    def probe(self) -> MemoryProbe:
        return self._probe

    def start(self) -> None:
        """The world exists already."""

    def stop(self) -> None:
        self._probe.stop()

    def servers(self) -> Mapping[str, Endpoint]:
        return {name: Endpoint(name, REDIS_PORT) for name in self._world.servers}

    def sentinels(self) -> Mapping[str, Endpoint]:
        return {name: Endpoint(name, SENTINEL_PORT) for name in self._world.sentinels}

    def fingerprint(self) -> Mapping[str, Scalar]:
        return {"backend": "memory", "engine": "simulation", "bugs": ", ".join(sorted(self._world.bugs))}

    def save_logs(self, folder: Path) -> None:
        """No container writes a log in this world."""

    def signal(self, pod: str, container: str, name: str) -> Effect:
        world, proof = self._world, f"{pod}/{container} took {name}"
        if name == "SIGCONT":
            return self._undo(lambda: self._start(pod, container), proof)
        if container == "sentinel":
            if not world.sentinels[pod]:
                raise TargetAway(f"expected {pod}/{container} to run before {name}; it does not")
            return self._do(lambda: world.end_sentinel(pod), lambda: world.start_sentinel(pod), proof)
        server = world.servers[pod]
        if not server.alive or (server.paused and name == "SIGSTOP"):
            raise TargetAway(f"expected {pod}/{container} to run before {name}; it does not")
        return self._do(lambda: world.silence(server, alive=name == "SIGSTOP"), lambda: world.revive(server), proof)

    def start_container(self, pod: str, container: str) -> Effect:
        return self._undo(lambda: self._start(pod, container), f"{pod}/{container} started")

    def isolate(self, pod: str, fault: Isolate, others: tuple[str, ...] = ()) -> Effect:
        """Raises Unavailable for half a partition, or one from some pods only."""
        if others or fault.direction is not Direction.BOTH:
            raise Unavailable("expected a pod to be isolated from all others, both ways; the simulation knows no other")
        server = self._world.servers[pod]
        return self._do(lambda: self._world.isolate(server), lambda: self._world.rejoin(server), f"{pod} isolated")

    def rejoin(self, pod: str) -> Effect:
        return self._undo(lambda: self._world.rejoin(self._world.servers[pod]), f"{pod} rejoined")

    def delete_pod(self, pod: str, *, grace_s: float = 30.0) -> Effect:  # noqa: ARG002 - there is no grace period here
        return self._do(lambda: self._end_pod(pod), lambda: self._start_pod(pod), f"{pod} deleted")

    def create_pod(self, pod: str) -> Effect:
        return self._undo(lambda: self._start_pod(pod), f"{pod} created")

    def prepare(self, to: str) -> None:
        """A version of Redis, which the servers only name, needs nothing."""

    def retire(self, pod: str, *, to: str) -> Effect:
        world, server = self._world, self._world.servers[pod]
        begin_ns = world.clock.now
        asked_ns = None
        if server.role == "master":
            world.replace_master(server)
            asked_ns = (begin_ns, begin_ns + MS)
        self._retired[pod] = server.version
        server.version = to or OWN_VERSION
        gone = self.delete_pod(pod)
        return replace(gone, begin_ns=begin_ns, asked_ns=asked_ns)

    def renew(self, pod: str) -> Effect:
        self.clock.sleep(_RECREATED_S)
        return self.create_pod(pod)

    def restore(self, pod: str) -> Effect:
        self._end_pod(pod)
        self._world.servers[pod].version = self._retired[pod]
        return self.create_pod(pod)

    def program(self, pod: str) -> str:
        return f"simulation of {self._world.servers[pod].version}"

    def refusal(self, pod: str) -> str:
        """No version refuses another one's data here."""
        del pod
        return ""

    @property
    def administered(self) -> bool:
        return False

    @property
    def used_up(self) -> str:
        return f"{', '.join(self._retired)} went through a rolling upgrade" if self._retired else ""

    def stop_node(self, pod: str) -> Effect:
        return self._do(lambda: self._end_pod(pod), lambda: self._start_pod(pod), f"the node of {pod} is off")

    def start_node(self, pod: str) -> Effect:
        return self._undo(lambda: self._start_pod(pod), f"the node of {pod} is on")

    def _end_pod(self, pod: str) -> None:
        world = self._world
        if world.sentinels.get(pod):
            world.end_sentinel(pod)
        if pod in world.servers and world.servers[pod].alive:
            world.silence(world.servers[pod], alive=False)

    def _start_pod(self, pod: str) -> None:
        for container, there in (("redis", self._world.servers), ("sentinel", self._world.sentinels)):
            if pod in there:
                self._start(pod, container)

    def _start(self, pod: str, container: str) -> None:
        """What is there is left as it is."""
        if container == "sentinel":
            if not self._world.sentinels[pod]:
                self._world.start_sentinel(pod)
        elif not self._world.servers[pod].answers:
            self._world.revive(self._world.servers[pod])

    def _do(self, fault: Callable[[], None], undo: Callable[[], None], proof: str) -> Effect:
        if Bug.NO_EFFECT not in self._world.bugs:
            fault()
        if Bug.SHORT_EFFECT in self._world.bugs:
            self._world.later(500.0, undo)
        return self._effect(proof)

    def _undo(self, heal: Callable[[], None], proof: str) -> Effect:
        if Bug.NO_HEAL not in self._world.bugs:
            heal()
        return self._effect(proof)

    def _effect(self, proof: str) -> Effect:
        now = self._world.clock.now
        self.clock.sleep(0.001)
        return Effect(begin_ns=now, end_ns=now + MS, proof=proof)
