"""Runs the trials of a campaign that are not judged yet, some side by side, each in a process of its own."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.campaigns.schedule import Unit
from redis_resilience.campaigns.store import EndedTest, Store
from redis_resilience.campaigns.worker import Outcome, Work
from redis_resilience.model.errors import BrokenTrial
from redis_resilience.results.ran import Ran
from redis_resilience.trials.documents import decode_json, encode_json
from redis_resilience.trials.folder import write_whole

_STOP_S = 60.0
"""A worker that has to stop has so long to take its deployment away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A unit that was tried. ran: None where there is no judged trial; `problem` then says why."""

    unit: Unit
    ran: Ran | None
    problem: str = ""


class Runner:
    """nodes: what pytest is given, by scenario. common: options of every trial. repeat: the command that repeats one.

    until: of `time.monotonic`; a trial that would probably end later is not begun. None: no deadline.
    """

    def __init__(
        self,
        store: Store,
        *,
        nodes: Mapping[str, str],
        common: Mapping[str, str],
        repeat: Callable[[Unit], str],
        parallel: int = 1,
        until: float | None = None,
    ) -> None:
        self._store, self._nodes, self._common, self._repeat = store, nodes, common, repeat
        self._parallel, self._until = parallel, until
        self._children: set[subprocess.Popen[bytes]] = set()
        self._stopping = False
        self._seconds: list[float] = []

    def run(self, units: Sequence[Unit], tell: Callable[[Done], None]) -> tuple[Unit, ...]:
        """Try each unit once, in this order; returns those that did not fit before the deadline.

        tell: called for each that ended, from this thread. On KeyboardInterrupt workers stop, what they judged before
        is kept and passed to `tell`, and the interrupt goes on.
        """
        waiting, running = deque(units), dict[Future[Done], Unit]()
        with ThreadPoolExecutor(self._parallel) as pool:
            try:
                while running or (waiting and self._fits()):
                    while waiting and len(running) < self._parallel and self._fits():
                        unit = waiting.popleft()
                        running[pool.submit(self._one, unit)] = unit
                    ended, _ = wait(running, return_when=FIRST_COMPLETED)
                    for each in ended:
                        del running[each]
                        tell(each.result())
            except BaseException:
                self._stop()
                for each in wait(running).done:
                    done = each.result()
                    if done.ran:
                        tell(done)
                raise
        return tuple(waiting)

    def _fits(self) -> bool:
        """By the median of the trials so far, whether another one ends before the deadline."""
        expected = statistics.median(self._seconds) if self._seconds else 0.0
        return self._until is None or time.monotonic() + expected < self._until

    def _one(self, unit: Unit) -> Done:
        began = time.monotonic()
        attempt = self._store.attempt(unit)
        outcome = self._worked(unit, attempt)
        self._seconds.append(time.monotonic() - began)
        if not outcome.folder:
            return Done(unit=unit, ran=None, problem=outcome.problem)
        ended = EndedTest(test=outcome.test, ended=outcome.ended, variant=unit.cell.variant)
        return Done(unit=unit, ran=self._store.keep(unit, Path(outcome.folder), ended))

    def _worked(self, unit: Unit, attempt: Path) -> Outcome:
        work, file, log = attempt / "work.json", attempt / "outcome.json", attempt / "worker.log"
        options = {**self._common, **unit.cell.options}
        options |= {"redis_trials": "1", "redis_seed": str(unit.seed), "redis_results": str(attempt / "trial")}
        write_whole(
            work,
            encode_json(
                Work(
                    node=self._nodes[unit.cell.scenario],
                    options=options,
                    repeat=self._repeat(unit),
                    outcome=str(file),
                )
            ),
        )
        if self._stopping:
            return Outcome(problem="interrupted")
        with log.open("wb") as stream:
            command = [sys.executable, "-m", "redis_resilience.campaigns.worker", str(work)]
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=stream, stderr=stream, start_new_session=True
            )
            self._children.add(child)
            code = child.wait()
            self._children.discard(child)
        try:
            return decode_json(file.read_bytes(), Outcome)
        except (OSError, BrokenTrial):
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            return Outcome(problem=f"its process ended with code {code} and no outcome: {' '.join(last)}")

    def _stop(self) -> None:
        self._stopping = True
        for child in list(self._children):
            if child.stdin:
                with suppress(OSError):
                    child.stdin.close()
        for child in list(self._children):
            try:
                child.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
