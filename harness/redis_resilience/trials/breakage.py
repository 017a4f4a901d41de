"""The faults of a trial that are in effect, each from before its injection until it is undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypedDict

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.waiting import Clock
from redis_resilience.faults.capabilities import CanUpgrade
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.perform import able, heal, inject
from redis_resilience.faults.target import Place, View, places
from redis_resilience.model.errors import (
    DeploymentError,
    ResilienceError,
    TargetAway,
    TargetBack,
    UsageError,
    WaitTimeout,
)
from redis_resilience.model.events import (
    Before,
    EngineRefused,
    FaultAsked,
    FaultBegin,
    FaultEffect,
    FoundAway,
    HealBegin,
    HealEnd,
    HealFailed,
)
from redis_resilience.model.faults import Fault, RollingUpgrade
from redis_resilience.model.traits import Process
from redis_resilience.trials.notes import Notes
from redis_resilience.trials.rolling import engines, in_turn, wait_until_joined
from redis_resilience.trials.survey import survey


class _Facts(TypedDict):
    """What all events of a fault have in common."""

    fault: int
    fault_kind: str
    pod: str
    container: str
    pods: tuple[str, ...]


@dataclass(slots=True)
class _Broken:
    """heal_at_ns: None = in the heal phase. pods: out as a whole, Sentinels too.

    ended: earlier faults whose target went with this one's, so that it comes back with it.
    """

    number: int
    fault: Fault
    place: Place
    heal_at_ns: int | None
    pods: tuple[str, ...]
    ended: list[_Broken] = field(default_factory=list)
    proved: bool = False

    def __str__(self) -> str:
        return f"fault {self.number} ({self.fault})"

    def takes(self, place: Place) -> bool:
        return place == self.place or place.pod in self.pods

    def ends(self, earlier: _Broken) -> bool:
        """Whether nothing of what the earlier one took is left to be brought back by itself."""
        mine, its = self.fault.traits, earlier.fault.traits
        if mine.partitions:
            return its.partitions and self.place.pod == earlier.place.pod
        ending = mine.process in (Process.ENDS, Process.ENDS_GRADUALLY)
        return ending and its.watchers_lose_it and self.takes(earlier.place) and set(self.pods) >= set(earlier.pods)

    @property
    def facts(self) -> _Facts:
        return {
            "fault": self.number,
            "fault_kind": self.fault.kind,
            "pod": self.place.pod,
            "container": self.place.container,
            "pods": self.pods,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A fault took the server that was the current master.

    fault: its number in the plan. heard: how many events the probe had heard before it.
    """

    fault: int
    master: str
    heard: int


