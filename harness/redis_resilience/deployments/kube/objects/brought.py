"""A user's own chart or manifests: rendered, and deployed as the user would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from redis_resilience.deployments.kube.objects import manifests
from redis_resilience.deployments.kube.tools import Place, run
from redis_resilience.model.errors import UsageError

RELEASE = "redis-resilience"
ANY_NAMESPACE = "default"
"""Of what is rendered before the namespace is made that it will be in."""
_RENDERED_WITHIN_S = 60.0
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """path: of a chart, or of a kustomization, a folder of YAML files or one of them. values, set: for a chart, as helm
    takes them.
    """

    path: Path
    is_chart: bool
    values: tuple[Path, ...] = ()
    set: str = ""

    def render(self, namespace: str, labels: Mapping[str, str] | None = None) -> str:
        """Its objects as YAML, for this namespace. labels: put on each of them.

        Raises UsageError where there is nothing of the kind, or where objects name another namespace.
        """
        rendered = self._rendered(namespace)
        return manifests.labelled(rendered, labels) if labels else rendered

    @cache  # noqa: B019 - a process has few of them: what is linted is what is deployed
    def _rendered(self, namespace: str) -> str:
        for file in (self.path, *self.values):
            if not file.exists():
                raise UsageError(f"expected a file or a folder at {file}; there is none")
        rendered = self._of_chart(namespace) if self.is_chart else self._of_manifests()
        _must_be_deployable(rendered, self.path, namespace)
        return rendered

    def deploy(self, objects: str, place: Place, *, labelled: bool) -> None:
        """objects: as they were rendered. A chart is installed by helm, unless its objects carry labels of ours."""
        if self.is_chart and not labelled:
            where = ("--kube-context", place.context, "--namespace", place.namespace)
            run("helm", "install", RELEASE, *self._words(), *where, within_s=120.0, kubeconfig=place.kubeconfig)
        else:
            manifests.apply(objects, place)

    def _of_chart(self, namespace: str) -> str:
        if self.path.is_dir() and not (self.path / "Chart.yaml").is_file():
            raise UsageError(f"expected a chart, a folder with Chart.yaml or a .tgz, at {self.path}; got neither")
        return run(
            "helm",
            "template",
            RELEASE,
            "--skip-tests",
            "--namespace",
            namespace,
            *self._words(),
            within_s=_RENDERED_WITHIN_S,
        )

    def _of_manifests(self) -> str:
        if self.path.is_file():
            return _text(self.path)
        if any((self.path / name).is_file() for name in _KUSTOMIZATIONS):
            return manifests.render(self.path, {})
        files = sorted((*self.path.glob("*.yaml"), *self.path.glob("*.yml")))
        return manifests.BETWEEN.join(_text(file) for file in files)

    def _words(self) -> tuple[str, ...]:
        files = (word for each in self.values for word in ("--values", str(each)))
        return (str(self.path), *files, *(("--set", self.set) if self.set else ()))


def _must_be_deployable(objects: str, path: Path, namespace: str) -> None:
    """Raises UsageError for what is no object, and for one in another namespace, which would not go with this one."""
    try:
        found = [each for each in yaml.safe_load_all(objects) if each]
    except yaml.YAMLError as error:
        raise UsageError(f"expected YAML in {path}; got: {error}") from error
    if not found:
        raise UsageError(f"expected objects in {path}; there are none")
    if not all(isinstance(each, dict) and {"apiVersion", "kind", "metadata"} <= each.keys() for each in found):
        raise UsageError(
            f"expected Kubernetes objects in {path}, with apiVersion, kind and metadata; got something else"
        )
    others = sorted({each["metadata"].get("namespace") or namespace for each in found} - {namespace})
    if others:
        raise UsageError(
            f"expected objects that name no namespace, which are deployed to {namespace}; got some in: "
            f"{', '.join(others)}; leave it out of the manifests, or deploy them there yourself and attach to them"
        )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"expected a text file in UTF-8; got {path}: {error}") from error
