"""The label selector that chooses exactly some of a namespace's pods: equality first, then sets of values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

_POD_NAME = "statefulset.kubernetes.io/pod-name"
_OF_ONE_POD = frozenset(
    {
        _POD_NAME,
        "apps.kubernetes.io/pod-index",
        "controller-revision-hash",
        "pod-template-hash",
        "pod-template-generation",
    }
)

Requirements = Mapping[str, Collection[str]]
"""Of labels: the values that each may have."""


def selector(wanted: Sequence[str], pods: Mapping[str, Mapping[str, str]]) -> str:
    """As Kubernetes words it; "" where no labels choose these pods and no other. pods: the labels of each, by name.

    The fewest labels; a set of values only where common ones do not do; the names of pods last.
    """
    if not wanted:
        return ""
    shared = set(pods[wanted[0]]).intersection(*(pods[name] for name in wanted[1:]))
    values = {key: sorted({pods[name][key] for name in wanted}) for key in sorted(shared)}
    lasting = {key: those for key, those in values.items() if key not in _OF_ONE_POD}
    common = {key: those for key, those in lasting.items() if len(those) == 1}
    named = {key: those for key, those in values.items() if key == _POD_NAME}
    for requirements in (common, lasting, named):
        if requirements and _chosen(requirements, pods) == set(wanted):
            return _text(_fewest(requirements, wanted, pods))
    return ""


def _fewest(requirements: Requirements, wanted: Sequence[str], pods: Mapping[str, Mapping[str, str]]) -> Requirements:
    """Without those that change nothing: sets of values are the first to go, then what a chart's release changes."""
    for key in sorted(
        requirements, key=lambda each: (-len(requirements[each]), each.startswith("helm.sh/"), -len(each))
    ):
        fewer = {name: values for name, values in requirements.items() if name != key}
        if fewer and _chosen(fewer, pods) == set(wanted):
            requirements = fewer
    return requirements


def _chosen(requirements: Requirements, pods: Mapping[str, Mapping[str, str]]) -> set[str]:
    return {name for name, has in pods.items() if all(has.get(key) in values for key, values in requirements.items())}


def _text(requirements: Requirements) -> str:
    return ",".join(_requirement(key, values) for key, values in sorted(requirements.items()))


def _requirement(key: str, values: Iterable[str]) -> str:
    first, *others = values
    return f"{key} in ({','.join((first, *others))})" if others else f"{key}={first}"
