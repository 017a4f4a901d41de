"""Where pods are, how many may go at once, what recreates them, and from which image."""

from __future__ import annotations

from redis_resilience.lint.rule import Answers, Hit, Missing, Needs, Rule
from redis_resilience.lint.setup import Setup
from redis_resilience.model.lint import Severity


def _bare(setup: Setup) -> Answers:
    for workload in setup.workloads:
        if workload.kind == "Pod" and workload.holds("redis", "sentinel"):
            yield Hit(seen=f"{workload.name} has no controller", where=workload.where)


def _not_spread(setup: Setup) -> Answers:
    concerned = [workload for workload in setup.workloads if workload.holds("redis", "sentinel")]
    pods = sum(workload.count for workload in concerned)
    for workload in concerned:
        if pods > 1 and not workload.spread:
            yield Hit(seen="no topologySpreadConstraints, no podAntiAffinity", where=workload.where)


def _no_budget(setup: Setup) -> Answers:
    for workload in setup.workloads:
        covered = any(workload.name in budget.selects for budget in setup.budgets)
        if workload.count > 1 and not covered and workload.holds("redis", "sentinel"):
            yield Hit(seen=f"{workload.count} pods, no PodDisruptionBudget", where=workload.where)


def _loose_budget(setup: Setup) -> Answers:
    may_go = setup.sentinel_count - (setup.sentinel_count // 2 + 1)
    for budget in setup.budgets:
        counted = [each for each in setup.workloads if each.name in budget.selects and each.holds("sentinel")]
        pods = sum(workload.count for workload in counted)
        gone = budget.max_unavailable if budget.min_available is None else pods - budget.min_available
        if counted and gone is None:
            yield Missing(text="a share in per cent is not weighed", where=budget.where)
        elif counted and gone is not None and gone > may_go:
            yield Hit(seen=f"{gone} pods may go at once, the majority allows {may_go}", where=budget.where)


def _floating(setup: Setup) -> Answers:
    for _, container in setup.containers("redis", "sentinel"):
        name = container.image.rpartition("/")[2]
        if "@" not in name and (":" not in name or name.endswith(":latest")):
            yield Hit(seen=f"image {container.image}", where=container.where)


_PODS = (Needs.PODS,)

RULES = (
    Rule(
        id="bare-pod",
        severity=Severity.WARNING,
        about="a pod without a controller",
        why="Deleted, evicted, or on a node that is lost, it does not come back.",
        source="document 002: pod redis-master",
        fix="A StatefulSet.",
        needs=_PODS,
        check=_bare,
    ),
    Rule(
        id="no-spread",
        severity=Severity.WARNING,
        about="pods that may all be on one node",
        why="If that node fails, the master, its replicas and the majority that would elect another fail together.",
        source="redis#10621; document 003 asks for it",
        fix="topologySpreadConstraints over kubernetes.io/hostname, or podAntiAffinity.",
        scenario="sentinel-majority-lost",
        in_cluster="cluster-node-lost",
        needs=_PODS,
        check=_not_spread,
    ),
    Rule(
        id="no-disruption-budget",
        severity=Severity.WARNING,
        about="no PodDisruptionBudget",
        why="Draining nodes for an upgrade may take the majority at once, of Sentinels or of masters.",
        source="document 001: disabled by default",
        fix="A PodDisruptionBudget with maxUnavailable 1.",
        scenario="sentinel-majority-lost",
        in_cluster="cluster-majority-lost",
        needs=_PODS,
        check=_no_budget,
    ),
    Rule(
        id="disruption-budget-loose",
        severity=Severity.WARNING,
        about="a PodDisruptionBudget that lets the majority go",
        why="A drain may then leave fewer Sentinels than a failover needs.",
        source="Sentinel's election",
        fix="maxUnavailable 1.",
        scenario="sentinel-majority-lost",
        needs=(Needs.PODS, Needs.SENTINELS),
        check=_loose_budget,
    ),
    Rule(
        id="image-floating",
        severity=Severity.WARNING,
        about="an image without a version",
        why="A recreated pod may run another Redis than its peers, in the middle of a failover; and no number "
        "can be repeated.",
        source="Bitnami's tags left their place in 2025: bitnami#35164",
        fix="A tag with a version, or a digest.",
        needs=_PODS,
        check=_floating,
    ),
)
