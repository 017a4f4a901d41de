"""A topology of a user's own: one YAML file, or one variable of a Python file, outside this project.

The keys of the file are the fields of `Topology`, so that it can express all that the catalogue can; a message names
file, key, what was expected and what was found. What the settings mean is not checked here: that is for lint.
"""

from __future__ import annotations

import difflib
import importlib.util
import re
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from enum import StrEnum
from pathlib import Path

import msgspec
import yaml

from redis_resilience.model.errors import UsageError
from redis_resilience.topologies.topology import OF_A_TRIAL, System, Topology
from redis_resilience.user_files import text_of

_CONTAINERS = ("redis", "sentinel")
_YAML = (".yaml", ".yml")

Given = str | list["Given"] | dict[str, "Given"]
"""YAML with every scalar as it is written: `appendonly: yes` is the word, not a truth."""


def is_own(name: str) -> bool:
    """Whether a topology's name is that of a file: mine.yaml, or mine.py:VARIABLE."""
    return name.endswith(_YAML) or ".py:" in name or name.endswith(".py")


def load(name: str) -> Topology:
    """The topology in this file; raises UsageError with file, key, expected, got and the nearest key."""
    path_text, _, variable = name.partition(".py:")
    path = Path(name if name.endswith(_YAML) else path_text.removesuffix(".py") + ".py")
    if not path.exists():
        raise UsageError(f"expected a topology in {path}; there is no such file; its path is from {Path.cwd()}")
    if not path.is_file():
        raise UsageError(f"expected a topology in {path}; got what is no file; name a YAML file or mine.py:NAME")
    found = _of_yaml(path) if name.endswith(_YAML) else _of_python(path, variable)
    _must_be_possible(found, path)
    return replace(found, manifests=str(path.parent.resolve() / found.manifests)) if found.manifests else found


def _of_yaml(path: Path) -> Topology:
    text = text_of(path, "a topology")
    try:
        given = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 - makes texts, lists and mappings only
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        raise UsageError(f"expected YAML in {path}; got none at line {mark.line + 1 if mark else 1}") from error
    if not isinstance(given, dict):
        raise UsageError(f"expected keys of a topology in {path}; got {_shown(given)}")
    left_out: dict[str, Given] = {"name": path.stem, "document": str(path), "summary": "a topology of one's own"}
    whole = left_out | given
    shaped = _shape(Topology, whole, "", path)
    try:
        return msgspec.convert(shaped, type=Topology, strict=False)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$.")
        key = place.rstrip("`")
        expected = said.split(", got", 1)[0]
        raise UsageError(
            f"{path}: {key}: {expected[:1].lower()}{expected[1:]}; got {_shown(_at(shaped, key))}"
        ) from error


