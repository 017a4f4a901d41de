"""Pods as a StatefulSet's controller and kubelet keep them: address, names, files and volume of each.

It knows what is written where and what is started with it; which pod is master is decided elsewhere.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from redis_resilience.deployments.certificates import Authority, Certificate
from redis_resilience.deployments.local import config
from redis_resilience.deployments.local.addresses import Addresses
from redis_resilience.deployments.local.containers import Containers
from redis_resilience.deployments.local.control import Agent, Started
from redis_resilience.deployments.local.engine import Engine
from redis_resilience.deployments.local.isolation import Level
from redis_resilience.deployments.password import NO_PASSWORDS, Passwords
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.topologies.topology import Boot, Profile, Topology, Volume


class Pods:
    """The pods that exist. `live` has their present addresses, in the order in which they were made."""

    def __init__(
        self,
        topology: Topology,
        profile: Profile,
        *,
        folder: Path,
        engine: Engine,
        level: Level,
        addresses: Addresses,
        agent: Agent,
        containers: Containers,
        passwords: Passwords = NO_PASSWORDS,
        authority: Authority | None = None,
    ) -> None:
        """authority: issues the certificates of a topology with TLS."""
        self._passwords = passwords
        self._authority = authority
        self._certificates: dict[str, Certificate] = {}
        self._topology = topology
        self._profile = profile
        self._folder = folder
        self._engine = engine
        self._engines: dict[str, Engine] = {}
        self._apart = level is Level.NAMESPACES
        self._sentinels_use_names = self._apart and config.names_resolve(topology)
        self._addresses = addresses
        self._agent = agent
        self._containers = containers
        self._kept: dict[str, str] = {}
        self.live: dict[str, str] = {}

    def add(self, pod: str) -> None:
        """A new pod: a new address, an empty folder; an earlier claim is found again."""
        # Readable by the owner only: there may be a password in its files, and Sentinel rewrites its own with any mode.
        self._pod_folder(pod).mkdir(parents=True, mode=0o700)
        self._volume(pod).mkdir(parents=True, exist_ok=True)
        address = self._kept.get(pod) or self._addresses.take()
        if self._topology.fixed_addresses:
            self._kept[pod] = address
        if self._apart:
            self._agent.add_pod(pod, address)
        self.live[pod] = address
        if self._authority is not None:
            names = (self._full_name(pod), pod, address, *self._topology.services)
            self._certificates[pod] = self._authority.issue(self._pod_folder(pod), names)
        self._write_hosts()

    def engine_of(self, pod: str) -> Engine:
        """What its containers run, or will run once they are started again."""
        return self._engines.get(pod, self._engine)

    def use(self, pod: str, engine: Engine) -> None:
        """From its next start on."""
        self._engines[pod] = engine

    @property
    def topology(self) -> Topology:
        """With the successors of pods that are gone."""
        return self._topology

    def drop(self, pod: str) -> str:
        """Address, name and everything but the claim are given up; returns the address."""
        self._topology = self._topology.after(pod)
        address = self.live.pop(pod)
        self._write_hosts()
        if self._apart:
            self._agent.drop_pod(pod)
        shutil.rmtree(self._pod_folder(pod))
        return address

    def start(self, pod: str, container: str, *, master: str, known: Sequence[config.Peer] = ()) -> Started:
        """Write the container's file and start it. master: the pod or address to follow; "" to be master.

        known: Sentinels that a new Sentinel starts with.
        """
        address, engine = self.live[pod], self.engine_of(pod)
        own_name = self._full_name(pod) if self._sentinels_use_names else ""
        where = config.Where(
            bind=address,
            announce=own_name if self._apart else address,
            source="" if self._apart or not engine.modern else address,
        )
        file = self._pod_folder(pod) / f"{container}.conf"
        if container == "redis":
            if self._topology.volume_of(pod) is Volume.CONTAINER:
                shutil.rmtree(self._volume(pod))
                self._volume(pod).mkdir()
            # A client that asked a Sentinel got an address, unless they all work with names.
            asked = self._topology.boot is Boot.ASK_OR_WAIT and not self._sentinels_use_names
            follow = self._reach(master, by_name=self._apart and not asked) if master else ""
            text = config.redis_config(
                self._topology,
                self._profile,
                where,
                self._volume(pod),
                master=follow,
                passwords=self._passwords,
                certificate=self._certificates.get(pod),
            )
            file.write_text(text)
            argv: tuple[str, ...] = (engine.path, str(file))
        else:
            # A Sentinel keeps its state in its file, which lives as long as the pod, or as its container.
            if self._topology.fresh_sentinels or not file.exists():
                file.write_text(self._sentinel_config(pod, where, master, known))
            argv = (engine.path, str(file), "--sentinel")
        return self._containers.start(pod, container, argv, network=pod if self._apart else None)

    def endpoint(self, pod: str, container: str) -> Endpoint:
        return Endpoint(self.live[pod], self._topology.port_of(container))

    def endpoints(self, container: str) -> Mapping[str, Endpoint]:
        """Of every live pod that has this container, in the topology's order."""
        return {
            pod.name: self.endpoint(pod.name, container)
            for pod in self._topology.pods
            if container in pod.containers and pod.name in self.live
        }

    def called(self, host: str) -> str:
        """The pod of this name, full name or present address; else what was given."""
        for pod in self._topology.pods:
            if host in (pod.name, self._full_name(pod.name), self.live.get(pod.name)):
                return pod.name
        return host

    def _sentinel_config(self, pod: str, where: config.Where, master: str, known: Sequence[config.Peer]) -> str:
        return config.sentinel_config(
            self._topology,
            self._profile,
            where,
            self._pod_folder(pod),
            master=self._reach(master or pod, by_name=self._sentinels_use_names),
            names=self._sentinels_use_names,
            passwords=self._passwords,
            certificate=self._certificates.get(pod),
            known=known,
        )

    def _reach(self, pod: str, *, by_name: bool) -> str:
        """How to write a pod, or an address that is no pod's, into a configuration."""
        known = any(pod == known.name for known in self._topology.pods)
        return self._full_name(pod) if known and by_name else self.live.get(pod, pod)

    def _write_hosts(self) -> None:
        """In place: the bind mounts inside hold the file, not its name."""
        text = config.hosts(self._topology, self.live.items()).encode()
        with (self._folder / "etc" / "hosts").open("r+b", buffering=0) as file:
            file.write(text)
            file.truncate()

    def _full_name(self, pod: str) -> str:
        return f"{pod}.{self._topology.service}"

    def _pod_folder(self, pod: str) -> Path:
        return self._folder / "pods" / pod

    def _volume(self, pod: str) -> Path:
        if self._topology.volume_of(pod) is Volume.CLAIM:
            return self._folder / "claims" / pod
        return self._pod_folder(pod) / "volume"
