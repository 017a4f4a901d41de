"""What runs have left: journals that still name changes, clusters, namespaces, and of which run; temporary folders.

Nothing is changed. A run is dead when no process holds its journal; one without a journal is not known to be dead: it
may have been asked to keep its cluster, or belong to another user.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.deployments.journal import Content, is_held, journals, parse
from redis_resilience.deployments.kube.api import connect as connect_api
from redis_resilience.deployments.kube.interface import Connect
from redis_resilience.deployments.kube.kind import PREFIX, left_clusters
from redis_resilience.deployments.local.leftovers import left_folders
from redis_resilience.deployments.undo import DeleteCluster, DeleteNamespace, DeletePod, ScaleBack
from redis_resilience.model.errors import ResilienceError

_HEAL = "`redis-resilience heal` undoes it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """text: which run's, and whether that goes on."""

    what: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    content: Content
    alive: bool

    @property
    def text(self) -> str:
        return f"run {self.content.run} is still running" if self.alive else f"run {self.content.run} is dead; {_HEAL}"


def folders(places: Path | None = None) -> tuple[Leftover, ...]:
    """Of local deployments whose process is gone. places: the temporary directory."""
    return tuple(Leftover(what=f"folder {path}", text=f"its run is dead; {_HEAL}") for path in left_folders(places))


def leftovers(folder: Path, *, connect: Connect = connect_api) -> tuple[Leftover, ...]:
    """Everything that can be seen from here; where looking fails, the reason stands in its place."""
    found: list[Leftover] = []
    runs: dict[str, _Run] = {}
    for path in journals(folder):
        try:
            run = _run(path)
        except ResilienceError as error:
            found.append(Leftover(what=f"journal {path}", text=str(error)))
            continue
        runs[run.content.run or path.stem] = run
        found += [Leftover(what=f"to undo: {entry.undo}", text=run.text) for entry in run.content.left]
    found += _clusters(runs)
    found += _namespaces(runs, connect)
    return tuple(found)


def _run(path: Path) -> _Run:
    content = parse(path.read_bytes(), str(path))
    return _Run(content=content, alive=is_held(path))


def _clusters(runs: dict[str, _Run]) -> Iterator[Leftover]:
    if shutil.which("kind") is None:
        return
    try:
        names = left_clusters()
    except ResilienceError as error:
        yield Leftover(what="kind clusters", text=f"could not be listed: {error}")
        return
    noted = {
        entry.undo.kind_cluster
        for run in runs.values()
        for entry in run.content.left
        if isinstance(entry.undo, DeleteCluster)
    }
    for name in names:
        if name in noted:
            continue
        run = runs.get(name.removeprefix(PREFIX))
        yield Leftover(what=f"cluster {name}", text=run.text if run else _unknown(f"kind delete cluster --name {name}"))


def _namespaces(runs: dict[str, _Run], connect: Connect) -> Iterator[Leftover]:
    """With a run's label, in the clusters that journals name."""
    undos = [entry.undo for run in runs.values() for entry in run.content.left]
    places = [undo.where for undo in undos if isinstance(undo, DeleteNamespace | DeletePod | ScaleBack)]
    for where in {where.context: where for where in places}.values():
        try:
            api = connect(Path(where.kubeconfig), where.context, where.namespace)
            try:
                labelled = api.runs()
            finally:
                api.close()
        except ResilienceError as error:
            yield Leftover(what=f"namespaces of {where.context}", text=f"could not be listed: {error}")
            continue
        noted = {each.namespace for each in places if each.context == where.context}
        for namespace, name in labelled.items():
            if namespace in noted:
                continue
            known = runs.get(name)
            advice = f"kubectl delete namespace {namespace}"
            yield Leftover(
                what=f"namespace {namespace} of {where.context}", text=known.text if known else _unknown(advice)
            )


def _unknown(advice: str) -> str:
    return f"no journal on this machine lists it: kept on request, or of another user; `{advice}` if it is not needed"
