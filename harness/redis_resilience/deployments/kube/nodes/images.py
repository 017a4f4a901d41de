"""Which images of the local Docker a node has already: by their digests, as a name may mean another image now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress

from redis_resilience.deployments.kube.tools import run
from redis_resilience.model.errors import DeploymentError

_ASKED_WITHIN_S = 30.0
_CTR = ("ctr", "--namespace", "k8s.io")


def absent(images: Sequence[str], node: str) -> tuple[str, ...]:
    """Those of the images that the node lacks, or has in another version."""
    there = dict(_listed(node))
    wanted = {image: there.get(_full(image), "") for image in images}
    known = _identities([digest for digest in wanted.values() if digest], node)
    return tuple(image for image, digest in wanted.items() if not digest or _local(image) not in known.get(digest, ()))


def _listed(node: str) -> Iterator[tuple[str, str]]:
    """Full names and digests."""
    for line in _in(node, *_CTR, "images", "list").splitlines()[1:]:
        name, _, digest, *_ = line.split()
        yield name, digest


def _identities(digests: Sequence[str], node: str) -> dict[str, tuple[str, ...]]:
    """An image's own digest, and that of its configuration, by which Docker knows it."""
    known: dict[str, tuple[str, ...]] = {}
    for digest in digests:
        with suppress(DeploymentError):  # a name whose content is gone
            manifest = json.loads(_in(node, *_CTR, "content", "get", digest))
            known[digest] = (digest, manifest.get("config", {}).get("digest", ""))
    return known


def _local(image: str) -> str:
    return run("docker", "inspect", "--format", "{{.Id}}", image, within_s=_ASKED_WITHIN_S).strip()


def _in(node: str, *command: str) -> str:
    return run("docker", "exec", node, *command, within_s=_ASKED_WITHIN_S)


def _full(image: str) -> str:
    """As containerd names it: with Docker's own registry, and a tag."""
    first, slash, _ = image.partition("/")
    if not slash:
        image = f"docker.io/library/{image}"
    elif not ({".", ":"} & set(first) or first == "localhost"):
        image = f"docker.io/{image}"
    return image if ":" in image.rpartition("/")[2] or "@" in image else f"{image}:latest"
