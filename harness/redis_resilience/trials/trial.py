"""One trial as a scenario writes it: load, faults, expectations, run."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Literal

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.waiting import eventually
from redis_resilience.faults.capabilities import CanUpgrade
from redis_resilience.faults.perform import able, needs
from redis_resilience.faults.target import MASTER_MAJORITY, ROLES, SENTINEL, SENTINEL_MAJORITY
from redis_resilience.judges.judge import judge
from redis_resilience.model.errors import Unavailable, UsageError
from redis_resilience.model.faults import Fault, Grow, RollingUpgrade
from redis_resilience.model.plan import (
    MASTER_OF_SENTINELS,
    SERVICE,
    Expect,
    Load,
    Plan,
    Scheduled,
    Since,
    Windows,
    Writers,
)
from redis_resilience.topologies.catalogue import topology
from redis_resilience.topologies.topology import ATTACHED, Profile, System, Topology
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.keeper import Keeper
from redis_resilience.trials.manual import ManualSteps
from redis_resilience.trials.observer import SILENT, Observer, Progress
from redis_resilience.trials.outcome import Outcome
from redis_resilience.trials.settings import Settings
from redis_resilience.trials.survey import survey

_WHOLE_S = 60.0


class Trial:
    """Collects what a scenario wants and runs it once.

    only_plan: `run` saves the plan and ends there; nothing is deployed.
    number: names the trial's keys. The order of the calls does not matter, but that of the faults does. Without a call
    to `load` the run's own load is used (its writers follow the master that the Sentinels name).
    """

    def __init__(
        self,
        *,
        scenario: str,
        number: int,
        folder: Path,
        settings: Settings,
        keeper: Keeper,
        observer: Observer = SILENT,
        repeat: str = "",
        only_plan: bool = False,
    ) -> None:
        self._only_plan = only_plan
        self._scenario, self._number, self._repeat = scenario, number, repeat
        self.folder = folder
        self._settings, self._keeper, self._observer = settings, keeper, observer
        keeper.tell = partial(self._show, "deploy")
        self._topology: Topology = topology(settings.topology)
        self._profile: Profile = self._topology.profile(settings.profile)
        self._writers: list[Writers] = []
        self._faults: list[Scheduled] = []
        self._before: list[Fault] = []
        self._expect = Expect()
        self._windows = Windows()
        self._redis: dict[str, str] = {}
        self._down_after_ms: int | None = None
        self._followed: Plan | None = None
        self._deployment: Deployment | None = None
        self._begun = False
        if settings.directives:
            self.redis(**settings.directives)
        if settings.down_after:
            self.down_after(settings.down_after)
        self.outcome: Outcome | None = None
        self.bring_up = ""

    @property
    def topology(self) -> Topology:
        return self._keeper.attached().topology if self._settings.attaches else self._topology

    @property
    def profile(self) -> Profile:
        """The profile of the run: its `down_after_ms` is what "shorter than D" in a scenario means."""
        return self._keeper.attached().profile if self._settings.attaches else self._profile

    @property
    def backend(self) -> str:
        """Where the run deploys: in a cluster pods that are deleted come back by themselves, on `local` they do not."""
        return self._settings.backend

    @property
    def wait(self) -> int:
        """How many replicas must have a write of the run's load before it is acknowledged."""
        return self._settings.wait

    @property
    def upgrade_to(self) -> str:
        """The program or image that --redis-upgrade-to names. Raises Unavailable, the reason for a skip, without it."""
        if not self._settings.upgrade_to:
            raise Unavailable(
                "expected the program or image of the other version: --redis-upgrade-to redis:8.0 on Kubernetes, "
                "--redis-upgrade-to /opt/redis-8/bin/redis-server on local; got none"
            )
        return self._settings.upgrade_to

    @property
    def unjudged(self) -> str:
        """Why there is no verdict; "" where there is one, and for a trial that is only used for manual steps."""
        if self.outcome is not None:
            return ""
        if self._begun:
            return "its run() raised an error, which the test caught: without a verdict it shows nothing"
        if self._deployment is not None and not (self._faults or self._writers):
            return ""
        return "it never did: a trial that does not run shows nothing; call trial.run(), or do not ask for `trial`"

    def redis(self, **directives: str) -> None:
        """Set redis directives for this trial (underscores for dashes): a deployment of its own where they differ."""
        self._must_be_ours("redis directives")
        pairs = tuple((name.replace("_", "-"), value) for name, value in sorted(directives.items()))
        self._topology = self._topology.with_config(*pairs)
        self._redis |= dict(pairs)

    def down_after(self, ms: int) -> None:
        """Another down-after-milliseconds for this trial, shown in its profile's name: profiles are never compared.

        Raises UsageError below 1, Unavailable on an attached Redis.
        """
        self._must_be_ours("another D")
        if ms < 1:
            raise UsageError(f"expected down-after-milliseconds of 1 or more; got {ms}")
        self._profile = self._profile.with_dead_after(ms)
        self._down_after_ms = ms

    def _must_be_ours(self, what: str) -> None:
        if self._settings.attaches:
            raise Unavailable(f"this scenario needs {what}; the attached Redis keeps its user's settings: deploy one")

    def load(
        self,
        *,
        writers: int | None = None,
        rate: float | None = None,
        target: str = MASTER_OF_SENTINELS,
        timeout_ms: int = 1000,
        kind: Literal["write", "read"] = "write",
        wait: int | None = None,
    ) -> None:
        """Add a group of writers, or of readers of what they wrote; rate: operations a second of the group, 0 = as
        fast as it goes. wait: a write is acknowledged once so many replicas have it (WAIT); None: as the run's load.
        target: see `redis_resilience.model.plan.Writers`; of clients that go through a Service or a proxy
        ("service/redis", "proxy:6380") outage and losses are reported apart.

        Each shard of a Redis Cluster gets equally many of those that follow its masters: their number is rounded up.
        Readers ask masters there, too: they send no READONLY, so a replica answers MOVED.
        """
        count = self._settings.writers if writers is None else writers
        if wait is None:
            wait = self.wait if kind == "write" else 0
        if target == MASTER_OF_SENTINELS and (shards := self.topology.shards):
            count += -count % shards
        self._writers.append(
            Writers(
                target=target,
                count=count,
                rate=self._settings.rate if rate is None else rate,
                timeout_ms=timeout_ms,
                kind=kind,
                wait=wait,
            )
        )

    def inject(self, fault: Fault, *, after_s: float = 0.0, at_s: float | None = None) -> None:
        """Add a fault, `after_s` after the effect of the one before it (the first: after the baseline).

        at_s: so long after the baseline, whatever else is broken by then; two faults may overlap. Raises UsageError for
        both times.
        """
        if at_s is not None and after_s:
            raise UsageError(f"expected after_s or at_s of {fault}; got {after_s:g} s and {at_s:g} s")
        self._faults.append(
            Scheduled(fault=fault, after_s=after_s)
            if at_s is None
            else Scheduled(fault=fault, after_s=at_s, since=Since.START)
        )

    def before(self, fault: Fault) -> None:
        """Done and healed, with redundancy restored, before anything is measured: the deployment's past."""
        self._before.append(fault)

    def expect(
        self,
        *,
        failover: bool | None = None,
        max_lost: int | None = 0,
        max_outage_s: float | None = None,
        heals: bool = True,
        two_masters_s: float = 0.0,
    ) -> None:
        """What the verdict compares with; see `redis_resilience.model.plan.Expect`."""
        self._expect = Expect(
            failover=failover,
            max_lost=max_lost,
            max_outage_s=max_outage_s,
            heals=heals,
            two_masters_s=two_masters_s,
        )

    def windows(self, **seconds: float) -> None:
        """Other lengths of phases: control_s, observe_s, linger_s, heal_s. Raises UsageError for any other name."""
        if unknown := seconds.keys() - {each.name for each in fields(Windows)}:
            known = ", ".join(each.name for each in fields(Windows))
            raise UsageError(f"expected windows of: {known}; got {', '.join(sorted(unknown))}")
        self._windows = replace(self._windows, **seconds)

    def follow(self, plan: Plan) -> None:
        """Do exactly what `plan` says, on this run's backend. Raises UsageError for another topology's plan."""
        if plan.profile == ATTACHED:
            plan = replace(plan, profile=self.profile.name)
        if (plan.topology, plan.profile) != (self.topology.name, self.profile.name):
            raise UsageError(
                f"expected a plan for topology {self.topology.name}, profile {self.profile.name}, which this run has; "
                f"got one for topology {plan.topology}, profile {plan.profile}"
            )
        if plan.redis:
            self.redis(**plan.redis)
        if plan.down_after_ms is not None:
            self.down_after(plan.down_after_ms)
        self._followed = replace(plan, backend=self._settings.backend, repeat=self._repeat)

    def manual_steps(self) -> ManualSteps:
        """Deploy, wait until all is healthy, and return its manual steps; `run` then breaks the same deployment."""
        deployment = self._deployed()

        def look() -> tuple[bool, str]:
            seen = survey(deployment)
            return seen.whole, seen.text

        eventually(look, within_s=_WHOLE_S, what="a healthy deployment", clock=self._keeper.clock)
        return ManualSteps(deployment, clock=self._keeper.clock)

    def run(self) -> Outcome:
        """Deploy (or take the deployment of the trial before), run, judge, keep; once a trial.

        Raises UsageError the second time, Unavailable where the deployment cannot do what the plan needs,
        ResilienceError where no history could be made. What a judge finds is in the outcome.
        """
        if self.outcome:
            raise UsageError("expected one run() a trial; got a second; use --redis-trials to repeat a scenario")
        self._begun = True
        plan = self.plan()
        must_make_sense(plan, self.topology)
        if self._settings.attaches and not self._settings.brings and (reason := leaves_broken(plan)):
            raise Unavailable(reason)
        folder = TrialFolder(self.folder)
        folder.create(plan)
        if self._only_plan:
            raise Unavailable("only the plan was asked for")
        deployment = self._deployed()
        for fault in plan.all_faults:
            for capability in needs(fault):
                able(deployment, capability, fault.kind)
            if isinstance(fault, RollingUpgrade):
                able(deployment, CanUpgrade, fault.kind).prepare(fault.to)
        self.bring_up = deployment.bring_up
        run_trial(plan, deployment, folder, observer=self._observer, clock=self._keeper.clock)
        self._show("judge")
        self.outcome = rejudge(folder)
        return self.outcome

    def plan(self) -> Plan:
        """What `run` is going to do, by the calls so far, or by the plan that it follows."""
        if self._followed:
            return self._followed
        if not self._writers:
            self.load()
        profile = self.profile
        seed = self._settings.seed
        return Plan(
            trial=f"{self._number:08x}",
            scenario=self._scenario,
            topology=self.topology.name,
            profile=profile.based_on or profile.name,
            backend=self._settings.backend,
            seed=seed,
            load=Load(writers=tuple(self._writers)),
            faults=_at_any_phase(self._faults, profile, seed),
            expect=self._expect,
            windows=self._windows,
            before=tuple(self._before),
            redis=self._redis,
            down_after_ms=self._down_after_ms,
            repeat=self._repeat,
        )

    def _deployed(self) -> Deployment:
        """One deployment per trial, whichever call needs it first."""
        if self._only_plan:
            raise Unavailable("this scenario's manual steps need a deployment, and its plan comes after them")
        if self._deployment is None:
            self._deployment = (
                self._keeper.attached()
                if self._settings.attaches
                else self._keeper.deployment(self._topology, self._profile, fresh=self._settings.fresh)
            )
        return self._deployment

    def _show(self, phase: str, doing: str = "") -> None:
        self._observer.progress(Progress(trial=self.folder.name, phase=phase, doing=doing))


