"""What is deployed: the project's own manifests, rendered by `kubectl kustomize` and applied as any user would.

A user's image takes the place of the manifests' one by kustomize's own transformer; the files stay as they are.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from harness.deployments.kube.tools import run
from harness.model.errors import Unavailable
from harness.topologies.topology import Profile, Topology

_RENDERED_WITHIN_S = 30.0
_APPLIED_WITHIN_S = 60.0
_IMAGE = re.compile(r"^[\s-]*image:\s*[\"']?([^\s\"']+)", re.MULTILINE)


def overlay_of(folder: Path, topology: Topology, profile: Profile) -> Path:
    """The overlay of this topology and profile; raises Unavailable with those that there are."""
    overlays = folder / topology.name / "overlays"
    found = overlays / profile.name
    if not (found / "kustomization.yaml").exists():
        known = sorted(path.parent.name for path in overlays.glob("*/kustomization.yaml"))
        raise Unavailable(
            f"expected manifests of topology {topology.name} with profile {profile.name!r} in {overlays}; "
            f"there are: {', '.join(known) or 'none'}; other times and settings need --redis-backend=local"
        )
    return found


def render(folder: Path, images: Mapping[str, str]) -> str:
    """The objects of a kustomization as YAML. images: a name in the manifests to the image that takes its place."""
    with tempfile.TemporaryDirectory() as place:
        around = Path(place).resolve()
        kustomization = {
            "resources": [os.path.relpath(folder.resolve(), around)],
            "images": [{"name": name, **_parts(image)} for name, image in images.items() if image],
        }
        (around / "kustomization.yaml").write_text(json.dumps(kustomization))
        return run("kubectl", "kustomize", str(around), within_s=_RENDERED_WITHIN_S)


def images_in(objects: str) -> tuple[str, ...]:
    """Every image that these objects name, once each."""
    return tuple(dict.fromkeys(_IMAGE.findall(objects)))


def apply(objects: str, *, kubeconfig: Path, context: str, namespace: str) -> None:
    run(
        "kubectl",
        "apply",
        "--context",
        context,
        "--namespace",
        namespace,
        "--filename",
        "-",
        within_s=_APPLIED_WITHIN_S,
        given=objects.encode(),
        kubeconfig=kubeconfig,
    )


def _parts(image: str) -> dict[str, str]:
    """A colon after the last slash begins the tag; one before it belongs to a registry's port."""
    name, at, digest = image.partition("@")
    if at:
        return {"newName": name, "digest": digest}
    head, colon, tag = name.rpartition(":")
    return {"newName": head, "newTag": tag} if colon and "/" not in tag else {"newName": name}