def _of_python(path: Path, variable: str) -> Topology:
    """The file is run as a module of its own; what goes wrong in it is the cause of the error."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"expected a Python file; got {path}")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"expected {path} to be run; got {type(error).__name__}: {error}") from error
    known = [name for name, value in vars(module).items() if isinstance(value, Topology)]
    found = getattr(module, variable, None) if variable else None
    if not isinstance(found, Topology):
        asked = f"{variable!r}{_near(variable, known)}" if variable else "no name"
        raise UsageError(
            f"expected {path}:NAME with the name of a Topology in it ({', '.join(known) or 'it has none'}); got {asked}"
        )
    return found


def _shape(kind: object, given: Given, key: str, path: Path) -> Given:
    """What is given for a field of this kind, its keys checked; mappings become pairs where pairs are wanted."""
    kind = _without_none(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        return _keys(kind, given, key, path)
    if typing.get_origin(kind) is tuple:
        (of, *_) = typing.get_args(kind)
        if typing.get_origin(of) is tuple and isinstance(given, dict):
            return [[name, each] for name, value in given.items() for each in _several(value, f"{key}.{name}", path)]
        if not isinstance(given, list):
            raise UsageError(f"{path}: {key}: expected a list; got {_shown(given)}")
        return [_shape(of, each, f"{key}[{number}]", path) for number, each in enumerate(given)]
    if isinstance(kind, type) and issubclass(kind, StrEnum) and given not in set(kind):
        known = [str(each) for each in kind]
        raise UsageError(
            f"{path}: {key}: expected one of: {', '.join(known)}; got {_shown(given)}{_near(given, known)}"
        )
    return given


def _keys(kind: type, given: Given, key: str, path: Path) -> Given:
    if not isinstance(given, dict):
        raise UsageError(f"{path}: {key}: expected a mapping; got {_shown(given)}")
    known = {field.name: field for field in fields(kind) if OF_A_TRIAL not in field.metadata}
    where = f"{path}: {key}." if key else f"{path}: "
    for name in given:
        if name not in known:
            raise UsageError(f"{where}{name}: expected a key of: {', '.join(known)}; got {name!r}{_near(name, known)}")
    for name, field in known.items():
        if field.default is MISSING and field.default_factory is MISSING and name not in given:
            raise UsageError(f"{where}{name}: expected this key; it is missing")
    kinds = typing.get_type_hints(kind)
    return {name: _shape(kinds[name], value, f"{key}.{name}" if key else name, path) for name, value in given.items()}


def _several(given: Given, key: str, path: Path) -> list[Given]:
    """A directive that stands once or several times, as `save` does."""
    found: list[Given] = given if isinstance(given, list) else [given]
    if not all(isinstance(each, str) for each in found):
        raise UsageError(f"{path}: {key}: expected a text or a list of texts; got {_shown(given)}")
    return found


def _must_be_possible(found: Topology, path: Path) -> None:
    """Raises UsageError for what no backend could bring up."""
    names = [pod.name for pod in found.pods]
    if len(set(names)) < len(names) or not names:
        raise UsageError(f"{path}: pods: expected one or more, each with a name of its own; got {', '.join(names)}")
    for pod in found.pods:
        if wrong := [name for name in pod.containers if name not in _CONTAINERS]:
            raise UsageError(
                f"{path}: containers of pod {pod.name}: expected one of: {', '.join(_CONTAINERS)}; got {wrong[0]!r}"
                f"{_near(wrong[0], _CONTAINERS)}"
            )
    servers, sentinels = (sum(name in pod.containers for pod in found.pods) for name in _CONTAINERS)
    if not servers:
        raise UsageError(f"{path}: pods: expected one with the container redis; got none")
    if not found.profiles:
        raise UsageError(f"{path}: profiles: expected one or more; got none")
    if found.system is System.SENTINEL:
        _must_have_sentinels(found, sentinels, path)
    else:
        _must_be_a_cluster(found, servers, path)


def _must_have_sentinels(found: Topology, sentinels: int, path: Path) -> None:
    if not sentinels:
        raise UsageError(f"{path}: pods: expected one with the container sentinel; got none")
    if not 1 <= found.quorum <= sentinels:
        raise UsageError(f"{path}: quorum: expected 1 to {sentinels}, the number of Sentinels; got {found.quorum}")
    for number, profile in enumerate(found.profiles):
        for name in ("down_after_ms", "failover_timeout_ms"):
            if getattr(profile, name) < 1:
                got = getattr(profile, name)
                raise UsageError(f"{path}: profiles[{number}].{name}: expected 1 ms or more; got {got}")


def _must_be_a_cluster(found: Topology, servers: int, path: Path) -> None:
    if not 0 <= found.spares < servers:
        raise UsageError(f"{path}: spares: expected 0 to {servers - 1}, less than the servers; got {found.spares}")
    members = servers - found.spares
    if not 1 <= found.shards <= members:
        raise UsageError(f"{path}: shards: expected 1 to {members}, the number of servers; got {found.shards}")
    for number, profile in enumerate(found.profiles):
        if profile.node_timeout_ms < 1:
            got = profile.node_timeout_ms
            raise UsageError(f"{path}: profiles[{number}].node_timeout_ms: expected 1 ms or more; got {got}")


def _without_none(kind: object) -> object:
    if isinstance(kind, types.UnionType):
        return next(each for each in typing.get_args(kind) if each is not type(None))
    return kind


def _at(given: Given, key: str) -> Given:
    """What is given under a path such as profiles[0].down_after_ms."""
    for name, number in re.findall(r"([^.\[\]]+)|\[(\d+)\]", key):
        given = given[name] if isinstance(given, dict) else given[int(number)]
    return given


def _shown(given: Given) -> str:
    if isinstance(given, Mapping):
        return f"the keys {', '.join(given)}" if given else "nothing"
    return f"a list of {len(given)}" if isinstance(given, list) else repr(given) if given else "nothing"


def _near(name: object, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(str(name), list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""
