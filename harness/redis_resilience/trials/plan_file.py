"""A plan as a file: read with every mistake named, of an older release too; written as YAML for people."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from redis_resilience.model.errors import UsageError
from redis_resilience.model.plan import SCHEMA, Plan
from redis_resilience.model.renamed import TOPOLOGIES, may_have_old_names, with_names_of_today
from redis_resilience.user_files import text_of

SUFFIXES = (".json", ".yaml", ".yml")


def read_plan(path: Path) -> Plan:
    """Raises UsageError for a file that cannot be read, a key that no plan has, a value that makes no sense."""
    text = text_of(path, "a plan")
    try:
        data = yaml.safe_load(text) if path.suffix != ".json" else msgspec.json.decode(text)
    except (yaml.YAMLError, msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"expected a plan in {path}; it cannot be read: {error}") from error
    try:
        return plan_of(data)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    except RecursionError as error:
        raise UsageError(f"expected a plan in {path}; got a part of it that contains itself, by an anchor") from error


def decode_plan(data: bytes) -> Plan:
    """The plan in JSON; raises UsageError."""
    try:
        plain = msgspec.json.decode(data)
        return _plan_of(with_names_of_today(plain) if may_have_old_names(data) else plain)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UsageError(str(error)) from error


def plan_of(data: object) -> Plan:
    """The plan behind decoded JSON or YAML, of any schema up to this one; raises UsageError."""
    return _plan_of(with_names_of_today(data))


def _plan_of(data: object) -> Plan:
    if not isinstance(data, dict):
        raise UsageError(f"expected a plan, an object with {', '.join(_keys(Plan))}; got {type(data).__name__}")
    schema = data.get("schema", SCHEMA)
    if schema == 1:
        data = _from_schema_1(data)
    elif schema != SCHEMA:
        raise UsageError(
            f"expected a plan of schema 1 or {SCHEMA}; got schema {schema!r}; read it with its own release"
        )
    if data.get("topology") in tuple(TOPOLOGIES):
        data = {**data, "topology": TOPOLOGIES[data["topology"]]}
    for problem in _unknown_keys(data, _described(Plan), "plan"):
        raise UsageError(problem)
    try:
        return msgspec.convert(data, Plan)
    except msgspec.ValidationError as error:
        raise UsageError(f"expected a plan; {error}") from error


def as_yaml(plan: Plan) -> str:
    """The plan as `read_plan` reads it."""
    return yaml.safe_dump(msgspec.to_builtins(plan), sort_keys=False, allow_unicode=True)


def _keys(kind: type) -> list[str]:
    return [each.encode_name for each in getattr(_described(kind), "fields", ())]


@cache
def _described(kind: type) -> msgspec.inspect.Type:
    """Once: it takes longer than to read a plan."""
    return msgspec.inspect.type_info(kind)


def _unknown_keys(data: object, info: msgspec.inspect.Type, where: str) -> Iterator[str]:
    """One sentence for each key that its object does not have, with the nearest that it has."""
    match info:
        case msgspec.inspect.UnionType(types=types) if isinstance(data, dict):
            tagged = [each for each in types if isinstance(each, msgspec.inspect.StructType)]
            named = {str(each.tag): each for each in tagged}
            tag = data.get(tagged[0].tag_field or "") if tagged else None
            if tagged and str(tag) not in named:
                yield f"expected a {where} of {', '.join(named)}; got {tag!r}{_nearest(str(tag), named)}"
            elif tagged:
                yield from _unknown_keys(data, named[str(tag)], str(tag))
        case msgspec.inspect.VarTupleType(item_type=item) | msgspec.inspect.ListType(item_type=item) if isinstance(
            data, list
        ):
            for each in data:
                yield from _unknown_keys(each, item, where)
        case msgspec.inspect.DataclassType(fields=fields) | msgspec.inspect.StructType(fields=fields) if isinstance(
            data, dict
        ):
            known = {each.encode_name: each.type for each in fields}
            tag_field = getattr(info, "tag_field", None)
            for key in data.keys() - known.keys() - {tag_field}:
                yield f"expected a {where} with {', '.join(known)}; got {key!r}{_nearest(str(key), known)}"
            for key in known.keys() & data.keys():
                yield from _unknown_keys(data[key], known[key], _singular(key))


def _singular(key: str) -> str:
    return {
        "writers": "group of writers",
        "faults": "scheduled fault",
        "before": "fault",
        "expect": "set of expectations",
        "windows": "set of windows",
    }.get(key, key)


def _nearest(word: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


_OLD_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "delete": {"kind": "delete-pod"},
    "delete-now": {"kind": "delete-pod", "grace_s": 0.0},
    "node-stop": {"kind": "stop-node"},
}
"""Schema 1 had other names for some faults, and kept neither grace nor slots: they are the defaults of that release."""


def _from_schema_1(data: Mapping[str, Any]) -> dict[str, Any]:
    """There a fault was kind, target, after_s, lasts_s, silent and whole_pod; redis directives were not kept."""
    profile, _, changed = str(data.get("profile", "")).partition(", ")
    number = re.search(r"(\d+) ms", changed)
    return {
        **data,
        "schema": SCHEMA,
        "profile": profile,
        "down_after_ms": int(number[1]) if number else None,
        "faults": [{"fault": _old_fault(old), "after_s": old.get("after_s", 0.0)} for old in _items(data, "faults")],
        "before": [_old_fault(old) for old in _items(data, "before")],
    }


def _items(data: Mapping[str, Any], key: str) -> list[Any]:
    found = data.get(key, [])
    if not isinstance(found, list):
        raise UsageError(f"expected {key}, a list of faults; got {found!r}")
    return found


def _old_fault(old: object) -> dict[str, Any]:
    if not isinstance(old, dict):
        raise UsageError(f"expected a fault of schema 1, an object with kind and target; got {old!r}")
    kind = str(old.get("kind"))
    return {"target": old.get("target"), "for_s": old.get("lasts_s"), **_OLD_FAULTS.get(kind, {"kind": kind})}