def must_make_sense(plan: Plan, topology: Topology) -> None:
    """Raises UsageError for a pod, container or spare node that the topology does not have, before anything starts.

    Raises Unavailable, the reason for a skip, where the topology has nothing of the role that a fault is for.
    """
    for group in plan.load.writers:
        if group.entrance and (reason := _no_way_in(plan, topology, group.target)):
            raise Unavailable(reason)
    pods = {pod.name: pod.containers for pod in topology.pods}
    for fault in plan.all_faults:
        if reason := misfit(fault, clustered=topology.system is System.CLUSTER, name=topology.name):
            raise Unavailable(reason)
        pod, _, container = fault.target.partition("/")
        if fault.target not in ROLES and (pod not in pods or (container and container not in pods[pod])):
            known = ", ".join(f"{name} ({', '.join(containers)})" for name, containers in pods.items())
            raise UsageError(
                f"expected a target of {', '.join(ROLES)}, or a pod of topology {topology.name}, or POD/CONTAINER; got "
                f"{fault}; its pods are: {known}"
            )
        if isinstance(fault, Grow) and topology.spares and fault.target not in topology.standing_by:
            spares = ", ".join(topology.standing_by)
            raise UsageError(f"expected a spare pod of topology {topology.name}, one of {spares}; got {fault}")


