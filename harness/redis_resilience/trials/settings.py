"""What a user chose for all trials of a run: one frozen value, filled in from the options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from redis_resilience.model.errors import UsageError
from redis_resilience.options import BACKENDS, ISOLATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """results: folder of this run; every trial gets a folder in it. fresh: a new deployment for every trial.

    state: folder of the undo journals; None: the user's own.

    cluster, keep_cluster, cluster_workers and node_image are the kind backend's; empty: its own choice. What begins at
    kubeconfig is the context backend's, from attach on for a Redis that is there already.
    """

    results: Path
    state: Path | None = None
    run: str = "run"
    backend: str = "local"
    topology: str = "node"
    profile: str = "fast"
    isolation: str = "auto"
    redis_server: str | None = None
    cluster: str = ""
    keep_cluster: bool = False
    cluster_workers: int = 0
    node_image: str = ""
    redis_image: str = ""
    probe_image: str = ""
    kubeconfig: Path | None = None
    context: str = ""
    namespace: str = ""
    allow_context: str = ""
    node_helper: bool = False
    attach: str = ""
    sentinel_selector: str = ""
    container: str = ""
    sentinel_container: str = ""
    master_name: str = ""
    password_secret: tuple[str, str] | None = None
    seed: int = 0
    fresh: bool = False
    rate: float = 1000.0
    writers: int = 4

    def __post_init__(self) -> None:
        if self.attach and self.backend != "context":
            raise UsageError(f"expected --redis-backend=context with --redis-attach; got {self.backend!r}")
        for name, value, known in (
            ("backend", self.backend, BACKENDS),
            ("isolation", self.isolation, ISOLATIONS),
        ):
            if value not in known:
                raise UsageError(f"expected a {name} of: {', '.join(known)}; got {value!r}")
