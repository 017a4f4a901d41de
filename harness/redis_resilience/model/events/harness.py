"""What the harness does and observes while it runs a trial."""

from __future__ import annotations

from redis_resilience.model.events.event import Event


class HarnessEvent(Event, frozen=True, kw_only=True):
    source: str = "harness"


class Phase(HarnessEvent, frozen=True, kw_only=True):
    """The trial enters a phase."""

    name: str


class FaultEvent(HarnessEvent, frozen=True, kw_only=True):
    """Of one fault, at one place that it hits.

    fault: its number in the plan. pods: those that are out as a whole, their Sentinels too.
    """

    fault: int
    fault_kind: str
    pod: str
    container: str
    pods: tuple[str, ...] = ()

    @property
    def servers(self) -> set[str]:
        """The servers that it takes: its target's, and those of all pods that are out with it as a whole."""
        return {self.pod, *self.pods} if self.container == "redis" else set(self.pods)


class FaultBegin(FaultEvent, frozen=True, kw_only=True):
    """It is about to be injected."""


class FaultAsked(FaultEvent, frozen=True, kw_only=True):
    """The cluster accepted the request that breaks it."""


class FaultEffect(FaultEvent, frozen=True, kw_only=True):
    """It took effect. proof: how that was seen."""

    proof: str


class FoundAway(FaultEvent, frozen=True, kw_only=True):
    """It found its target as it would have left it, so that nothing is to be undone.

    by: the fault that had taken it. proof: how that was seen.
    """

    by: int
    proof: str


class HealBegin(FaultEvent, frozen=True, kw_only=True):
    """It is about to be undone."""


class HealEnd(FaultEvent, frozen=True, kw_only=True):
    """It was undone. unreplaced: containers ("redis-0/sentinel") that a pod had and its successor has not."""

    proof: str
    unreplaced: tuple[str, ...] = ()


class HealFailed(FaultEvent, frozen=True, kw_only=True):
    """It was not undone; since_ns is when that was begun. It is tried again when the trial heals, and at its end."""

    reason: str


class EngineSeen(HarnessEvent, frozen=True, kw_only=True):
    """What a server runs, asked by INFO. engine: "Redis 8.0.2". program: the program or the image."""

    server: str
    engine: str
    run_id: str
    program: str


class EngineRefused(FaultEvent, frozen=True, kw_only=True):
    """The new engine did not come up, or did not join; the upgrade ends there. program: its program or image."""

    program: str
    reason: str


class Before(HarnessEvent, frozen=True, kw_only=True):
    """A fault in the deployment's past took effect, or was undone, before the trial."""

    proof: str


class Named(HarnessEvent, frozen=True, kw_only=True):
    """The master that a Sentinel named when it was asked at the end. address: "host:port"."""

    sentinel: str
    address: str


class Ckquorum(HarnessEvent, frozen=True, kw_only=True):
    """What a Sentinel reported of its ability to fail over, before the next fault."""

    sentinel: str
    answer: str


class Dropped(HarnessEvent, frozen=True, kw_only=True):
    """How many keys a server evicted and expired since its start, asked by INFO before each fault and at the end."""

    server: str
    run_id: str
    evicted_keys: int
    expired_keys: int


class Executed(HarnessEvent, frozen=True, kw_only=True):
    """What a server executed since the trial began that neither this harness nor a Sentinel sends.

    Asked by INFO as `Dropped`. commands: "CONFIG SET 2". usual: those of them that its servers had executed before,
    as where an operator administers them. sets: how many SET a master executed, the trial's own included.
    """

    server: str
    run_id: str
    commands: str
    usual: str = ""
    sets: int = 0


class SettingChanged(HarnessEvent, frozen=True, kw_only=True):
    """A directive of a server, or a period of a Sentinel, has another value at the end than at the beginning."""

    server: str
    setting: str
    before: str
    now: str


class Swept(HarnessEvent, frozen=True, kw_only=True):
    """Keys of this trial that were deleted, and others that are left under its prefix."""

    deleted: int
    left: int


class TimedOut(HarnessEvent, frozen=True, kw_only=True, tag="wait-timeout"):
    """What was expected did not come in time."""

    reason: str


class Problem(HarnessEvent, frozen=True, kw_only=True):
    """The harness itself failed: the verdict is `unknown`."""

    reason: str
