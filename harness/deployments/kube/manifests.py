"""What is deployed: the project's own manifests, rendered and applied as any user would, kustomizations by `kubectl`
and a chart by `helm`.

A user's image takes the place of the manifests' one by kustomize's own transformer, or as the chart's value; the files
stay as they are.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.deployments.kube.release import Release, template
from harness.deployments.kube.tools import Place, run
from harness.model.errors import Unavailable
from harness.topologies.topology import Controller, Profile, Topology

SECRET, SECRET_KEY = "redis", "redis-password"
_RENDERED_WITHIN_S = 30.0
_APPLIED_WITHIN_S = 60.0
RELEASE = "redis-cluster"
"""The chart's objects are called after it, and the topology's pods after them."""
_BETWEEN = "\n---\n"
_IMAGE = re.compile(r"^[\s-]*image:\s*[\"']?([^\s\"']+)", re.MULTILINE)


def overlay_of(folder: Path, topology: Topology, profile: Profile) -> Path:
    """The overlay of this topology and profile, for a chart its values; raises Unavailable with those there are."""
    home = Path(topology.manifests) if topology.manifests else folder / topology.name
    values = home / "profiles" / f"{profile.name}.yaml"
    if values.exists():
        return values
    overlays = home / "overlays"
    found = overlays / profile.name
    if not (found / "kustomization.yaml").exists():
        known = sorted(path.parent.name for path in overlays.glob("*/kustomization.yaml"))
        known += sorted(path.stem for path in values.parent.glob("*.yaml"))
        raise Unavailable(
            f"expected manifests of topology {topology.name} with profile {profile.name!r} in {overlays}; "
            f"there are: {', '.join(known) or 'none'}; other times and settings need --redis-backend=local"
        )
    return found


def render(folder: Path, images: Mapping[str, str]) -> str:
    """The objects of an overlay as YAML. images: a name in the manifests to the image that takes its place."""
    if _is_values(folder):
        return template(RELEASE, folder, image=images.get("redis", ""))
    with tempfile.TemporaryDirectory() as place:
        around = Path(place).resolve()
        kustomization = {
            "resources": [os.path.relpath(folder.resolve(), around)],
            "images": [{"name": name, **_parts(image)} for name, image in images.items() if image],
        }
        (around / "kustomization.yaml").write_text(json.dumps(kustomization))
        return run("kubectl", "kustomize", str(around), within_s=_RENDERED_WITHIN_S)


def secret(password: str) -> str:
    """The Secret that the manifests of a topology with a password refer to, and do not bring."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET},
            "stringData": {SECRET_KEY: password},
        }
    )


def images_in(objects: str) -> tuple[str, ...]:
    """Every image that these objects name, once each."""
    return tuple(dict.fromkeys(_IMAGE.findall(objects)))


def apply(objects: str, place: Place) -> None:
    _kubectl("apply", "--filename", "-", place=place, given=objects.encode())


def in_steps(objects: str, later: Sequence[Controller]) -> tuple[str, str]:
    """What to apply at once, and these controllers, which come later."""
    marks = [(f"kind: {each.kind}", f"  name: {each.name}") for each in later]
    now: list[str] = []
    then: list[str] = []
    for each in objects.split(_BETWEEN):
        lines = each.splitlines()
        (then if any(kind in lines and name in lines for kind, name in marks) else now).append(each)
    return _BETWEEN.join(now), _BETWEEN.join(then)


def deploy(overlay: Path, objects: str, place: Place, *, redis_image: str) -> None:
    """objects: what `render` made of the overlay."""
    if _is_values(overlay):
        Release(name=RELEASE, values=overlay, place=place).install(image=redis_image)
    else:
        apply(objects, place)


def scale(place: Place, controller: Controller, replicas: int) -> None:
    _kubectl("scale", f"{controller.kind.lower()}/{controller.name}", f"--replicas={replicas}", place=place)


def _kubectl(*words: str, place: Place, given: bytes = b"") -> None:
    run(
        "kubectl",
        words[0],
        "--context",
        place.context,
        "--namespace",
        place.namespace,
        *words[1:],
        within_s=_APPLIED_WITHIN_S,
        given=given,
        kubeconfig=place.kubeconfig,
    )


def _is_values(overlay: Path) -> bool:
    return overlay.suffix == ".yaml"


def _parts(image: str) -> dict[str, str]:
    """A colon after the last slash begins the tag; one before it belongs to a registry's port."""
    name, at, digest = image.partition("@")
    if at:
        return {"newName": name, "digest": digest}
    head, colon, tag = name.rpartition(":")
    return {"newName": head, "newTag": tag} if colon and "/" not in tag else {"newName": name}
