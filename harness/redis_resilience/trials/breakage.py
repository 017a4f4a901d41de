"""The faults of a trial that are in effect, each from before its injection until it is undone."""

from __future__ import annotations

from dataclasses import dataclass

from redis_resilience.deployments.port import Deployment
from redis_resilience.deployments.waiting import Clock
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.fault import Fault
from redis_resilience.faults.target import Place, places
from redis_resilience.model.errors import ResilienceError
from redis_resilience.trials.notes import Facts, Notes
from redis_resilience.trials.survey import survey


@dataclass(slots=True)
class _Broken:
    """heal_at_ns: None = in the heal phase. pods: out as a whole, Sentinels too."""

    number: int
    fault: Fault
    place: Place
    heal_at_ns: int | None
    pods: tuple[str, ...]

    @property
    def facts(self) -> Facts:
        return {
            "fault": self.number,
            "kind": self.fault.kind,
            "pod": self.place.pod,
            "container": self.place.container,
            "pods": ",".join(self.pods),
        }


class Breakage:
    """Injects with proof, notes every effect, and undoes whatever is left."""

    def __init__(self, deployment: Deployment, notes: Notes, clock: Clock) -> None:
        self._deployment, self._notes, self._clock = deployment, notes, clock
        self._broken: list[_Broken] = []

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
        """What the deployment has behind it when the trial begins: no fault of this trial."""
        for place in places(fault.target, survey(self._deployment).view):
            broken = _Broken(0, fault, place, None, ())
            self._broken.append(broken)
            self._notes.note("before", text=fault.inject(self._deployment, place).proof)
            self._notes.note("before", text=fault.heal(self._deployment, place).proof)
            self._broken.remove(broken)

    def inject(self, number: int, fault: Fault) -> None:
        for place in places(fault.target, survey(self._deployment).view):
            broken = _Broken(number, fault, place, None, (place.pod,) if fault.silences_sentinel else ())
            self._notes.note("fault-begin", text=f"{fault.kind} {place}", data=broken.facts)
            self._broken.append(broken)  # before it is injected: one that fails half-way is undone, too
            effect = fault.inject(self._deployment, place)
            broken.pods = effect.pods or broken.pods
            if effect.asked_ns:
                begin_ns, end_ns = effect.asked_ns
                accepted = Effect(begin_ns=begin_ns, end_ns=end_ns, proof="")
                self._notes.note("fault-asked", text="accepted by the cluster", effect=accepted, data=broken.facts)
            if fault.lasts_s is not None:
                broken.heal_at_ns = effect.end_ns + int(fault.lasts_s * 1e9)
            self._notes.note("fault-effect", text=effect.proof, effect=effect, data=broken.facts)

    def heal_due(self) -> None:
        """Undo those that have lasted as long as they were to."""
        now_ns = self._clock.now_ns()
        for broken in [item for item in self._broken if item.heal_at_ns and item.heal_at_ns <= now_ns]:
            self._heal(broken)

    def heal_all(self) -> None:
        """Undo what is still broken, the newest first; one that cannot be undone does not keep the others broken."""
        for broken in reversed(self._broken.copy()):
            try:
                self._heal(broken)
            except ResilienceError as error:
                self._notes.problem(f"{broken.fault.kind} of {broken.place} could not be undone: {error}")

    def _heal(self, broken: _Broken) -> None:
        self._broken.remove(broken)
        facts = broken.facts
        self._notes.note("heal-begin", text=f"{broken.fault.kind} {broken.place}", data=facts)
        effect = broken.fault.heal(self._deployment, broken.place)
        if effect.unreplaced:
            facts = {**facts, "unreplaced": ",".join(effect.unreplaced)}
        self._notes.note("heal-end", text=effect.proof, effect=effect, data=facts)
