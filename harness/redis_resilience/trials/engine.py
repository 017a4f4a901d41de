"""One trial from a started deployment to a complete history, phase by phase.

    settle       wait until the deployment is fully redundant
    assumptions  empty keyspace, live settings, prediction; environment.json is saved
    control      load without a fault, the baseline: its own "outage" is the noise floor
    fault        each fault injected and proved
    observe      until what is expected was seen, or its deadline passed
    heal         whatever is still broken is undone; wait until redundancy is restored
    quiesce      the load stops; offsets become equal
    read         every key from every server
    done         the history is closed

A failed expectation is for the judges; it ends its phase, never the trial. Whatever goes wrong with
the harness itself is kept as a problem of the history, which makes the verdict `unknown`; every fault is undone.
"""

from __future__ import annotations

from collections.abc import Callable

from redis_resilience import __version__
from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.waiting import HOST_CLOCK, Clock, eventually
from redis_resilience.faults.capabilities import CanGrow
from redis_resilience.faults.perform import needs
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.environment import Environment
from redis_resilience.model.errors import BrokenTrial, ResilienceError, Unavailable, WaitTimeout
from redis_resilience.model.events import Ckquorum, Named, Phase, Swept, TimedOut
from redis_resilience.model.operations import key_prefix
from redis_resilience.model.plan import Plan
from redis_resilience.prediction.failover import predict
from redis_resilience.topologies.topology import System
from redis_resilience.trials.alterations import Alterations
from redis_resilience.trials.breakage import Breakage
from redis_resilience.trials.cluster_survey import describe_shards
from redis_resilience.trials.emptying import empty
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.forbidden import forbidden
from redis_resilience.trials.inspection import inspect
from redis_resilience.trials.notes import Notes
from redis_resilience.trials.observation import Observation
from redis_resilience.trials.observer import SILENT, Observer, Progress
from redis_resilience.trials.schedule import Schedule
from redis_resilience.trials.seen import Survey
from redis_resilience.trials.survey import caught_up, caught_up_with, describe_sentinels, describe_servers, survey
from redis_resilience.trials.throttle import throttle

_SETTLE_S = 30.0
_WHOLE = "one master, linked replicas, agreeing Sentinels or nodes"
_TICK_S = 0.02
_WATCHED_S = 0.1
"""Writers write and watchers sample so much longer, so that the end is on record too."""


def run_trial(
    plan: Plan,
    deployment: Deployment,
    folder: TrialFolder,
    *,
    observer: Observer = SILENT,
    clock: Clock = HOST_CLOCK,
) -> None:
    """Run the plan and leave a complete history in `folder`, which holds the plan already.

    Raises only what makes a history impossible (the deployment never became healthy, the probe died early); the
    deployment is left for the caller to stop.
    """
    _Run(plan, deployment, folder, observer=observer, clock=clock).run()


