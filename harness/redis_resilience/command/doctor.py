"""What this machine can do, what it lacks, and how to get it."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

from redis_resilience.deployments.local.engine import find_engine
from redis_resilience.deployments.local.isolation import Level, choose_isolation
from redis_resilience.deployments.local.partition import find_nft
from redis_resilience.model.errors import Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """needed: whether trials on the local backend are impossible without it."""

    name: str
    good: bool
    needed: bool
    text: str


def examine() -> tuple[Check, ...]:
    """Every check by really trying, in the order in which they matter."""
    isolation = choose_isolation()
    return (
        Check(
            name="python",
            good=sys.version_info >= (3, 11),
            needed=True,
            text=f"Python {platform.python_version()} (3.11 or newer is needed)",
        ),
        _server(),
        Check(
            name="isolation",
            good=isolation.level is Level.NAMESPACES,
            needed=False,
            text=f"{isolation.level}: {isolation.because}",
        ),
        _partitions(isolation.level),
    )


def _server() -> Check:
    try:
        engine = find_engine()
    except Unavailable as error:
        return Check(name="redis-server", good=False, needed=True, text=str(error))
    return Check(name="redis-server", good=True, needed=True, text=f"{engine.name} {engine.version} at {engine.path}")


def _partitions(level: Level) -> Check:
    if level is not Level.NAMESPACES:
        text = "need a network of their own for the pods: isolation `namespaces`"
        return Check(name="partitions", good=False, needed=False, text=text)
    try:
        return Check(name="partitions", good=True, needed=False, text=f"by {find_nft()}")
    except Unavailable as error:
        return Check(name="partitions", good=False, needed=False, text=str(error))
