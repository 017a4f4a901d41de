"""One trial as a scenario writes it: load, faults, expectations, run."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from redis_resilience.deployments.port import Deployment
from redis_resilience.deployments.waiting import eventually
from redis_resilience.faults.fault import Fault, able
from redis_resilience.faults.target import MASTER_MAJORITY
from redis_resilience.judges.judge import judge
from redis_resilience.model.errors import Unavailable, UsageError
from redis_resilience.model.plan import MASTER_OF_SENTINELS, Expect, FaultPlan, Load, Plan, Windows, Writers
from redis_resilience.topologies.catalogue import topology
from redis_resilience.topologies.topology import Profile, System, Topology
from redis_resilience.trials.by_hand import ByHand
from redis_resilience.trials.engine import fault_plan, run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.keeper import Keeper
from redis_resilience.trials.observer import SILENT, Observer
from redis_resilience.trials.outcome import Outcome
from redis_resilience.trials.settings import Settings
from redis_resilience.trials.survey import survey

_WHOLE_S = 60.0


class Trial:
    """Collects what a scenario wants and runs it once.

    number: seeds what is random, and names the trial's keys. The order of the calls does not matter, but that of the
    faults does. Without a call to `load` the run's own load is
    used (its writers follow the master that the Sentinels name).
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
    ) -> None:
        self._scenario, self._number, self._repeat = scenario, number, repeat
        self.folder = folder
        self._settings, self._keeper, self._observer = settings, keeper, observer
        self._topology: Topology = topology(settings.topology)
        self._profile: Profile = self._topology.profile(settings.profile)
        self._writers: list[Writers] = []
        self._faults: list[Fault] = []
        self._planned: list[FaultPlan] = []
        self._before: list[Fault] = []
        self._expect = Expect()
        self._windows = Windows()
        self._deployment: Deployment | None = None
        self.outcome: Outcome | None = None
        self.bring_up = ""

    @property
    def topology(self) -> Topology:
        return self._keeper.attached().topology if self._settings.attach else self._topology

    @property
    def profile(self) -> Profile:
        """The profile of the run: its D is what "shorter than D" means."""
        return self._keeper.attached().profile if self._settings.attach else self._profile

    @property
    def backend(self) -> str:
        """Where the run deploys: in a cluster pods that are deleted come back by themselves, on `local` they do not."""
        return self._settings.backend

    def redis(self, **directives: str) -> None:
        """Set redis directives for this trial (underscores for dashes): a deployment of its own where they differ."""
        self._must_be_ours("redis directives")
        pairs = tuple((name.replace("_", "-"), value) for name, value in sorted(directives.items()))
        self._topology = self._topology.with_config(*pairs)

    def down_after(self, ms: int) -> None:
        """Another D for this trial; the profile's name says so: numbers of different profiles are not compared."""
        self._must_be_ours("another D")
        if ms < 1:
            raise UsageError(f"expected down-after-milliseconds of 1 or more; got {ms}")
        self._profile = self._profile.with_dead_after(ms)

    def _must_be_ours(self, what: str) -> None:
        if self._settings.attach:
            raise Unavailable(f"this scenario needs {what}; the attached Redis keeps its user's settings: deploy one")

    def load(
        self,
        *,
        writers: int | None = None,
        rate: float | None = None,
        target: str = MASTER_OF_SENTINELS,
        timeout_ms: int = 1000,
    ) -> None:
        """Add a group of writers; rate in operations a second of the whole group, 0 = as fast as it goes.

        Each shard of a Redis Cluster gets equally many of those that follow its masters: their number is rounded up.
        """
        count = self._settings.writers if writers is None else writers
        if target == MASTER_OF_SENTINELS and self._topology.shards:
            count += -count % self._topology.shards
        self._writers.append(
            Writers(
                target=target,
                count=count,
                rate=self._settings.rate if rate is None else rate,
                timeout_ms=timeout_ms,
            )
        )

    def inject(self, fault: Fault, *, after_s: float = 0.0) -> None:
        """Add a fault, so long after the one before it (the first: after the control window)."""
        if after_s < 0:
            raise UsageError(f"expected a fault 0 s or more after the one before; got {after_s:g} s")
        self._faults.append(fault)
        self._planned.append(fault_plan(fault, after_s))

    def before(self, fault: Fault) -> None:
        """Done, healed and whole again before anything is measured: what the deployment has been through by then."""
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
        if two_masters_s < 0:
            raise UsageError(f"expected two masters for 0 s or more; got {two_masters_s:g} s")
        self._expect = Expect(
            failover=failover,
            max_lost=max_lost,
            max_outage_s=max_outage_s,
            heals=heals,
            two_masters_s=two_masters_s,
        )

    def windows(self, **seconds: float) -> None:
        """Other lengths of phases: control_s, observe_s, linger_s, heal_s."""
        self._windows = replace(self._windows, **seconds)

    def by_hand(self) -> ByHand:
        """Deploy, wait until all is whole, and ask by hand; `run` then breaks the same deployment."""
        deployment = self._deployed()

        def look() -> tuple[bool, str]:
            seen = survey(deployment)
            return seen.whole, seen.text

        eventually(look, within_s=_WHOLE_S, what="a whole deployment", clock=self._keeper.clock)
        return ByHand(deployment, clock=self._keeper.clock)

    def run(self) -> Outcome:
        """Deploy (or take the deployment of the trial before), run, judge, keep; once a trial.

        Raises ResilienceError where no history could be made; what a judge finds is in the outcome.
        """
        if self.outcome:
            raise UsageError("expected one run() a trial; got a second; use --redis-trials to repeat a scenario")
        self._must_make_sense()
        if not self._writers:
            self.load()
        topology, profile = self.topology, self.profile
        seed = self._settings.seed ^ self._number
        plan = Plan(
            trial=f"{self._number:08x}",
            scenario=self._scenario,
            topology=topology.name,
            profile=profile.name,
            backend=self._settings.backend,
            seed=seed,
            load=Load(writers=tuple(self._writers)),
            faults=_at_any_phase(self._planned, profile, seed),
            expect=self._expect,
            windows=self._windows,
            before=tuple(fault_plan(fault) for fault in self._before),
            repeat=self._repeat,
        )
        folder = TrialFolder(self.folder)
        folder.create(plan)
        deployment = self._deployed()
        for fault in (*self._before, *self._faults):
            for capability in fault.needs:
                able(deployment, capability, fault.kind)
        self.bring_up = deployment.bring_up
        run_trial(
            plan,
            self._faults,
            deployment,
            folder,
            before=self._before,
            observer=self._observer,
            clock=self._keeper.clock,
        )
        self.outcome = rejudge(folder)
        return self.outcome

    def _deployed(self) -> Deployment:
        """One deployment a trial, whoever asks for it first."""
        if self._deployment is None:
            self._deployment = (
                self._keeper.attached()
                if self._settings.attach
                else self._keeper.deployment(self._topology, self._profile, fresh=self._settings.fresh)
            )
        return self._deployment

    def _must_make_sense(self) -> None:
        """Raises Unavailable, the reason for a skip, where the topology has nothing that a fault could hit."""
        for fault in self._faults:
            if self.topology.system is System.CLUSTER and "sentinel" in fault.target:
                raise Unavailable(
                    f"expected a topology with Sentinels, as fault {fault.kind} is for {fault.target}; got "
                    f"{self.topology.name}, a Redis Cluster"
                )
            if self.topology.system is not System.CLUSTER and fault.target == MASTER_MAJORITY:
                raise Unavailable(
                    f"expected a topology with several masters, as fault {fault.kind} is for {fault.target}; got "
                    f"{self.topology.name}: use --redis-topology cluster"
                )


def _at_any_phase(faults: list[FaultPlan], profile: Profile, seed: int) -> tuple[FaultPlan, ...]:
    """The first fault later by a seeded part of Sentinel's PING period: trials must not all hit the same phase."""
    if not faults:
        return ()
    period_s = min(1.0, profile.dead_after_ms / 1e3)
    shift_s = random.Random(seed).uniform(0, period_s)  # noqa: S311 - a plan, not a secret
    return (replace(faults[0], after_s=faults[0].after_s + shift_s), *faults[1:])


def rejudge(folder: TrialFolder) -> Outcome:
    """Judge what the folder holds, and keep the verdict there."""
    history = folder.history()
    judgement = judge(history)
    folder.save_judgement(judgement)
    return Outcome(judgement=judgement, environment=history.environment, folder=folder.path)
