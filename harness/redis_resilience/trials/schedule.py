"""Which fault of a plan comes next, and when."""

from __future__ import annotations

from redis_resilience.model.plan import Scheduled, Since


class Schedule:
    """Faults one after another or at the same time; those due at the same instant follow in the plan's order.

    A fault is injected once the injection before it has returned: one that is due while another is still being proved
    follows at once.
    """

    def __init__(self, planned: tuple[Scheduled, ...], *, start_ns: int) -> None:
        self._planned = planned
        self._start_ns = start_ns
        self._waiting = set(range(len(planned)))
        self._effect_ns: dict[int, int] = {}

    def upcoming(self) -> tuple[int, int] | None:
        """The number of the next fault in the plan, and its instant; None once all took effect."""
        due = [(at_ns, number) for number in self._waiting if (at_ns := self._at_ns(number)) is not None]
        if not due:
            return None
        at_ns, number = min(due)
        return number, at_ns

    def took_effect(self, number: int, at_ns: int) -> None:
        self._waiting.remove(number)
        self._effect_ns[number] = at_ns

    def _at_ns(self, number: int) -> int | None:
        """None while the fault that it counts from has not taken effect."""
        planned = self._planned[number]
        since_ns = self._effect_ns.get(number - 1) if number and planned.since is Since.PREVIOUS else self._start_ns
        return None if since_ns is None else since_ns + round(planned.after_s * 1e9)
