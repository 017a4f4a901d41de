"""Objects of a namespace as the API lists them, as small as a test can say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redis_resilience.discovery.instances import instances
from redis_resilience.discovery.system import Answer, System
from redis_resilience.discovery.systems import systems
from redis_resilience.lint.manifests.tree import Tree

Object = dict[str, Any]


def pod(
    name: str,
    containers: Sequence[Object],
    *,
    labels: Mapping[str, str] | None = None,
    owner: tuple[str, str] = ("StatefulSet", "cache"),
    phase: str = "Running",
    volumes: Sequence[Object] = (),
) -> Object:
    kind, own = owner
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": dict(labels or {"app": own}),
            "ownerReferences": [{"kind": kind, "name": own}] if kind else [],
        },
        "spec": {"containers": list(containers), "volumes": list(volumes)},
        "status": {"phase": phase, "podIP": f"10.0.0.{sum(map(ord, name)) % 250}"},
    }


def container(name: str, *command: str, image: str = "redis:8.0", **more: object) -> Object:
    return {"name": name, "image": image, "command": list(command), **more}


def service(name: str, selector: Mapping[str, str], *, address: str = "None", port: int = 6379) -> Object:
    return {
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": dict(selector), "clusterIP": address, "ports": [{"port": port}]},
    }


def trees(*objects: Object) -> tuple[Tree, ...]:
    return tuple(map(Tree, objects))


def systems_of(*objects: Object, answers: Mapping[str, Answer] | None = None) -> tuple[System, ...]:
    """The systems in a namespace with these objects."""
    known = trees(*objects)
    return systems(known, instances(known), answers or {})


SERVER = container("redis", "redis-server")
SENTINEL = container("sentinel", "redis-sentinel", "/conf/sentinel.conf")
EXPORTER = container("metrics", image="oliver006/redis_exporter:v1", ports=[{"containerPort": 9121}])
