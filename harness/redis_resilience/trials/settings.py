"""What a user chose for all trials of a run: one frozen value, filled in from the table of options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from redis_resilience.model.errors import UsageError
from redis_resilience.options import OPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A field for each option that a trial or its deployment needs; `settings` fills it.

    results: folder of this run; every trial gets a folder in it. worker: which of the run's processes this is.
    """

    results: Path
    worker: str
    backend: str
    topology: str
    profile: str
    down_after: int | None
    directives: Mapping[str, str] | None
    isolation: str
    server: str
    kind_cluster: str
    keep_cluster: bool
    workers: int
    node_image: str
    image: str
    probe_image: str
    kubeconfig: Path | None
    context: str
    namespace: str
    allow_context: str
    node_helper: bool
    attach: str
    sentinel_selector: str
    container: str
    sentinel_container: str
    master_name: str
    password_secret: tuple[str, str] | None
    state: Path | None
    seed: int
    fresh: bool
    rate: float
    writers: int

    def __post_init__(self) -> None:
        if self.attach and self.backend != "context":
            raise UsageError(f"expected --redis-backend=context with --redis-attach; got {self.backend!r}")


def settings(values: Mapping[str, object] | None = None, *, results: Path, worker: str = "main") -> Settings:
    """From parsed values by the names of their options; what is not among them has its default.

    Raises UsageError where they make no sense together.
    """
    known = {field.name for field in fields(Settings)} - {"results"}
    chosen = {
        option.field: (values or {}).get(option.name, option.value(option.default))
        for option in OPTIONS
        if option.field in known
    }
    chosen["seed"] = chosen["seed"] or 0
    return Settings(results=results, worker=worker, **chosen)  # type: ignore[arg-type]
