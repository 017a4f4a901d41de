"""When a server was gone: seen from its node, or, where no node can be entered, from its silence.

The silence is seen later than the death, never earlier: only a dead server, or one that is shutting down, refuses a
connection. A reply that is merely slow is not taken for one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from redis_resilience.deployments.kube.nodes.node import NodeShell, Process, wait_for_state
from redis_resilience.deployments.probe import Probe
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.endpoint import Endpoint

_LOOK_EVERY_S = 0.01
_SLOW_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """Called before the server is stopped. who: for the proof. wait: until it is gone; returns when that was seen."""

    who: str
    wait: Callable[[float], int]


def of_process(shell: NodeShell, process: Process, name: str) -> Death:
    def wait(within_s: float) -> int:
        return wait_for_state(shell, process, "gone", name, within_s=within_s, every_s=_LOOK_EVERY_S)

    return Death(who=f"PID {process.pid} on {process.node}", wait=wait)


def by_silence(probe: Probe, endpoint: Endpoint, name: str) -> Death:
    def look() -> tuple[bool, str]:
        answer = probe.query(endpoint, "PING", timeout_s=_SLOW_S)
        return bool(answer.unreachable), answer.error or str(answer.value)

    def wait(within_s: float) -> int:
        eventually(look, within_s=within_s, what=f"{name} at {endpoint} to stop answering", every_s=_LOOK_EVERY_S)
        return time.monotonic_ns()

    return Death(who=f"asked at {endpoint}", wait=wait)
