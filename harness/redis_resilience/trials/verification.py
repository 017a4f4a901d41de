"""Checks that several documents ask of their readers."""

from __future__ import annotations

import re

from redis_resilience.topologies.topology import REDIS_PORT, Topology
from redis_resilience.trials.manual import ManualSteps


def written_and_read_everywhere(manual: ManualSteps, topology: Topology) -> None:
    """SET on the first pod by its name, GET on every other by its own."""
    names = [f"{pod.name}.{topology.service}" for pod in topology.pods if "redis" in pod.containers]
    manual.call(names[0], REDIS_PORT, "SET", "foo", "hello world")
    for name in names:
        manual.until("hello world", name, REDIS_PORT, "GET", "foo")


def switches(log: str, master_name: str) -> list[tuple[str, str]]:
    """Old and new address of every +switch-master in a Sentinel's log."""
    return re.findall(rf"\+switch-master {re.escape(master_name)} (\S+) \d+ (\S+) \d+", log)
