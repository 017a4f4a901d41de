"""How long a trial observes what its faults lead to, and when it has seen all of that.

Every loss of the current master counts: the last one is observed until every Sentinel or node that is alive has
announced another master, or until the prediction's deadline passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.model.endpoint import pod_at
from redis_resilience.model.environment import Environment, Prediction
from redis_resilience.model.events import Event, Owner, SentinelMessage
from redis_resilience.model.periods import ABORTED, ATTEMPTS_OBSERVED
from redis_resilience.model.plan import Plan
from redis_resilience.model.sentinel_log import master_of
from redis_resilience.trials.breakage import Breakage, Loss
from redis_resilience.trials.cluster_survey import all_announced

_MARGIN_S = 5.0
_QUIET_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one trial waits for once its faults took effect."""

    plan: Plan
    environment: Environment
    deployment: Deployment
    breakage: Breakage

    @property
    def awaited(self) -> bool:
        """Whether a new master is waited for: by scenario or prediction after the first loss, always after another.

        Not after a rolling upgrade: that waits by itself until every Sentinel agrees.
        """
        if all(each.fault.traits.planned for each in self.plan.faults):
            return False
        if self.plan.expect.failover is not None:
            return self.plan.expect.failover
        return bool(self._prediction.failover) or self._later

    def deadline_s(self) -> float:
        """After the last fault. It grows once Sentinels report a failed attempt."""
        if self.plan.windows.observe_s:
            return self.plan.windows.observe_s
        profile, prediction = self.deployment.profile, self._prediction
        quiet_s = max((view.down_after_ms for view in self.environment.sentinels), default=0) / 1e3 + _QUIET_S
        if self.environment.shards:
            quiet_s += 2 * profile.dead_after_ms / 1e3
        if not self.awaited:
            return quiet_s
        bounds = (*prediction.bounds, *prediction.planned_failover)
        allowed_s = max((bound.upper_ms for bound in bounds), default=quiet_s * 1e3) / 1e3
        attempts = ATTEMPTS_OBSERVED if self._in_vain() else 1
        return allowed_s + attempts * prediction.retry_ms / 1e3 + _MARGIN_S

    def complete(self) -> bool:
        """Every Sentinel or node that is alive names a master other than the lost one, and so do the clients."""
        if self.breakage.passing or not self.breakage.losses:
            return False
        loss, probe = self.breakage.losses[-1], self.deployment.probe
        events = probe.events(loss.heard)
        if not self.environment.shards:
            alive = set(self.deployment.sentinels()) - self.breakage.without_sentinel
            return alive <= self._moved(events, loss) and probe.status().master not in ("", loss.master)
        alive = set(self.deployment.servers()) - self.breakage.hit
        if self._later:
            return alive <= {
                event.teller for event in events if isinstance(event, Owner) and event.before == loss.master
            }
        return all_announced(probe.events(), self.environment.shards, alive)

    @property
    def _prediction(self) -> Prediction:
        shards = (shard.prediction for shard in self.environment.shards if shard.prediction.failover)
        return next(shards, self.environment.prediction)

    @property
    def _later(self) -> bool:
        """Whether the last loss is of a server that became master in this trial, or is not the first."""
        masters = {self.environment.master, *(shard.master for shard in self.environment.shards)}
        losses = self.breakage.losses
        return bool(losses) and (losses[-1].master not in masters or losses[-1].fault != losses[0].fault)

    def _moved(self, events: Iterable[Event], loss: Loss) -> set[str]:
        """The Sentinels that announced a master other than the lost one since."""
        servers = self.deployment.servers()
        moved: set[str] = set()
        for event in events:
            match event:
                case SentinelMessage(name="+switch-master", text=text) if len(words := text.split()) == 5:
                    ours = words[0] == self.deployment.topology.master_name
                    if ours and pod_at(words[3], int(words[4]), servers) != loss.master:
                        moved.add(event.teller)
                case _:
                    pass
        return moved

    def _is_ours(self, event: Event) -> bool:
        """Its Sentinels may monitor other masters, too."""
        text = event.text if isinstance(event, SentinelMessage) else ""
        return master_of(event.label, text) in ("", self.deployment.topology.master_name)

    def _in_vain(self) -> bool:
        return any(
            event.label in ABORTED and self._is_ours(event)
            for loss in self.breakage.losses[-1:]
            for event in self.deployment.probe.events(loss.heard)
        )