class Breakage:
    """Injects with proof, records every effect, and undoes whatever is left."""

    def __init__(self, deployment: Deployment, notes: Notes, clock: Clock) -> None:
        self._deployment, self._notes, self._clock = deployment, notes, clock
        self._broken: list[_Broken] = []
        self.losses: list[Loss] = []

    @property
    def passing(self) -> bool:
        """Whether one of them ends by itself, later."""
        return any(item.heal_at_ns for item in self._broken)

    @property
    def hit(self) -> set[str]:
        """Pods that a fault is for, or that are out with one."""
        return {pod for item in self._broken for pod in (item.place.pod, *item.pods)}

    @property
    def without_sentinel(self) -> set[str]:
        dead = {item.place.pod for item in self._broken if item.place.container == "sentinel"}
        return dead | {pod for item in self._broken for pod in item.pods}

    def undergo(self, fault: Fault) -> None:
        """What the deployment went through before the trial begins: no fault of this trial."""
        for place in self._places(fault):
            broken = _Broken(0, fault, place, None, ())
            self._broken.append(broken)
            for undergone in (inject, heal):
                proof = undergone(fault, self._deployment, place).proof
                self._notes.keep(Before(proof=proof, at_ns=self._notes.now_ns()))
            self._broken.remove(broken)
            if isinstance(fault, RollingUpgrade):
                upgrades = able(self._deployment, CanUpgrade, fault.kind)
                wait_until_joined(self._deployment, upgrades, place.pod, self._clock, lambda: None)

    def inject(self, number: int, fault: Fault, tick: Callable[[], None] = lambda: None) -> None:
        """Also records which masters are lost by it. tick: called while a rolling upgrade goes on."""
        if isinstance(fault, RollingUpgrade):
            self._roll(number, fault, tick)
            return
        view, heard = self._view(), len(self._deployment.probe.events())
        for place in self._targets(number, fault, view):
            broken = self._break(number, fault, place)
            if broken is None:
                continue
            servers = {place.pod, *broken.pods} if place.container == "redis" else set(broken.pods)
            masters = servers.intersection(view.all_masters) if fault.traits.missed else set()
            self.losses += [Loss(fault=number, master=master, heard=heard) for master in sorted(masters)]

    def _view(self) -> View:
        """With the pods that are gone with a fault."""
        view, topology = survey(self._deployment).view, self._deployment.topology
        known = {*view.members, *view.watching}
        gone = [pod for pod in topology.pods if pod.name in self.hit - known]
        return replace(
            view,
            members=(*view.members, *(pod.name for pod in gone if "redis" in pod.containers)),
            watching=(*view.watching, *(pod.name for pod in gone if "redis" not in pod.containers)),
        )

    def _targets(self, number: int, fault: Fault, view: View) -> tuple[Place, ...]:
        try:
            return places(fault.target, view)
        except UsageError as error:
            if not self._broken:
                raise
            lasting = ", ".join(f"{item} holds {item.place}" for item in self._broken)
            raise DeploymentError(
                f"fault {number} ({fault}) could not take effect: {error}; {lasting}; inject it later "
                "(after_s=, at_s=), once another server has taken over, or name the pod"
            ) from error

    def _places(self, fault: Fault) -> tuple[Place, ...]:
        view = self._view()
        found = places(fault.target, view)
        return in_turn(fault, found, view) if isinstance(fault, RollingUpgrade) else found

    def _break(self, number: int, fault: Fault, place: Place) -> _Broken | None:
        """None where an earlier fault has taken the target already."""
        broken = _Broken(number, fault, place, None, (place.pod,) if fault.traits.whole_pod else ())
        self._notes.keep(FaultBegin(at_ns=self._notes.now_ns(), **broken.facts))
        self._broken.append(broken)  # before it is injected: one that fails half-way is undone, too
        try:
            effect = inject(fault, self._deployment, place)
        except TargetAway as away:
            self._found_away(broken, away)
            return None
        broken.pods, broken.proved = effect.pods or broken.pods, True
        if effect.asked_ns:
            begin_ns, end_ns = effect.asked_ns
            self._notes.keep(FaultAsked(at_ns=end_ns, since_ns=begin_ns, **broken.facts))
        if fault.for_s is not None:
            broken.heal_at_ns = effect.end_ns + int(fault.for_s * 1e9)
        self._notes.keep(FaultEffect(at_ns=effect.end_ns, since_ns=effect.begin_ns, proof=effect.proof, **broken.facts))
        for earlier in [item for item in self._broken if item is not broken and broken.ends(item)]:
            self._broken.remove(earlier)
            broken.ended += [earlier, *earlier.ended]
        return broken

    def _found_away(self, broken: _Broken, away: TargetAway) -> None:
        """Raises `away` where no fault of this trial has taken the target."""
        earlier = [item for item in self._broken if item is not broken and item.takes(broken.place)]
        same = [item for item in earlier if item.fault.traits.partitions == broken.fault.traits.partitions]
        if not same:
            raise away
        self._broken.remove(broken)
        proof = f"{same[-1]} had taken it: {away}"
        self._notes.keep(FoundAway(at_ns=self._notes.now_ns(), by=same[-1].number, proof=proof, **broken.facts))

    def _roll(self, number: int, fault: RollingUpgrade, tick: Callable[[], None]) -> None:
        """Each pod is back before the next one goes; it ends at the first whose new engine does not join."""
        upgrades = able(self._deployment, CanUpgrade, fault.kind)
        targets = self._places(fault)
        self._note_engines(upgrades, {place.pod for place in targets})
        for place in targets:
            broken = self._break(number, fault, place)
            if broken is None:
                continue
            try:
                self._heal(broken)
                wait_until_joined(self._deployment, upgrades, place.pod, self._clock, tick)
            except (DeploymentError, WaitTimeout) as error:
                self._put_back(upgrades, broken, upgrades.refusal(place.pod) or str(error))
                break
            finally:
                self._note_engines(upgrades, {place.pod})

    def _put_back(self, upgrades: CanUpgrade, broken: _Broken, reason: str) -> None:
        """The pod gets the engine that it had; those before it keep the new one."""
        program, pod = upgrades.program(broken.place.pod), broken.place.pod
        self._notes.keep(EngineRefused(at_ns=self._notes.now_ns(), program=program, reason=reason, **broken.facts))
        effect = upgrades.restore(pod)
        self._notes.keep(HealEnd(at_ns=effect.end_ns, since_ns=effect.begin_ns, proof=effect.proof, **broken.facts))

    def _note_engines(self, upgrades: CanUpgrade, pods: set[str]) -> None:
        for seen in engines(self._deployment, upgrades, pods, self._notes.now_ns):
            self._notes.keep(seen)

    def heal_due(self) -> None:
        """Undo those whose time is over."""
        now_ns = self._clock.now_ns()
        for broken in [item for item in self._broken if item.heal_at_ns and item.heal_at_ns <= now_ns]:
            self._try_to_heal(broken)

    def heal_all(self) -> None:
        """Undo what is still broken, the newest first; one that cannot be undone does not keep the others broken."""
        for broken in reversed(self._broken.copy()):
            self._try_to_heal(broken)

    def _try_to_heal(self, broken: _Broken) -> None:
        """What was proved of the fault stays proved where it cannot be undone; the next `heal_all` tries again."""
        begin_ns = self._notes.now_ns()
        try:
            self._heal(broken)
        except ResilienceError as error:
            self._broken.append(replace(broken, heal_at_ns=None))
            self._notes.keep_if_possible(
                HealFailed(at_ns=self._notes.now_ns(), since_ns=begin_ns, reason=str(error), **broken.facts)
            )

    def _heal(self, broken: _Broken) -> None:
        """And what ended with it: those are back with it, too."""
        self._broken.remove(broken)
        for each in (broken, *broken.ended):
            self._notes.keep_if_possible(HealBegin(at_ns=self._notes.now_ns(), **each.facts))
        self._undo(broken, "" if broken.proved else "it had no effect")
        for each in broken.ended:
            self._undo(each, f"{broken} had ended it, and its heal brought the target back")

    def _undo(self, broken: _Broken, back: str) -> None:
        """back: why its target may be back already; "" where it must not be."""
        begin_ns = self._notes.now_ns()
        try:
            effect = heal(broken.fault, self._deployment, broken.place)
        except TargetBack as seen:
            if not back:
                raise
            effect = Effect(begin_ns=begin_ns, end_ns=self._notes.now_ns(), proof=f"{back}: {seen}")
        self._notes.keep_if_possible(
            HealEnd(
                at_ns=effect.end_ns,
                since_ns=effect.begin_ns,
                proof=effect.proof,
                unreplaced=effect.unreplaced,
                **broken.facts,
            )
        )
