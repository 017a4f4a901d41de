"""A Helm chart as a source of what is deployed: rendered, installed, upgraded and uninstalled by the command `helm`.

A profile of a chart is a values file beside it; the chart's value `image` is the one thing that a run changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from redis_resilience.deployments.kube.tools import Place, run

_RENDERED_WITHIN_S = 30.0
_DONE_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """values: CHART/profiles/PROFILE.yaml. name: the chart's objects are named after it, too."""

    name: str
    values: Path
    place: Place

    def install(self, **changed: str) -> None:
        """changed: values besides those of the profile, as `--set` takes them; a dot is two underscores."""
        self._helm("install", self.name, *_chart(self.values), *_set(changed))

    def upgrade(self, **changed: str) -> None:
        self._helm("upgrade", self.name, *_chart(self.values), *_set(changed))

    def uninstall(self) -> None:
        self._helm("uninstall", self.name, "--wait")

    def _helm(self, *words: str) -> None:
        where = ("--kube-context", self.place.context, "--namespace", self.place.namespace)
        run("helm", *words, *where, within_s=_DONE_WITHIN_S, kubeconfig=self.place.kubeconfig)


def template(name: str, values: Path, **changed: str) -> str:
    """The release's objects as YAML, without a cluster."""
    return run("helm", "template", name, *_chart(values), *_set(changed), within_s=_RENDERED_WITHIN_S)


def _chart(values: Path) -> tuple[str, ...]:
    return (str(values.parents[1]), "--values", str(values))


def _set(changed: dict[str, str]) -> tuple[str, ...]:
    pairs = ((name.replace("__", "."), value) for name, value in changed.items() if value)
    return tuple(word for name, value in pairs for word in ("--set", f"{name}={value}"))
