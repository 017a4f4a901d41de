"""Checks that several documents ask of their readers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from redis_resilience.model.errors import DeploymentError
from redis_resilience.topologies.topology import REDIS_PORT, Topology
from redis_resilience.trials.manual import ManualSteps


def written_and_read_everywhere(manual: ManualSteps, topology: Topology) -> None:
    """SET on the master by its name, which is the first pod until something fails, GET on every pod by its own."""
    names = [f"{pod.name}.{topology.service}" for pod in topology.pods if "redis" in pod.containers]
    manual.call(_master(manual, names), REDIS_PORT, "SET", "foo", "hello world")
    for name in names:
        manual.until("hello world", name, REDIS_PORT, "GET", "foo")


def _master(manual: ManualSteps, names: Sequence[str]) -> str:
    for name in names:
        role = manual.call(name, REDIS_PORT, "ROLE")
        if isinstance(role, list) and role[0] == "master":
            return name
    raise DeploymentError(f"expected one of {', '.join(names)} to be the master; got: each says that it is a replica")


def switches(log: str, master_name: str) -> list[tuple[str, str]]:
    """Old and new address of every +switch-master in a Sentinel's log."""
    return re.findall(rf"\+switch-master {re.escape(master_name)} (\S+) \d+ (\S+) \d+", log)