class _Run:
    def __init__(
        self,
        plan: Plan,
        deployment: Deployment,
        folder: TrialFolder,
        *,
        observer: Observer,
        clock: Clock,
    ) -> None:
        self._plan = plan
        self._deployment, self._probe = deployment, deployment.probe
        self._folder, self._observer, self._clock = folder, observer, clock
        self._phase = ""
        self._phase_began_ns = 0
        self._notes = Notes(folder, clock)
        self._breakage = Breakage(deployment, self._notes, clock)
        moves_slots = any(CanGrow in needs(fault) for fault in plan.all_faults)
        sets = any(fault.traits.planned for fault in plan.all_faults)
        self._alterations = Alterations(deployment, self._notes, moves_slots=moves_slots, sets=sets)
        self._measuring = False
        self._measured_from_ns = 0
        self._watched: tuple[dict[str, Endpoint], dict[str, Endpoint]] = ({}, {})

    def run(self) -> None:
        try:
            environment = self._prepare()
        except ResilienceError:
            self._breakage.heal_all()
            raise
        try:
            self._measure(environment)
        except Unavailable:
            raise  # a reason to skip: a trial without its fault says nothing
        except ResilienceError as error:
            self._notes.problem(f"phase {self._phase}: {error}")
        finally:
            self._breakage.heal_all()
            self._keep_what_there_is()

    def _keep_what_there_is(self) -> None:
        """History and logs, each as far as possible: a probe that died must not cost the logs, nor the verdict.

        The checksums come last: whatever happens, nothing of the trial is written after them.
        """
        steps: list[Callable[[], object]] = [self._probe.close]
        if not self._deployment.owns_data:
            steps.append(self._take_keys_away)
        steps += [lambda: self._deployment.save_logs(self._folder.logs), self._folder.seal]
        for step in steps:
            try:
                step()
            except ResilienceError as error:
                self._notes.problem(str(error))

    def _prepare(self) -> Environment:
        """Settle and check the assumptions. Nothing of the trial's history exists yet, so an error may leave."""
        self._enter("settle")
        self._watch()
        seen = self._until_whole(_SETTLE_S, _WHOLE)
        for fault in self._plan.before:
            self._breakage.undergo(fault)
            self._watch()
            noticed_s = self._deployment.profile.dead_after_ms / 1e3
            seen = self._until_whole(noticed_s + self._plan.windows.heal_s, _WHOLE)
        self._until_unthrottled()
        self._enter("assumptions")
        found = self._empty() if self._deployment.owns_data else self._sweep()
        self._deployment.expect_keys(self._plan.trial)
        sentinels = describe_sentinels(self._deployment)
        servers = describe_servers(self._deployment, seen)
        shards = describe_shards(self._deployment, seen, servers, self._plan)
        environment = Environment(
            servers=servers,
            sentinels=sentinels,
            master=seen.view.master,
            clock_ns=self._notes.clocks.clock_ns,
            wall_ns=self._notes.clocks.wall_ns,
            keys_before=found,
            healthy_before=seen.whole,
            health_text=seen.text,
            prediction=shards[0].prediction
            if shards
            else predict(
                self._plan.faults,
                master=seen.view.master,
                sentinels=sentinels,
                servers=servers,
                load=self._plan.load,
                policy=self._deployment.policy(seen.view.master),
                forbidden=forbidden(self._deployment),
            ),
            owns_data=self._deployment.owns_data,
            fingerprint={**self._deployment.fingerprint(), "tool_version": __version__},
            shards=shards,
        )
        self._alterations.begin()
        self._folder.save_environment(environment)
        self._folder.save_lint(inspect(self._deployment))
        self._deployment.save_logs(self._folder.logs / "before")
        return environment

    def _measure(self, environment: Environment) -> None:
        windows = self._plan.windows
        self._probe.open(self._folder.path, self._plan.trial)
        self._measuring = True
        self._measured_from_ns = self._clock.now_ns()
        self._enter("control")
        self._probe.start_load(self._plan.load)
        self._pass(windows.control_s)
        self._enter("fault")
        self._break()
        self._enter("observe")
        self._observe(environment)
        self._pass(windows.linger_s)
        self._enter("heal")
        self._breakage.heal_all()
        self._expect_whole("every server linked and every Sentinel agreed")
        self._pass(_WATCHED_S)
        self._enter("quiesce")
        self._probe.stop_load()
        if self._deployment.owns_data:
            self._expect_whole("equal replication offsets", also=caught_up)
        else:
            self._expect_whole("replicas with all that was written", also=caught_up_with(survey(self._deployment)))
        self._pass(_WATCHED_S)
        self._enter("read")
        for view in describe_sentinels(self._deployment):
            self._notes.keep(Named(at_ns=self._clock.now_ns(), sentinel=view.name, address=view.master_address))
        self._alterations.note()
        self._alterations.note_settings(environment.servers)
        self._probe.read_back()
        for event in self._deployment.warnings(self._measured_from_ns):
            self._notes.keep(event)
        self._enter("done")

    def _break(self) -> None:
        """Inject every fault of the plan at its time."""
        schedule = Schedule(self._plan.faults, start_ns=self._clock.now_ns())
        first = True
        while upcoming := schedule.upcoming():
            number, at_ns = upcoming
            self._pass((at_ns - self._clock.now_ns()) / 1e9)
            self._breakage.heal_due()
            if not first:
                self._ask_quorum()
            self._alterations.note()
            self._breakage.inject(number, self._plan.faults[number].fault, self._tick)
            schedule.took_effect(number, self._clock.now_ns())
            first = False

    def _watch(self) -> None:
        """Point the probe's watchers at the present addresses; a pod that came back may have another.

        One that is gone stays in its place, under its last address: the order of names is their number in the records.
        """
        servers = {**self._watched[0], **self._deployment.servers()}
        sentinels = {**self._watched[1], **self._deployment.sentinels()}
        if (servers, sentinels) != self._watched:
            self._watched = (servers, sentinels)
            self._probe.watch(
                servers=servers,
                sentinels=sentinels,
                master_name=self._deployment.topology.master_name,
                access=self._deployment.access,
                cluster=self._deployment.topology.system is System.CLUSTER,
            )

    def _ask_quorum(self) -> None:
        """What the remaining Sentinels report of their ability to fail over, before the next fault hits."""
        for view in describe_sentinels(self._deployment):
            self._notes.keep(Ckquorum(at_ns=self._clock.now_ns(), sentinel=view.name, answer=view.ckquorum))

    def _observe(self, environment: Environment) -> None:
        """Until the expected failover is complete; where none is expected, until one would have been."""
        if not self._plan.faults:
            return
        observation = Observation(
            plan=self._plan, environment=environment, deployment=self._deployment, breakage=self._breakage
        )
        began_ns = self._phase_began_ns
        while self._clock.now_ns() - began_ns < observation.deadline_s() * 1e9:
            if observation.awaited and observation.complete():
                return
            self._pass(_TICK_S)
        if observation.awaited:
            waited = f"waited {observation.deadline_s():g} s for every Sentinel's or node's word of a new master"
            self._timed_out(waited)

    def _until_whole(self, within_s: float, what: str, also: Callable[[Survey], bool] | None = None) -> Survey:
        seen = survey(self._deployment)

        def look() -> tuple[bool, str]:
            nonlocal seen
            self._tick()
            seen = survey(self._deployment)
            good = seen.whole and (also is None or also(seen))
            return good, seen.text if not seen.whole or good else f"offsets {[s.offset for s in seen.servers.values()]}"

        eventually(look, within_s=within_s, what=what, clock=self._clock)
        return seen

    def _until_unthrottled(self) -> None:
        """Wait until every Sentinel may start a failover: one that tried or voted recently would refuse."""
        profile = self._deployment.profile

        def look() -> tuple[bool, str]:
            self._tick()
            found = throttle(self._probe, profile, self._deployment.topology.master_name)
            return not found.left_s, found.text

        within_s = throttle(self._probe, profile, self._deployment.topology.master_name).left_s + _SETTLE_S
        eventually(look, within_s=within_s, what="Sentinels that may start a failover", clock=self._clock)

    def _expect_whole(self, what: str, also: Callable[[Survey], bool] | None = None) -> None:
        """Wait for it within the heal window; the judges weigh that it did not come."""
        if not self._plan.expect.heals:
            return
        try:
            self._until_whole(self._plan.windows.heal_s, what, also)
        except WaitTimeout as error:
            self._timed_out(str(error))

    def _timed_out(self, reason: str) -> None:
        self._notes.keep(TimedOut(at_ns=self._clock.now_ns(), reason=reason))

    def _sweep(self) -> int:
        """Delete the keys of this trial; returns how many are left under its prefix."""
        swept = self._probe.sweep(self._plan.trial)
        if swept.unreachable or not swept.masters:
            raise BrokenTrial(
                f"expected to delete the keys {key_prefix(self._plan.trial)}* from the master; swept {swept.masters} "
                f"masters, not reached: {swept.unreachable or 'none'}; `redis-resilience heal` deletes them"
            )
        self._notes.keep(Swept(at_ns=self._clock.now_ns(), deleted=swept.deleted, left=swept.left))
        return swept.left

    def _take_keys_away(self) -> None:
        self._sweep()
        self._deployment.keys_gone(self._plan.trial)

    def _empty(self) -> int:
        """Empty the servers: the deployment is this harness's own. Returns how many keys are left."""
        if self._count_keys():
            for master in survey(self._deployment).view.all_masters:
                empty(self._probe, self._deployment.servers()[master])
            eventually(
                lambda: ((count := self._count_keys()) == 0, f"{count} keys"),
                within_s=_SETTLE_S,
                what="empty servers",
                clock=self._clock,
            )
        return self._count_keys()

    def _count_keys(self) -> int:
        sizes = [self._probe.query(endpoint, "DBSIZE").value for endpoint in self._deployment.servers().values()]
        return sum(size for size in sizes if isinstance(size, int))

    def _pass(self, seconds: float) -> None:
        """Let time pass under load: heal what is due, and report progress."""
        until_ns = self._clock.now_ns() + int(seconds * 1e9)
        while (left_ns := until_ns - self._clock.now_ns()) > 0:
            self._breakage.heal_due()
            self._tick()
            self._clock.sleep(min(_TICK_S, left_ns / 1e9))

    def _tick(self) -> None:
        for event in self._deployment.drain_events():
            self._notes.keep(event)
        if self._measuring:
            self._watch()
        status = self._probe.status()
        if status.writing_failed and self._measuring:
            self._measuring = False
            raise BrokenTrial(f"expected the probe to keep the history; got: {status.writing_failed}")
        heard = [event for event in self._probe.events() if event.source.startswith("sentinel:")]
        self._observer.progress(
            Progress(
                trial=self._folder.path.name,
                phase=self._phase,
                seconds=(self._clock.now_ns() - self._phase_began_ns) / 1e9,
                issued=status.issued,
                acknowledged=status.acknowledged,
                master=status.master,
                last_event=f"{heard[-1].source} {heard[-1].label} {heard[-1].words}" if heard else "",
            )
        )

    def _enter(self, phase: str) -> None:
        self._phase, self._phase_began_ns = phase, self._clock.now_ns()
        self._notes.clocks = self._probe.clocks()
        self._notes.keep(Phase(at_ns=self._clock.now_ns(), name=phase))
        self._tick()
