"""The simulation behind the Deployment port."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from redis_resilience.deployments.memory.probe import MemoryProbe
from redis_resilience.deployments.memory.world import MS, Bug, World
from redis_resilience.deployments.port import Deployment
from redis_resilience.faults.effect import Effect
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.events import Scalar
from redis_resilience.topologies.topology import REDIS_PORT, SENTINEL_PORT, Profile, Topology


class MemoryDeployment(Deployment):
    """Implements Deployment, CanSignal and CanRestart; `bugs` are planted for a judge to find."""

    def __init__(self, topology: Topology, profile: Profile, *, bugs: Collection[Bug] = ()) -> None:
        self._world = World(topology, profile, bugs)
        self._probe = MemoryProbe(self._world)
        self.clock = self._world.clock

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
        """Nobody logs in this world."""

    def signal(self, pod: str, container: str, name: str) -> Effect:
        world = self._world
        if Bug.NO_EFFECT in world.bugs:
            return self._effect(f"{name} sent to {pod}/{container}")
        if container == "sentinel":
            world.sentinels[pod] = False
        elif name == "SIGCONT":
            world.revive(world.servers[pod])
        else:
            world.silence(world.servers[pod], alive=name == "SIGSTOP")
        return self._effect(f"{pod}/{container} took {name}")

    def start_container(self, pod: str, container: str) -> Effect:
        if container == "sentinel":
            self._world.sentinels[pod] = True
        else:
            self._world.revive(self._world.servers[pod])
        return self._effect(f"{pod}/{container} started")

    def _effect(self, proof: str) -> Effect:
        now = self._world.clock.now
        self.clock.sleep(0.001)
        return Effect(begin_ns=now, end_ns=now + MS, proof=proof)
