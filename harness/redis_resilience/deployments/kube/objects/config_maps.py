"""A trial's own settings, where they differ from the manifests, put into the ConfigMaps of servers and Sentinels.

A server reads its file to the end, and the last value holds: files keep their lines, and get more.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml

from redis_resilience.deployments.kube.objects.manifests import BETWEEN
from redis_resilience.model.errors import Unavailable
from redis_resilience.topologies.topology import Profile, Topology

_SERVERS_FILE = re.compile(r"(?!.*sentinel).*\.conf")
_DOWN_AFTER = re.compile(r"^(sentinel down-after-milliseconds \S+ )\d+$", re.MULTILINE)
_DOWN_AFTER_VALUE = "DOWN_AFTER_MS"
_Entry = Callable[[str, str], str]


def put(objects: str, topology: Topology, profile: Profile) -> str:
    """The same objects with the trial's directives and D. Raises Unavailable where there is no ConfigMap for them."""
    directives = [" ".join(pair) for pair in topology.changed]
    if profile.based_on and profile.node_timeout_ms:
        directives.append(f"cluster-node-timeout {profile.node_timeout_ms}")
    elif profile.based_on:
        objects = _put(objects, f"D = {profile.down_after_ms} ms", _down_after(profile.down_after_ms), topology)
    if directives:
        objects = _put(objects, ", ".join(directives), _more_lines(directives), topology)
    return objects


def _put(objects: str, what: str, entry: _Entry, topology: Topology) -> str:
    changed = BETWEEN.join(_in_config_map(each, entry) for each in objects.split(BETWEEN))
    if changed == objects:
        raise Unavailable(
            f"expected a ConfigMap of topology {topology.name} to put a trial's own setting into ({what}); there is "
            "none; run this scenario with --redis-backend=local"
        )
    return changed


def _in_config_map(manifest: str, entry: _Entry) -> str:
    told = yaml.safe_load(f"{manifest}\n")  # the line that ended it went with the separator
    if not told or told["kind"] != "ConfigMap":
        return manifest
    data = {name: entry(name, value) for name, value in told.get("data", {}).items()}
    return manifest if data == told.get("data", {}) else yaml.safe_dump({**told, "data": data}).rstrip("\n")


def _more_lines(directives: list[str]) -> _Entry:
    lines = "\n".join(("", *directives, ""))
    return lambda name, value: f"{value}{lines}" if _SERVERS_FILE.fullmatch(name) else value


def _down_after(ms: int) -> _Entry:
    return lambda name, value: str(ms) if name == _DOWN_AFTER_VALUE else _DOWN_AFTER.sub(rf"\g<1>{ms}", value)