def leaves_broken(plan: Plan) -> str:
    """Why it must not be done to a Redis that is there already and stays; "" where that is healthy again at the end."""
    if plan.expect.heals:
        return ""
    return (
        f"expected a scenario after which the attached Redis is healthy again; got {plan.scenario}, which claims that "
        "it is not (heals=False): deploy one by --redis-chart, --redis-manifests or a topology, which goes at the end"
    )


def _no_way_in(plan: Plan, topology: Topology, target: str) -> str:
    """Why no client can go there; "" where it can be tried."""
    if topology.system is System.CLUSTER:
        return (
            f"expected target master for clients of {topology.name}, a Redis Cluster; got {target}: they go to the "
            "node that has a key, and need a Service only to find the first node"
        )
    if plan.simulated:
        return f"expected real servers for clients that go through {target}; got the simulation"
    if plan.backend == "local" and target.startswith(SERVICE):
        return f"expected a backend on Kubernetes for clients that go through {target}; got local: name HOST:PORT there"
    return ""


def misfit(fault: Fault, *, clustered: bool, name: str) -> str:
    """Why a Redis Cluster, or what Sentinels watch, has nothing of the role that a fault is for; "" where it has."""
    if clustered and (fault.target in (SENTINEL, SENTINEL_MAJORITY) or fault.target.endswith("/sentinel")):
        return (
            f"expected a topology with Sentinels, as fault {fault.kind} is for {fault.target}; got {name}, a Redis "
            "Cluster, whose nodes elect their masters themselves: `redis-resilience scenarios` lists those named "
            "cluster-..."
        )
    if not clustered and fault.target == MASTER_MAJORITY:
        return (
            f"expected a topology with several masters, as fault {fault.kind} is for {fault.target}; got {name}, "
            "which has one: use --redis-topology cluster, or attach to a Redis Cluster"
        )
    return ""


def _at_any_phase(faults: list[Scheduled], profile: Profile, seed: int) -> tuple[Scheduled, ...]:
    """All faults later by a seeded part of Sentinel's PING period: trials must not all hit the same phase."""
    period_s = min(1.0, profile.dead_after_ms / 1e3)
    shift_s = random.Random(seed).uniform(0, period_s)  # noqa: S311 - a plan, not a secret
    return tuple(
        replace(each, after_s=each.after_s + shift_s) if not number or each.since is Since.START else each
        for number, each in enumerate(faults)
    )


def rejudge(folder: TrialFolder) -> Outcome:
    """Judge what the folder holds, and keep the verdict there."""
    history = folder.history()
    judgement = judge(history)
    folder.save_judgement(judgement)
    return Outcome(judgement=judgement, environment=history.environment, folder=folder.path)
