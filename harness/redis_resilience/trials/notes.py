"""What the harness itself tells of a trial, put on the probe's clock and kept at once."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace

from redis_resilience.deployments.probe import Clocks
from redis_resilience.deployments.waiting import Clock
from redis_resilience.faults.effect import Effect
from redis_resilience.model.errors import BrokenTrial
from redis_resilience.model.events import Event, Scalar
from redis_resilience.trials.folder import TrialFolder

Facts = Mapping[str, Scalar]


class Notes:
    """clocks: how the harness's clock and the probe's were related when they were compared last."""

    def __init__(self, folder: TrialFolder, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self.clocks = Clocks()

    def note(self, kind: str, *, text: str = "", effect: Effect | None = None, data: Facts | None = None) -> None:
        """Keep an event of the harness: of now, or of the time that an effect took."""
        now_ns = self._clock.now_ns()
        begin_ns, end_ns = (effect.begin_ns, effect.end_ns) if effect else (now_ns, now_ns)
        self.keep(Event(at_ns=end_ns, since_ns=begin_ns, source="harness", kind=kind, text=text, data=dict(data or {})))

    def problem(self, text: str) -> None:
        """Keep what went wrong; a disk that is full must not keep the faults from being undone."""
        with contextlib.suppress(BrokenTrial):
            self.note("problem", text=text)

    def keep(self, event: Event) -> None:
        """Put an event of the harness's clock on the probe's, whose uncertainty widens what is known."""
        clocks = self.clocks
        self._folder.note(
            replace(
                event,
                at_ns=event.at_ns + clocks.offset_ns + clocks.error_ns,
                since_ns=event.earliest_ns + clocks.offset_ns - clocks.error_ns,
            )
        )
