"""A deployment as the engine sees it, whatever its backend; optional abilities are in `faults.capabilities`.

Pods and containers have the names that Kubernetes would give them. Addresses may change whenever a pod is re-created,
names never do. Every method that changes something returns once the change was observed, or raises
DeploymentError.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from redis_resilience.deployments.probe import Probe
from redis_resilience.model.access import OPEN, Access
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.events import Event, Scalar
from redis_resilience.topologies.restarts import STAYS_DOWN, RestartPolicy
from redis_resilience.topologies.topology import Profile, Topology


class Deployment(Protocol):
    """A topology running somewhere, with its probe beside it. A method with a body has the usual answer."""

    @property
    def backend(self) -> str: ...

    @property
    def topology(self) -> Topology: ...

    @property
    def profile(self) -> Profile: ...

    @property
    def probe(self) -> Probe: ...

    @property
    def access(self) -> Access:
        """To its servers and its Sentinels; given to the probe only."""
        return OPEN

    @property
    def owns_data(self) -> bool:
        """Whether all keys are this harness's to delete; else only those that a trial wrote."""
        return True

    @property
    def administered(self) -> bool:
        """Whether programs that are no part of it, as an operator, may change its servers as a matter of course."""
        return True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Bring everything up and return; the engine settles it. On failure nothing is left behind."""

    def stop(self) -> None:
        """Take everything away; harmless when it is gone already."""

    def servers(self) -> Mapping[str, Endpoint]:
        """Every data server by pod name, in the topology's order, at its present address."""

    def sentinels(self) -> Mapping[str, Endpoint]: ...

    def policy(self, pod: str) -> RestartPolicy:
        """What restarts this pod's server by itself, and how it is stopped."""
        del pod
        return STAYS_DOWN

    def fingerprint(self) -> Mapping[str, Scalar]:
        """What it runs on: isolation or cluster, engine and version, kernel, processors."""

    @property
    def used_up(self) -> str:
        """Why the next trial should not reuse it, even if healthy; "" for no reason."""
        return ""

    @property
    def bring_up(self) -> str:
        """What `start` spent its time on, step by step in words; "" where it took too little to report."""
        return ""

    def expect_keys(self, trial: str) -> None:
        """Keys of this trial are written from now on; for whoever heals, where the data are not this harness's."""
        del trial

    def keys_gone(self, trial: str) -> None:
        """They are deleted, each one that this trial wrote."""
        del trial

    def drain_events(self) -> tuple[Event, ...]:
        """What the backend itself saw since the last call (pods deleted, started, ready), on the harness's clock."""
        return ()

    def warnings(self, since_ns: int) -> tuple[Event, ...]:
        """What the backend warned of since then, for whoever reads the trial; no verdict depends on it."""
        del since_ns
        return ()

    def save_logs(self, folder: Path) -> None:
        """Write what each container logged since the last call to folder/POD-CONTAINER.log."""
