"""A rolling upgrade, pod by pod: which goes next, whether the one before has joined again, and what each runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.waiting import Clock, eventually
from redis_resilience.faults.capabilities import CanUpgrade
from redis_resilience.faults.target import Place, View
from redis_resilience.model.engine import engine_of
from redis_resilience.model.errors import DeploymentError
from redis_resilience.model.events import EngineSeen
from redis_resilience.model.faults import Order, RollingUpgrade
from redis_resilience.trials.survey import survey

_JOINED_WITHIN_S = 60.0
_LOOK_EVERY_S = 0.2


def in_turn(fault: RollingUpgrade, places: Iterable[Place], view: View) -> tuple[Place, ...]:
    """Which pod goes after which; view: the roles before the first."""
    if fault.order is Order.HIGHEST_FIRST:
        return tuple(sorted(places, key=lambda place: (-_ordinal(place.pod), place)))
    return tuple(sorted(places, key=lambda place: (place.pod == view.master, place)))


def wait_until_joined(
    deployment: Deployment, upgrades: CanUpgrade, pod: str, clock: Clock, tick: Callable[[], None]
) -> None:
    """Until all is healthy with the new pod. Raises DeploymentError where its engine refuses data, WaitTimeout."""

    def look() -> tuple[bool, str]:
        tick()
        if reason := upgrades.refusal(pod):
            raise DeploymentError(f"{pod} with {upgrades.program(pod)} does not join: {reason}")
        seen = survey(deployment)
        return seen.whole, seen.text

    what = f"a healthy deployment, after {pod} came back with {upgrades.program(pod)}"
    eventually(look, within_s=_JOINED_WITHIN_S, what=what, every_s=_LOOK_EVERY_S, clock=clock)


def engines(
    deployment: Deployment, upgrades: CanUpgrade, pods: Iterable[str], now_ns: Callable[[], int]
) -> list[EngineSeen]:
    """What these servers run now, by their own INFO; those that do not answer are left out."""
    found = []
    for pod, endpoint in deployment.servers().items():
        told = deployment.probe.query(endpoint, "INFO", "server").value if pod in pods else None
        if isinstance(told, str):
            run_id = next((line[7:].strip() for line in told.splitlines() if line.startswith("run_id:")), "")
            found.append(
                EngineSeen(
                    at_ns=now_ns(), server=pod, engine=engine_of(told), run_id=run_id, program=upgrades.program(pod)
                )
            )
    return found


def _ordinal(pod: str) -> int:
    found = re.search(r"\d+$", pod)
    return int(found[0]) if found else 0
