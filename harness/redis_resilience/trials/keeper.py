"""Keeps one deployment for the trials that can share it: consecutive faults on one system, as in real life.

The next trial gets the same deployment if it has the same topology and profile and nothing of the trial before is left
in it: it is healthy, no Sentinel counts one that is gone, all have the same configuration epoch, and all may start a
failover, or may do so sooner than a new deployment would be up (the trial waits for that). Else it gets a new one.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.steps import Tell, untold
from redis_resilience.deployments.waiting import HOST_CLOCK, Clock, eventually
from redis_resilience.model.errors import ResilienceError
from redis_resilience.topologies.topology import Profile, Topology
from redis_resilience.trials.settings import Settings
from redis_resilience.trials.survey import survey
from redis_resilience.trials.throttle import throttle

if TYPE_CHECKING:
    from redis_resilience.deployments.journal import Journal
    from redis_resilience.deployments.kube.context import Context
    from redis_resilience.deployments.kube.keys import Keys
    from redis_resilience.deployments.kube.kind import KindClusters

_REUSE_S = 2.0


class Keeper:
    """At most one deployment alive; `close` (or leaving the context) takes it away.

    tell: called with what a deployment that is being made does now.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.tell: Tell = untold
        self._kept: tuple[Topology, Profile, Deployment] | None = None
        self._made = 0
        self._bring_up_s = 0.0
        """How long the newest deployment took to come up."""
        self._shared = ExitStack()
        """What outlives a deployment: the journal of the run."""
        self._journal: Journal | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def clock(self) -> Clock:
        """The clock of the deployment that is alive; a simulated one brings its own."""
        return getattr(self._kept[2], "clock", HOST_CLOCK) if self._kept else HOST_CLOCK

    def deployment(self, topology: Topology, profile: Profile, *, fresh: bool = False) -> Deployment:
        """A started deployment of exactly this; unless it must be fresh, that of the trial before if still healthy."""
        if self._kept and (fresh or self._kept[:2] != (topology, profile) or not self._usable()):
            self._stop()
        if not self._kept:
            self.tell(f"{topology.name} on {self._settings.backend}")
            made = self._make(topology, profile)
            began_ns = self.clock.now_ns()
            made.start()
            self._bring_up_s = (self.clock.now_ns() - began_ns) / 1e9
            self._kept = (topology, profile, made)
        return self._kept[2]

    def attached(self) -> Deployment:
        """The user's Redis; it is not ours to recreate, so it is kept whatever state it is in."""
        if not self._kept:
            made = self._attach()
            made.start()
            self._kept = (made.topology, made.profile, made)
        return self._kept[2]

    def join(self) -> None:
        """Be part of the run until `close`, with or without a deployment: no other process is its last one then."""
        if self._settings.backend in ("kind", "context"):
            self._run_journal()

    def close(self) -> None:
        """Stop what is alive and leave the run; harmless when there is nothing.

        The last process of a run undoes what is left of it, the cluster too. Raises DeploymentError for what remains.
        """
        try:
            self._stop()
        finally:
            self._shared.close()

    def _stop(self) -> None:
        if self._kept:
            kept, self._kept = self._kept[2], None
            kept.stop()

    def _usable(self) -> bool:
        if not self._kept or self._kept[2].used_up:
            return False
        deployment = self._kept[2]

        def look() -> tuple[bool, str]:
            seen = survey(deployment)
            left = f"{seen.stale_sentinels} Sentinels are known and not there; epochs {', '.join(sorted(seen.epochs))}"
            return seen.whole and not seen.stale_sentinels and len(seen.epochs) < 2, f"{seen.text}; {left}"

        try:
            eventually(
                look,
                within_s=_REUSE_S,
                what="the previous trial's deployment to be healthy",
                clock=self.clock,
            )
            return (
                throttle(deployment.probe, deployment.profile, deployment.topology.master_name).left_s
                <= self._bring_up_s
            )
        except ResilienceError:
            return False

    def _make(self, topology: Topology, profile: Profile) -> Deployment:
        """The backends are imported where one is used: a run pays for its own only."""
        self._made += 1
        if self._settings.backend == "kind":
            return self._in_cluster(topology, profile)
        if self._settings.backend == "context":
            return self._in_context(topology, profile)
        return on_this_host(topology, profile, self._settings, number=self._made)

    def _in_cluster(self, topology: Topology, profile: Profile) -> Deployment:
        from redis_resilience.deployments.kube.deployment import KubeDeployment  # noqa: PLC0415 - see `_make`

        settings, journal = self._settings, self._run_journal()
        return KubeDeployment(
            topology,
            profile,
            site=self._clusters(journal),
            journal=journal,
            namespace=f"{journal.run}-{settings.worker}-{self._made}",
            run_id=journal.run,
            redis_image=settings.image,
            probe_image=settings.probe_image,
            tell=self.tell,
        )

    def _clusters(self, journal: Journal) -> KindClusters:
        from redis_resilience.deployments.kube.kind import KindClusters  # noqa: PLC0415 - see `_make`

        settings = self._settings
        return KindClusters(
            settings.results / ".kind",
            journal,
            run_id=journal.run,
            named=settings.kind_cluster,
            node_image=settings.node_image,
            workers=settings.workers,
            keep=settings.keep_cluster,
        )

    def _in_context(self, topology: Topology, profile: Profile) -> Deployment:
        from redis_resilience.deployments.kube.context import ContextSite  # noqa: PLC0415 - see `_make`
        from redis_resilience.deployments.kube.deployment import KubeDeployment  # noqa: PLC0415 - see `_make`

        settings, journal = self._settings, self._run_journal()
        run_id = f"{journal.run}-{settings.worker}-{self._made}"
        return KubeDeployment(
            topology,
            profile,
            site=ContextSite(context_of(settings), run_id=run_id),
            journal=journal,
            namespace=settings.namespace,
            run_id=run_id,
            redis_image=settings.image,
            probe_image=settings.probe_image,
            tell=self.tell,
        )

    def _attach(self) -> Deployment:
        from redis_resilience.deployments.kube.attached import AttachedDeployment  # noqa: PLC0415 - see `_make`
        from redis_resilience.deployments.kube.context import ContextSite  # noqa: PLC0415 - see `_make`
        from redis_resilience.trials.discovered import attachment_in, brought_of  # noqa: PLC0415 - see `_make`

        settings, journal = self._settings, self._run_journal()
        self._made += 1
        run_id = f"{journal.run}-{settings.worker}-{self._made}"
        on_kind = settings.backend == "kind"
        return AttachedDeployment(
            partial(attachment_in, settings),
            site=self._clusters(journal) if on_kind else ContextSite(context_of(settings), run_id=run_id),
            journal=journal,
            namespace=run_id if on_kind else settings.namespace,
            run_id=journal.run if on_kind else run_id,
            probe_image=settings.probe_image,
            tell=self.tell,
            brought=brought_of(settings),
        )

    def _run_journal(self) -> Journal:
        from redis_resilience.deployments.journal import Journal, state_folder  # noqa: PLC0415 - see `_make`
        from redis_resilience.deployments.kube.undoing import Undoer, leave  # noqa: PLC0415 - see `_make`

        if self._journal is None:
            results = self._settings.results
            folder = self._settings.state or state_folder()
            self._journal = Journal.begin(folder, results.name.lower(), results=str(results))
            self._shared.callback(leave, self._journal, self._shared.enter_context(Undoer()))
        return self._journal


