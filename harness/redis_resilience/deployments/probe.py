"""The probe as the harness sees it, wherever it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from redis_resilience.model.access import OPEN, Access
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.events import Event
from redis_resilience.model.plan import Load
from redis_resilience.probe.protocol import Answer, Status, Swept


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """probe clock = harness clock + offset_ns, give or take error_ns. wall_ns - clock_ns: the probe's wall clock."""

    offset_ns: int = 0
    error_ns: int = 0
    clock_ns: int = 0
    wall_ns: int = 0


class Asks(Protocol):
    """All that most callers need of a probe."""

    def query(self, endpoint: Endpoint, *command: str, timeout_s: float = 1.0) -> Answer:
        """One command to one server, once."""


class Probe(Asks, Protocol):
    """Every method raises ProbeError where the probe is gone or refuses; none retries."""

    def clocks(self) -> Clocks:
        """The probe's clock beside the harness's (time.monotonic_ns); on one host the same one, offset and error 0."""

    def watch(
        self,
        *,
        servers: Mapping[str, Endpoint],
        sentinels: Mapping[str, Endpoint],
        master_name: str,
        interval_ms: float = 10.0,
        access: Access = OPEN,
        cluster: bool = False,
    ) -> None:
        """cluster: the servers are nodes of a Redis Cluster, whose tables are watched, too."""

    def open(self, folder: Path, trial: str) -> None:
        """Begin a history; `folder` is the trial's folder on the harness's side."""

    def start_load(self, load: Load) -> None: ...

    def stop_load(self) -> Status: ...

    def read_back(self) -> None:
        """Final reads of every key from every watched server into the history."""

    def sweep(self, trial: str) -> Swept:
        """Delete the keys that this trial wrote, and nothing else, from every master among the watched servers."""

    def close(self) -> None:
        """End the history; afterwards its files are complete in the folder given to `open`."""

    def status(self) -> Status:
        """The newest counts that the probe sent, without asking it."""

    def events(self, since: int = 0) -> tuple[Event, ...]:
        """Events heard since `open`, or since the probe began where there is no history, from number `since` on."""

    def stop(self) -> None:
        """End the probe; harmless when it is gone already."""
