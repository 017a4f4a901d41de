"""A Redis of the user's: there before the harness came, and there when it goes; or deployed from the user's own chart
or manifests, and deleted at the end.

Its data are its user's: never flushed; a trial takes away the keys that it wrote itself. Topology and profile are known
once it is started.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from redis_resilience.deployments.journal import Entry, Journal
from redis_resilience.deployments.kube.api import connect as connect_api
from redis_resilience.deployments.kube.attachment import Attachment, find
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
from redis_resilience.deployments.kube.describing import describe
from redis_resilience.deployments.kube.interface import RUN_LABEL, Connect
from redis_resilience.deployments.kube.objects import manifests
from redis_resilience.deployments.kube.objects.brought import ANY_NAMESPACE, Brought
from redis_resilience.deployments.kube.objects.settled import wait_until_ready
from redis_resilience.deployments.kube.pods.logs import Logs
from redis_resilience.deployments.kube.pods.places import Places
from redis_resilience.deployments.kube.pods.pods import Pods
from redis_resilience.deployments.kube.pods.watch import PodWatch
from redis_resilience.deployments.kube.site import Site
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.deployments.steps import Steps, Tell, untold
from redis_resilience.deployments.undo import DeleteKeys
from redis_resilience.model.access import OPEN, Access
from redis_resilience.model.errors import DeploymentError
from redis_resilience.topologies.topology import Profile, Topology

Find = Callable[[Place], Attachment]
"""What to attach to in a namespace, asked once all that belongs there runs."""


class AttachedDeployment(KubeDeployment):
    def __init__(
        self,
        find_it: Find,
        *,
        site: Site,
        journal: Journal,
        namespace: str,
        run_id: str,
        probe_image: str = "",
        brought: Brought | None = None,
        connect: Connect = connect_api,
        tell: Tell = untold,
    ) -> None:
        """brought: what is deployed first; None where everything is there."""
        self._begin(site, journal, connect)
        self._tell = tell
        self._find, self._brought = find_it, brought
        self._namespace, self._run_id, self._probe_image = namespace, run_id, probe_image
        self._access = OPEN
        self._described: tuple[Topology, Profile] | None = None
        self._attachment: Attachment | None = None
        self._keys: dict[str, Entry] = {}

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

    def expect_keys(self, trial: str) -> None:
        """What was brought goes as a whole."""
        if self._attachment is not None and self._brought is None:
            undo = DeleteKeys(
                where=self._up.where, trial=trial, attachment=self._attachment, probe_image=self._probe_image
            )
            self._keys[trial] = self._journal.note(undo)

    def keys_gone(self, trial: str) -> None:
        if entry := self._keys.pop(trial, None):
            self._journal.done(entry, f"{entry.undo} are deleted")

    @property
    def _known(self) -> tuple[Topology, Profile]:
        if self._described is None:
            raise DeploymentError("expected a started deployment; what it is attached to is known after start()")
        return self._described

    def _bring_up(self, undo: ExitStack) -> Up:
        """Deploy what is brought, look, put the probe beside it, ask the Sentinels or the nodes."""
        steps = Steps(self._tell)
        labels = {} if self._site.makes_namespaces else {RUN_LABEL: self._run_id}
        namespace = ANY_NAMESPACE if self._site.makes_namespaces else self._namespace
        objects = self._brought.render(namespace, labels) if self._brought else ""
        steps.begin("probe's image")
        probe_objects = probe_manifest(self._site, self._probe_image, self._run_id)
        images = (*manifests.images_in(objects), *manifests.images_in(probe_objects))
        steps.begin("cluster")
        cluster = self._site.acquire(images)
        steps.begin("images into the nodes")
        self._site.load(images)
        api = self._connect(cluster.kubeconfig, cluster.context, self._namespace)
        undo.callback(api.close)
        where = where_of(self._site, cluster, api)
        ground = break_ground(
            "\n---\n".join(filter(None, (objects, probe_objects))),
            Ground(site=self._site, cluster=cluster, where=where, api=api, journal=self._journal, undo=undo),
            self._connect,
            run_id=self._run_id,
        )
        place = place_of(where)
        manifests.apply(probe_objects, place)
        if self._brought:
            steps.begin("deploy")
            self._brought.deploy(objects, place, labelled=bool(labels))
            wait_until_ready(objects, api, nodes_may_come=not self._site.makes_namespaces)
        steps.begin("attach")
        attachment = self._attachment = self._find(place)
        found = find(api, attachment)
        self._access = attachment.keys.read(api.secret, sentinel_ports=(attachment.sentinel_port,))
        watch = PodWatch(api, Places(found.parts()), found.called)
        undo.callback(watch.stop)
        logs = Logs(api, watch)
        probe = start_probe(ground, watch, logs)
        probe.watch(servers={}, sentinels={}, master_name="", access=self.access)
        self._described = describe(probe, found, attachment)
        steps.end()
        pods = Pods(topology=self._described[0], watch=watch, logs=logs, nodes={}, probe=probe)
        return complete(ground, pods, images=images, steps=steps)