def on_this_host(topology: Topology, profile: Profile, settings: Settings, *, number: int) -> Deployment:
    """Processes, or the simulation; not started. number: of this process's deployments.

    Raises Unavailable where this host cannot have it.
    """
    if settings.backend == "memory":
        from redis_resilience.deployments.memory.deployment import MemoryDeployment  # noqa: PLC0415 - see `Keeper._make`

        return MemoryDeployment(topology, profile)
    from redis_resilience.deployments.local.deployment import LocalDeployment  # noqa: PLC0415 - see `Keeper._make`
    from redis_resilience.deployments.local.leftovers import folder_name  # noqa: PLC0415 - see `Keeper._make`

    return LocalDeployment(
        topology,
        profile,
        folder=Path(tempfile.gettempdir()) / folder_name(settings.worker, number),
        redis_server=settings.server or None,
        isolation=settings.isolation,
    )


def context_of(settings: Settings) -> Context:
    """What the user named of an existing cluster."""
    from redis_resilience.deployments.kube.context import Context  # noqa: PLC0415 - see `Keeper._make`

    return Context(
        name=settings.context,
        namespace=settings.namespace,
        kubeconfig=settings.kubeconfig,
        allowed=settings.allow_context,
        node_helper=settings.node_helper,
        secrets=keys_of(settings).secrets,
        discovers=settings.discovers,
    )


def keys_of(settings: Settings) -> Keys:
    """Where the user keeps what an existing Redis asks for."""
    from redis_resilience.deployments.kube.keys import Keys, PasswordFrom, TlsFrom  # noqa: PLC0415 - see `Keeper._make`

    files = (settings.tls_ca, settings.tls_cert, settings.tls_key)
    return Keys(
        user=settings.user,
        password=PasswordFrom(
            secret=settings.password_secret, file=settings.password_file, variable=settings.password_env
        ),
        sentinel_user=settings.sentinel_user,
        sentinel_password=PasswordFrom(
            secret=settings.sentinel_password_secret,
            file=settings.sentinel_password_file,
            variable=settings.sentinel_password_env,
        ),
        tls=TlsFrom(
            ca=settings.tls_ca,
            certificate=settings.tls_cert,
            key=settings.tls_key,
            secret=settings.tls_secret,
            name=settings.tls_name,
        )
        if settings.tls or settings.tls_secret or settings.tls_name or any(files)
        else None,
    )
