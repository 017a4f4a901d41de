"""What lint is given, read: manifests, charts, Compose files, configuration files, operators' resources."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from redis_resilience.deployments.kube.objects.manifests import render
from redis_resilience.deployments.kube.tools import run
from redis_resilience.lint.manifests.bare import is_configuration, read_bare
from redis_resilience.lint.manifests.compose import is_compose, read_compose
from redis_resilience.lint.manifests.elsewhere import ways_there
from redis_resilience.lint.manifests.objects import read_namespaces
from redis_resilience.lint.manifests.operators import is_operators, read_resources
from redis_resilience.lint.manifests.tree import Tree, documents
from redis_resilience.lint.setup import Setup
from redis_resilience.model.errors import UsageError
from redis_resilience.user_files import decoded, text_of

_TEMPLATED_WITHIN_S = 60.0
_YAML = (".yaml", ".yml")
_LARGEST_FILE = 1 << 20
_WHAT = "manifests or settings"


@dataclass(slots=True)
class _Sources:
    """objects: with the name of their file. composes: with the folder that their paths start from."""

    objects: list[tuple[Tree, str]] = field(default_factory=list)
    composes: list[tuple[Tree, str, Path]] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)


def read_setups(paths: Sequence[Path], values: Sequence[Path], subject: str) -> tuple[Setup, ...]:
    """The deployments described in these paths; raises UsageError, which says how to get one, where there is none."""
    sources = _Sources()
    for path in paths:
        _read(sources, path, values)
    setups = _setups(sources, subject)
    if not setups:
        raise UsageError(_nothing(sources, subject))
    return setups


def read_rendered(objects: str, subject: str) -> tuple[Setup, ...]:
    """The deployments in objects that are YAML already; empty where none runs Redis."""
    return _setups(_Sources(objects=[(tree, subject) for tree in documents(objects, subject)]), subject)


def _setups(sources: _Sources, subject: str) -> tuple[Setup, ...]:
    objects = [tree for tree, _ in sources.objects]
    config_maps = {
        each.at("metadata", "name").text(): each.at("data").texts()
        for each in objects
        if each.at("kind").text() == "ConfigMap"
    }
    found = [
        *read_namespaces(objects, subject),
        *(read_compose(tree, name, partial(_bound, folder)) for tree, name, folder in sources.composes),
        read_bare(sources.files, subject, _included),
        read_resources((each for each in objects if is_operators(each)), config_maps, subject),
    ]
    return tuple(setup for setup in found if setup.servers or setup.sentinels)


def _nothing(sources: _Sources, subject: str) -> str:
    ways = [way for tree, name in sources.objects for way in ways_there([tree], name)]
    if ways:
        return f"expected pods with Redis in {subject}; " + "; ".join(dict.fromkeys(ways))
    kinds = ", ".join(sorted({tree.at("kind").text() or "no kind" for tree, _ in sources.objects}))
    return (
        f"expected pods with Redis in {subject}; got {len(sources.objects)} objects ({kinds or 'none'}); "
        "name manifests, a kustomization, a chart (with --values), rendered YAML, a Compose file, or a redis.conf"
    )


def _read(sources: _Sources, path: Path, values: Sequence[Path]) -> None:
    if str(path) == "-":
        _take(sources, decoded(sys.stdin.buffer.read(), "stdin", _WHAT), "stdin", Path())
    elif not path.exists():
        raise UsageError(f"expected a file, a folder or - for stdin; got {path}, which is not there")
    elif path.is_file():
        beside = path.parent / "Chart.yaml"
        if path.name.startswith("values") and path.suffix in _YAML and beside.is_file():
            _chart(sources, path.parent, [*values, path])
        else:
            _take(sources, text_of(path, _WHAT), str(path), path.parent)
    elif (path / "Chart.yaml").is_file():
        _chart(sources, path, values)
    elif any((path / name).is_file() for name in ("kustomization.yaml", "kustomization.yml", "Kustomization")):
        sources.objects += [(tree, str(path)) for tree in documents(render(path, {}), str(path))]
    else:
        _folder(sources, path)


def _chart(sources: _Sources, folder: Path, values: Iterable[Path]) -> None:
    values = list(values)
    for each in values:
        text_of(each, "values of a chart")
    words = [word for each in values for word in ("--values", str(each))]
    rendered = run("helm", "template", "lint", str(folder), *words, within_s=_TEMPLATED_WITHIN_S)
    sources.objects += [(tree, str(folder)) for tree in documents(rendered, str(folder))]


def _folder(sources: _Sources, folder: Path) -> None:
    """Its YAML files; where it has none, its configuration files."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    read = [file for file in files if file.suffix in _YAML] or [file for file in files if file.suffix == ".conf"]
    if not read:
        raise UsageError(f"expected YAML files, a kustomization or a chart in {folder}; there is none")
    for file in read:
        _take(sources, text_of(file, _WHAT), str(file), file.parent)


def _take(sources: _Sources, text: str, name: str, folder: Path) -> None:
    if is_configuration(name, text):
        sources.files.append((name, text))
        return
    for tree in documents(text, name):
        if is_compose(tree):
            sources.composes.append((tree, name, folder))
        else:
            sources.objects.append((tree, name))


def _included(name: str, path: str) -> str | None:
    at = Path(name).parent / path
    return text_of(at, _WHAT) if at.is_file() else None


def _bound(folder: Path, at: str) -> Mapping[str, str] | None:
    path = folder / at
    files = [path] if path.is_file() else sorted(path.iterdir()) if path.is_dir() else []
    if not files and not path.is_dir():
        return None
    small = [file for file in files if file.is_file() and file.stat().st_size < _LARGEST_FILE]
    return {file.name: file.read_text(encoding="utf-8", errors="replace") for file in small}
