"""What a user chose for all trials of a run: one frozen value, filled in from the table of options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from redis_resilience.model.errors import UsageError
from redis_resilience.options import OPTIONS

AUTO = "auto"
"""As --redis-attach: what runs in the namespace is discovered."""
_OF_ATTACHED = (
    *("password_secret", "password_file", "password_env", "user"),
    *("sentinel_password_secret", "sentinel_password_file", "sentinel_password_env", "sentinel_user"),
    *("tls", "tls_ca", "tls_cert", "tls_key", "tls_secret", "tls_name"),
)
"""What is of no use without --redis-attach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A field for each option that a trial or its deployment needs; `settings` fills it.

    results: folder of this run; every trial gets a folder in it. worker: which of the run's processes this is.

    Raises UsageError for options that make no sense together.
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
    upgrade_to: str
    probe_image: str
    kubeconfig: Path | None
    context: str
    namespace: str
    allow_context: str
    node_helper: bool
    attach: str
    chart: Path | None
    values: tuple[Path, ...]
    set: str
    manifests: Path | None
    sentinel_selector: str
    container: str
    sentinel_container: str
    master_name: str
    password_secret: tuple[str, str] | None
    password_file: Path | None
    password_env: str
    user: str
    sentinel_password_secret: tuple[str, str] | None
    sentinel_password_file: Path | None
    sentinel_password_env: str
    sentinel_user: str
    port: int
    sentinel_port: int
    tls: bool
    tls_ca: Path | None
    tls_cert: Path | None
    tls_key: Path | None
    tls_secret: str
    tls_name: str
    state: Path | None
    seed: int
    fresh: bool
    rate: float
    writers: int
    wait: int

    def __post_init__(self) -> None:
        if self.chart and self.manifests:
            raise UsageError("expected --redis-chart or --redis-manifests; got both")
        if (self.values or self.set) and not self.chart:
            raise UsageError("expected --redis-chart with --redis-values and --redis-set; got none")
        if self.brings and self.backend not in ("kind", "context"):
            raise UsageError(
                "expected --redis-backend=kind or context with --redis-chart and --redis-manifests; got "
                f"{self.backend!r}"
            )
        if self.attach and not self.brings and self.backend != "context":
            raise UsageError(f"expected --redis-backend=context with --redis-attach; got {self.backend!r}")
        if not self.attach:
            self._must_not_be_given(*_OF_ATTACHED)
        self._one_of("password_secret", "password_file", "password_env")
        self._one_of("sentinel_password_secret", "sentinel_password_file", "sentinel_password_env")
        self._one_of("tls_secret", "tls_ca")
        self._one_of("tls_secret", "tls_cert")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise UsageError("expected --redis-tls-cert and --redis-tls-key together; got one of them")

    def _one_of(self, *names: str) -> None:
        given = [_flag(name) for name in names if getattr(self, name)]
        if len(given) > 1:
            raise UsageError(f"expected one of {', '.join(map(_flag, names))}; got {' and '.join(given)}")

    def _must_not_be_given(self, *names: str) -> None:
        given = [_flag(name) for name in names if getattr(self, name)]
        if given:
            raise UsageError(
                f"expected --redis-attach with {', '.join(given)}; got none: they are of a Redis that runs already; "
                "a topology has them in its data, as sidecar+mtls+acl"
            )

    @property
    def brings(self) -> Path | None:
        """The user's own chart or manifests, which are deployed and then attached to."""
        return self.chart or self.manifests

    @property
    def attaches(self) -> bool:
        """To a Redis that is the user's, deployed by the run or there already: its settings stay as they are."""
        return bool(self.attach or self.brings)

    @property
    def discovers(self) -> bool:
        """What it attaches to is found by what runs in the namespace."""
        return self.attaches and self.attach in ("", AUTO)


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


def _flag(name: str) -> str:
    return next(option.flag for option in OPTIONS if option.field == name)
