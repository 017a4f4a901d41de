"""Clients in pods of their own, as a document's reader would start them, and HTTP from the probe's pod."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

from redis_resilience.deployments.kube.interface import KubeApi
from redis_resilience.deployments.kube.objects import manifests
from redis_resilience.deployments.kube.pods.probe import CONTAINER as PROBE_CONTAINER
from redis_resilience.deployments.kube.pods.probe import POD as PROBE_POD
from redis_resilience.deployments.kube.pods.stream import run_to_end
from redis_resilience.deployments.kube.pods.watch import PodWatch
from redis_resilience.deployments.kube.tools import Place

NAME = "redis-client"
_FETCHED_WITHIN_S = 20.0
_READY_WITHIN_S = 60.0
_PING = 'timeout 5 redis-cli -h "$0" -p "$1" ping 2>&1 || true'
_FETCH = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """image: one with `redis-cli`, which is on the nodes already."""

    api: KubeApi
    watch: PodWatch
    image: str
    place: Place
    _numbers: count[int]

    def fetch(self, url: str) -> str:
        body = io.BytesIO()
        channel = self.api.run(PROBE_POD, PROBE_CONTAINER, ("python", "-c", _FETCH, url))
        run_to_end(channel, f"an answer from {url}", within_s=_FETCHED_WITHIN_S, sink=body)
        return body.getvalue().decode(errors="replace")

    def ping_from(self, labels: Mapping[str, str], host: str, port: int) -> str:
        name = f"{NAME}-{next(self._numbers)}"
        manifests.apply(json.dumps(_pod(name, labels, self.image)), self.place)
        said = io.BytesIO()
        try:
            what = f"client pod {name} to be ready"
            self.watch.until(name, lambda pod: pod.ready, within_s=_READY_WITHIN_S, what=what, hopeless=True)
            channel = self.api.run(name, NAME, ("sh", "-c", _PING, host, str(port)))
            run_to_end(channel, f"the end of redis-cli in {name}", within_s=_FETCHED_WITHIN_S, sink=said)
        finally:
            self.api.delete_pod(name, grace_s=0)
        return said.getvalue().decode(errors="replace").strip() or "no answer"


def clients(*, api: KubeApi, watch: PodWatch, image: str, place: Place) -> Clients:
    return Clients(api=api, watch=watch, image=image, place=place, _numbers=count(1))


def _pod(name: str, labels: Mapping[str, str], image: str) -> dict[str, object]:
    """The password comes from the Secret into the environment, where there is one; never into a command line."""
    secret = {"name": manifests.SECRET, "key": manifests.SECRET_KEY, "optional": True}
    container = {
        "name": NAME,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "infinity"],
        "env": [{"name": "REDISCLI_AUTH", "valueFrom": {"secretKeyRef": secret}}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1001},
            "containers": [container],
        },
    }
