"""A Redis that was there before the harness came, and that stays when it goes: only the probe's pod is ours.

Its data are its user's: never flushed; a trial takes away the keys that it wrote itself. Topology and profile are known
once it is started.
"""

from __future__ import annotations

from contextlib import ExitStack

from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.api import connect as connect_api
from redis_resilience.deployments.kube.attachment import Attachment, describe, find
from redis_resilience.deployments.kube.bringup import (
    Ground,
    Up,
    break_ground,
    complete,
    place_of,
    probe_manifest,
    start_probe,
    where_of,
)
from redis_resilience.deployments.kube.deployment import KubeDeployment
from redis_resilience.deployments.kube.interface import Connect
from redis_resilience.deployments.kube.objects import manifests
from redis_resilience.deployments.kube.pods.logs import Logs
from redis_resilience.deployments.kube.pods.places import Places
from redis_resilience.deployments.kube.pods.pods import Pods
from redis_resilience.deployments.kube.pods.watch import PodWatch
from redis_resilience.deployments.kube.site import Site
from redis_resilience.deployments.steps import Steps, Tell, untold
from redis_resilience.model.access import OPEN, Access
from redis_resilience.model.errors import DeploymentError
from redis_resilience.topologies.topology import Profile, Topology


class AttachedDeployment(KubeDeployment):
    def __init__(
        self,
        attachment: Attachment,
        *,
        site: Site,
        journal: Journal,
        namespace: str,
        run_id: str,
        probe_image: str = "",
        connect: Connect = connect_api,
        tell: Tell = untold,
    ) -> None:
        self._begin(site, journal, connect)
        self._tell = tell
        self._attachment = attachment
        self._namespace, self._run_id, self._probe_image = namespace, run_id, probe_image
        self._access = OPEN
        self._described: tuple[Topology, Profile] | None = None

    @property
    def topology(self) -> Topology:
        return self._known[0]

    @property
    def profile(self) -> Profile:
        return self._known[1]

    @property
    def access(self) -> Access:
        return self._access

    @property
    def owns_data(self) -> bool:
        return False

    @property
    def _known(self) -> tuple[Topology, Profile]:
        if self._described is None:
            raise DeploymentError("expected a started deployment; what it is attached to is known after start()")
        return self._described

    def _bring_up(self, undo: ExitStack) -> Up:
        """Look, put the probe beside it, ask the Sentinels."""
        steps = Steps(self._tell)
        steps.begin("attach")
        cluster = self._site.acquire()
        probe_objects = probe_manifest(self._site, self._probe_image, self._run_id)
        api = self._connect(cluster.kubeconfig, cluster.context, self._namespace)
        undo.callback(api.close)
        where = where_of(self._site, cluster, api)
        ground = break_ground(
            probe_objects,
            Ground(site=self._site, cluster=cluster, where=where, api=api, journal=self._journal, undo=undo),
            self._connect,
            run_id=self._run_id,
        )
        found = find(api, self._attachment)
        self._access = self._attachment.keys.read(api.secret, sentinel_ports=(self._attachment.sentinel_port,))
        watch = PodWatch(api, Places(found.parts()), found.called)
        undo.callback(watch.stop)
        logs = Logs(api, watch)
        manifests.apply(probe_objects, place_of(where))
        probe = start_probe(ground, watch, logs)
        probe.watch(servers={}, sentinels={}, master_name="", access=self.access)
        self._described = describe(probe, found, self._attachment)
        steps.end()
        images = manifests.images_in(probe_objects)
        pods = Pods(topology=self._described[0], watch=watch, logs=logs, nodes={}, probe=probe)
        return complete(ground, pods, images=images, steps=steps)
