"""What earlier releases called by other names: keys of their documents, topologies; pure conversion."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES: Mapping[str, str] = {
    "BUSY": "WAITING",
    "hand_over": "planned_failover",
    "handed_over": "planned_failover",
    "lateness_max_ms": "scheduling_delay_max_ms",
    "lateness_p50_ms": "scheduling_delay_p50_ms",
    "lateness_p99_ms": "scheduling_delay_p99_ms",
    "max_lateness_ms": "max_scheduling_delay_ms",
}
_IN_TEXT = tuple(name.encode() for name in _NAMES)
TOPOLOGIES: Mapping[str, str] = {"node": "sidecar"}


def may_have_old_names(document: bytes) -> bool:
    """Whether such a name is anywhere in a document's text."""
    return any(name in document for name in _IN_TEXT)


def with_names_of_today(value: object) -> object:
    """A decoded document, plan, environment or judgement, of any release, under the names that its types have now."""
    if isinstance(value, dict):
        return {_NAMES.get(key, key): with_names_of_today(each) for key, each in value.items()}
    if isinstance(value, list):
        return [with_names_of_today(each) for each in value]
    return value
