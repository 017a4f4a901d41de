from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.deployments.local.isolation import Level, try_namespaces
from redis_resilience.topologies.catalogue import topology
from redis_resilience.topologies.topology import Topology

NO_NAMESPACES = try_namespaces()

Deploy = Callable[..., LocalDeployment]


@pytest.fixture(params=list(Level))
def level(request: pytest.FixtureRequest) -> Level:
    """Every level of isolation that this machine has."""
    if request.param is Level.NAMESPACES and NO_NAMESPACES:
        pytest.skip(f"namespaces do not work here: {NO_NAMESPACES}")
    return Level(request.param)


@pytest.fixture
def deploy(level: Level, tmp_path: Path) -> Iterator[Deploy]:
    """Bring a topology up; it is taken down after the test."""
    with ExitStack() as stack:

        def up(what: str | Topology = "sidecar") -> LocalDeployment:
            chosen = topology(what) if isinstance(what, str) else what
            folder = tmp_path / f"deployment of {chosen.name}"
            made = LocalDeployment(chosen, chosen.profile("fast"), folder=folder, isolation=level)
            return stack.enter_context(made)

        yield up


@pytest.fixture
def processes_of() -> Callable[[Path], list[str]]:
    """Processes of this host that belong to a deployment's folder: their standard error goes into it."""

    def find(folder: Path) -> list[str]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                complaints = str((process / "fd" / "2").readlink())
                name = (process / "comm").read_text().strip()
            except OSError:
                continue
            if complaints.startswith(str(folder)):
                found.append(f"{name} ({process.name})")
        return found

    return find
