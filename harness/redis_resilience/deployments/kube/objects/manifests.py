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
from dataclasses import dataclass
from pathlib import Path

import yaml

from redis_resilience.deployments.kube.interface import RUN_LABEL
from redis_resilience.deployments.kube.objects.release import Release, template
from redis_resilience.deployments.kube.tools import Place, run
from redis_resilience.model.errors import DeploymentError, Unavailable, UsageError
from redis_resilience.topologies.topology import Controller, Profile, Topology

SECRET, SECRET_KEY = "redis", "redis-password"
_RENDERED_WITHIN_S = 30.0
_APPLIED_WITHIN_S = 60.0
RELEASE = "redis-cluster"
"""The chart's objects are named after it, and the topology's pods after them."""
BETWEEN = "\n---\n"
"""What separates the objects in what `render` made."""
_IMAGE = re.compile(r"^[\s-]*image:\s*[\"']?([^\s\"']+)", re.MULTILINE)


def overlay_of(folder: Path, topology: Topology, profile: Profile) -> Path:
    """The overlay of this topology and profile, or a chart's values; raises Unavailable that lists what there is."""
    name = profile.based_on or profile.name
    home = Path(topology.manifests) if topology.manifests else folder / topology.name
    values = home / "profiles" / f"{name}.yaml"
    if values.exists():
        if topology.changed or profile.based_on:
            raise Unavailable(
                f"expected topology {topology.name} with the values of its chart; got settings of this trial's own; "
                "run this scenario with --redis-backend=local"
            )
        return values
    overlays = home / "overlays"
    found = overlays / name
    if not (found / "kustomization.yaml").exists():
        known = sorted(path.parent.name for path in overlays.glob("*/kustomization.yaml"))
        known += sorted(path.stem for path in values.parent.glob("*.yaml"))
        raise Unavailable(
            f"expected manifests of topology {topology.name} with profile {name!r} in {overlays}; "
            f"there are: {', '.join(known) or 'none'}"
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """One object of a rendered manifest. group: "" for the core API."""

    group: str
    kind: str
    name: str

    @property
    def resource(self) -> str:
        """As the API and kubectl name all of its kind: "statefulsets"."""
        word = self.kind.lower()
        return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def render(folder: Path, images: Mapping[str, str], labels: Mapping[str, str] | None = None) -> str:
    """The objects of an overlay as YAML. images: a name in the manifests to the image that takes its place.

    labels: put on each object, and on what a controller makes of its templates: pods, claims.
    """
    if _is_values(folder):
        rendered = template(RELEASE, folder, image=images.get("redis", ""))
        return labelled(rendered, labels) if labels else rendered
    with tempfile.TemporaryDirectory() as place:
        around = Path(place).resolve()
        kustomization = {
            "resources": [os.path.relpath(folder.resolve(), around)],
            "images": [{"name": name, **_parts(image)} for name, image in images.items() if image],
        }
        if labels:
            kustomization["labels"] = [{"pairs": dict(labels), "includeTemplates": True}]
        (around / "kustomization.yaml").write_text(json.dumps(kustomization))
        return run("kubectl", "kustomize", str(around), within_s=_RENDERED_WITHIN_S)


def secret(password: str, labels: Mapping[str, str] | None = None) -> str:
    """The Secret that the manifests of a topology with a password refer to, and do not bring."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET, "labels": dict(labels or {})},
            "stringData": {SECRET_KEY: password},
        }
    )


def images_in(objects: str) -> tuple[str, ...]:
    """Every image that these objects name, once each."""
    return tuple(dict.fromkeys(_IMAGE.findall(objects)))


def objects_in(rendered: str) -> tuple[Object, ...]:
    """What the YAML of `render` describes."""
    return tuple(
        Object(group=each["apiVersion"].rpartition("/")[0], kind=each["kind"], name=each["metadata"]["name"])
        for each in yaml.safe_load_all(rendered)
        if each
    )


def existing(objects: str, place: Place) -> Mapping[str, str]:
    """Those of the objects that are there already ("Service/redis"), and the run that each is of ("" for none)."""
    words = ("get", "--filename", "-", "--ignore-not-found", "--output", "json")
    told = kubectl(*words, place=place, given=objects.encode())
    if not told.strip():
        return {}
    found = json.loads(told)
    items = found["items"] if found["kind"] == "List" else [found]
    return {
        f"{item['kind']}/{item['metadata']['name']}": item["metadata"].get("labels", {}).get(RUN_LABEL, "")
        for item in items
    }


def must_be_admitted(objects: str, place: Place) -> None:
    """Raises UsageError where the API server would not take them, with its own words: PodSecurity, quotas, policies.

    Nothing is made. The pods of controllers are not among them: those are made later.
    """
    try:
        kubectl("create", "--dry-run=server", "--filename", "-", place=place, given=objects.encode())
    except DeploymentError as error:
        raise UsageError(f"expected namespace {place.namespace} to take these objects; {error}") from error


def delete_labelled(resources: Sequence[str], run_id: str, place: Place, *, within_s: float) -> None:
    """Everything of these kinds that carries the run's label, and wait until it is gone."""
    words = ["delete", ",".join(resources), "--selector", f"{RUN_LABEL}={run_id}", "--ignore-not-found"]
    # Their data is deleted anyway: no grace period.
    words += [f"--timeout={within_s:g}s", "--grace-period=1"]
    kubectl(*words, place=place, within_s=within_s + _RENDERED_WITHIN_S)


def labelled(objects: str, labels: Mapping[str, str]) -> str:
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "objects.yaml").write_text(objects)
        (Path(place) / "kustomization.yaml").write_text(json.dumps({"resources": ["objects.yaml"]}))
        return render(Path(place), {}, labels)


def apply(objects: str, place: Place) -> None:
    kubectl("apply", "--filename", "-", place=place, given=objects.encode())


def in_steps(objects: str, later: Sequence[Controller]) -> tuple[str, str]:
    """What to apply at once, and these controllers, which come later."""
    marks = [(f"kind: {each.kind}", f"  name: {each.name}") for each in later]
    now: list[str] = []
    then: list[str] = []
    for each in objects.split(BETWEEN):
        lines = each.splitlines()
        (then if any(kind in lines and name in lines for kind, name in marks) else now).append(each)
    return BETWEEN.join(now), BETWEEN.join(then)


def deploy(overlay: Path, objects: str, place: Place, *, redis_image: str) -> None:
    """objects: what `render` made of the overlay."""
    if _is_values(overlay):
        Release(name=RELEASE, values=overlay, place=place).install(image=redis_image)
    else:
        apply(objects, place)


def scale(place: Place, controller: Controller, replicas: int) -> None:
    kubectl("scale", f"{controller.kind.lower()}/{controller.name}", f"--replicas={replicas}", place=place)


def kubectl(*words: str, place: Place, given: bytes = b"", within_s: float = _APPLIED_WITHIN_S) -> str:
    return run(
        "kubectl",
        words[0],
        "--context",
        place.context,
        "--namespace",
        place.namespace,
        *words[1:],
        within_s=within_s,
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
