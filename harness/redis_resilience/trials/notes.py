"""What the harness itself records of a trial, put on the probe's clock and kept at once."""

from __future__ import annotations

import contextlib

from msgspec import structs

from redis_resilience.deployments.probe import Clocks
from redis_resilience.deployments.waiting import Clock
from redis_resilience.model.errors import BrokenTrial
from redis_resilience.model.events import Event, Problem
from redis_resilience.trials.folder import TrialFolder


class Notes:
    """clocks: how the harness's clock and the probe's were related when they were compared last."""

    def __init__(self, folder: TrialFolder, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self.clocks = Clocks()

    def now_ns(self) -> int:
        """The harness's clock, for the events that it keeps."""
        return self._clock.now_ns()

    def problem(self, text: str) -> None:
        """Keep what went wrong, if that is possible."""
        self.keep_if_possible(Problem(at_ns=self.now_ns(), reason=text))

    def keep_if_possible(self, event: Event) -> None:
        """A full disk must not keep the faults from being undone."""
        with contextlib.suppress(BrokenTrial):
            self.keep(event)

    def keep(self, event: Event) -> None:
        """Put an event of the harness's clock on the probe's, whose uncertainty widens what is known."""
        clocks = self.clocks
        self._folder.note(
            structs.replace(
                event,
                at_ns=event.at_ns + clocks.offset_ns + clocks.error_ns,
                since_ns=event.earliest_ns + clocks.offset_ns - clocks.error_ns,
            )
        )
