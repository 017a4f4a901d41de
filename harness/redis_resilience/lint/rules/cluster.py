"""What a Redis Cluster's own settings allow to happen."""

from __future__ import annotations

from redis_resilience.lint.rule import Answers, Hit, Missing, Needs, Rule, value
from redis_resilience.lint.setup import Seen, Setup
from redis_resilience.model.lint import Severity


def _not_announced(setup: Setup) -> Answers:
    names = ("cluster-announce-ip", "cluster-announce-hostname")
    for server in setup.servers:
        if any(name in server.settings.unreadable for name in names):
            continue  # it announces something, whatever that is
        found = [value(server.settings, name) for name in names]
        missing = [each for each in found if isinstance(each, Missing)]
        if missing:
            yield missing[0]
        elif not any(isinstance(each, Seen) and each.value for each in found):
            yield Hit(seen="no cluster-announce-ip, no cluster-announce-hostname", where=server.settings.where)


def _full_coverage(setup: Setup) -> Answers:
    for server in setup.servers:
        whole = value(server.settings, "cluster-require-full-coverage")
        if isinstance(whole, Missing):
            yield whole
        elif whole.value == "yes":
            yield Hit(seen="cluster-require-full-coverage yes", where=whole.where)


_CLUSTER = (Needs.CLUSTER,)

RULES = (
    Rule(
        id="cluster-not-announced",
        severity=Severity.ERROR,
        about="nodes that know each other by pod addresses",
        why="One recreated pod is found again by the others; when all are restarted at once, every node looks "
        "for addresses that no pod has.",
        source="document 003: redis#15136, #4289, #4645",
        fix="cluster-announce-ip: an address that outlives the pod, or the pod's own at each start.",
        scenario="cluster-recreated",
        needs=_CLUSTER,
        check=_not_announced,
    ),
    Rule(
        id="cluster-all-or-nothing",
        severity=Severity.NOTE,
        about="one lost shard stops all of them",
        why="While a shard has neither master nor replica, every node answers CLUSTERDOWN, for keys of other shards "
        "too.",
        source="Redis Cluster's specification",
        fix="cluster-require-full-coverage no, if clients can do with parts.",
        scenario="cluster-majority-lost",
        needs=_CLUSTER,
        check=_full_coverage,
    ),
)
