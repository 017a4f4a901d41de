"""What `campaign` and `compare` share: checks before the first trial, a line for each trial, interrupts, the pages."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from redis_resilience.campaigns.running import Done, Runner
from redis_resilience.campaigns.schedule import ALL, Cell, Share, Unit, interleaved
from redis_resilience.campaigns.store import Definition, Store
from redis_resilience.command.chosen import settings_from
from redis_resilience.command.everywhere import Detail, Session
from redis_resilience.command.exits import Exit
from redis_resilience.command.previewing import must_be_possible
from redis_resilience.command.scenarios import must_run_on, scenario
from redis_resilience.command.twins import in_commands_words, words_of
from redis_resilience.deployments.kube.objects.brought import ANY_NAMESPACE
from redis_resilience.deployments.local.engine import find_engine
from redis_resilience.deployments.locked import Locked
from redis_resilience.model import instants
from redis_resilience.model.errors import UsageError
from redis_resilience.model.tried import Tried
from redis_resilience.options import OPTIONS, choose
from redis_resilience.plugin.naming import SEEDS, program
from redis_resilience.results.publishing import Published, publish, tried
from redis_resilience.results.ran import Ran
from redis_resilience.statistics.budgets import Budget
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.discovered import brought_of
from redis_resilience.trials.folder import must_take_results

_OF_THE_RUN = ("redis_results", "redis_require", "redis_seed", "redis_trials")
"""Options that are none of a single trial, and its seed, which is its own."""
_LOCK = ".lock"
"""In the results: whoever begins a campaign or makes pages there."""
_OVERHEAD_S = {"local": 8.0, "memory": 8.0}
"""Of a trial in a process of its own, profile `rapid` on processes: 9 s measured, 2 of them for its failover."""
_IN_A_CLUSTER_S = 30.0
"""The same beside a Redis that runs there: 24 to 48 s measured."""
COLOURS = {"pass": "green", "unknown": "yellow", "fail": "red"}


class Campaigning:
    """A campaign from its folder to its pages. Raises UsageError or Unavailable before the first trial.

    share: what is run from here, `mine`; other processes may run the other shares in the same folder at the same time.
    ran: the judged trials in the order of the schedule. problems: what could not be judged, by trial.
    """

    def __init__(
        self,
        folder: Path,
        definition: Definition,
        session: Session,
        *,
        parallel: int = 1,
        deadline_s: float | None = None,
        share: Share = ALL,
    ) -> None:
        self.units = interleaved(definition.cells, definition.trials, seed=definition.seed)
        self.mine = taken(share, self.units)
        self.session = session
        self.session.stop.announce = True
        self._progress = Console(file=sys.stderr, quiet=session.detail is Detail.QUIET)
        self.problems: dict[str, str] = {}
        self._definition = definition
        self.store = Store(folder)
        nodes = checked(definition)
        must_take_results(folder.parent)
        self._alone = Locked(folder.parent / _LOCK)
        with self._alone:
            self.store.begin(definition, self.mine)
        self._read()
        self._runner = Runner(
            self.store,
            nodes=nodes,
            common=definition.common,
            repeat=self._repeat,
            parallel=parallel,
            until=time.monotonic() + deadline_s if deadline_s is not None else None,
        )

    @property
    def judged(self) -> int:
        """How many of its own trials are."""
        return len(self.ran_of(self.mine))

    @property
    def ran(self) -> tuple[Ran, ...]:
        return self.ran_of(self.units)

    @property
    def complete(self) -> bool:
        """Whether all trials are judged, those of other shares, too."""
        return len(self._ran) == len(self.units)

    def ran_in(self, cell: Cell) -> tuple[Ran, ...]:
        """The judged trials of a cell."""
        return self.ran_of(self._of(cell))

    def ran_of(self, units: Iterable[Unit]) -> tuple[Ran, ...]:
        """Those of the units that are judged."""
        return tuple(self._ran[unit.folder] for unit in units if unit.folder in self._ran)

    def not_judged(self, cell: Cell) -> int:
        """How many trials of a cell ended without a verdict."""
        return sum(unit.folder in self.problems for unit in self._of(cell))

    def run(self, units: Sequence[Unit]) -> tuple[Unit, ...]:
        """Those of the units that are not judged yet, each once; returns those that did not fit before the deadline.

        On KeyboardInterrupt workers stop, what was judged is kept, and the interrupt goes on.
        """
        return self._runner.run([unit for unit in units if unit.folder not in self._ran], self._tell)

    def publish(self, budgets: Sequence[Budget] = ()) -> Published:
        """Pages, `run.json` and summary of all judged trials; prints the table and problems. Needs one or more.

        One process at a time, which reads anew what is judged: the last one publishes all.
        From here on a signal does not interrupt.
        """
        self.session.stop.ending()
        table = Console(file=sys.stdout)
        with self._alone:
            self._read()
            where = self.store.folder
            published = publish(self.ran, where, width=table.width, colour=table.is_terminal, budgets=budgets)
        sys.stdout.write(f"{published.table}\n")
        if published.problem:
            sys.stderr.write(f"{published.problem}\n")
        return published

    def stopped(self, resumed: str) -> Exit:
        """The exit code after a signal. resumed: what goes on with the rest, in words."""
        received = self.session.stop.received
        name = received.name if received else "Ctrl-C"
        sys.stderr.write(f"stopped by {name}: {self.judged} of {len(self.mine)} trials are judged; {resumed}\n")
        return Exit(self.session.stop.exit_code or Exit.INTERRUPTED)

    def say(self, text: str) -> None:
        """Progress, on stderr."""
        self._progress.print(text, markup=False, highlight=False, soft_wrap=True)

    def _read(self) -> None:
        self._ran = {unit.folder: ran for unit, ran in self.store.judged(self.units)}

    def _of(self, cell: Cell) -> Iterator[Unit]:
        return (unit for unit in self.units if unit.cell.name == cell.name)

    def _tell(self, done: Done) -> None:
        if done.ran is None:
            self.problems[done.unit.folder] = done.problem
            sys.stderr.write(in_commands_words(f"{done.unit.folder}: no trial was judged: {done.problem}\n"))
            return
        self._ran[done.unit.folder] = done.ran
        self.problems.pop(done.unit.folder, None)
        self._progress.print(
            _line(f"{self.judged}/{len(self.mine)}", done.unit.folder, tried(done.ran)), soft_wrap=True
        )

    def _repeat(self, unit: Unit) -> str:
        chosen = {**self._definition.common, **unit.cell.options}
        words = [program("redis-resilience"), "run", unit.cell.scenario]
        for option in OPTIONS:
            found = choose(option, chosen.get(option.name), "")
            if found.source != "default" and option.name not in _OF_THE_RUN:
                words += words_of(option, found.text)
        return shlex.join(words)


def taken(share: Share, units: Sequence[Unit]) -> tuple[Unit, ...]:
    """Raises UsageError where there are more shares than trials."""
    if share.of > len(units):
        raise UsageError(f"--share: expected no more shares than the campaign's {len(units)} trials; got {share}")
    return share.taken(units)


def left_out(units: Sequence[Unit]) -> Iterator[str]:
    """What did not fit before the deadline, one line a cell."""
    for name in dict.fromkeys(unit.cell.name for unit in units):
        numbers = [unit.number for unit in units if unit.cell.name == name]
        yield f"not run before the deadline: {len(numbers)} of {name} (from trial {min(numbers)} on)"


def checked(definition: Definition) -> dict[str, str]:
    """The scenarios' tests by name, where all cells make sense here. Raises UsageError or Unavailable."""
    nodes = {}
    for cell in definition.cells:
        wanted, chosen = scenario(cell.scenario), {**definition.common, **cell.options}
        must_run_on(wanted, chosen.get("redis_topology", ""))
        nodes[cell.scenario] = wanted.node
        settings = settings_from(chosen)
        topology(settings.topology).profile(settings.profile)
        if settings.backend == "local":
            find_engine(settings.server or None)
        if settings.backend == "kind" and not settings.kind_cluster:
            raise UsageError(
                "expected --kind-cluster NAME with backend kind: each trial is a process of its own, and would create "
                "a cluster of its own; create one: kind create cluster --name NAME"
            )
        if brought := brought_of(settings):
            brought.render(settings.namespace or ANY_NAMESPACE)
        if settings.backend in ("kind", "context"):
            must_be_possible(settings, 1)
    return nodes


def _line(count: str, name: str, trial: Tried) -> Text:
    judgement = trial.judgement
    first = judgement.timeline.ms(instants.FIRST_SWITCH_AT)
    line = Text(f"trial {count} {name} ")
    line.append(judgement.verdict, style=COLOURS[judgement.verdict])
    line.append(f"  outage {judgement.availability.outage_ms:.0f} ms")
    line.append(f"  first switch {first:.0f} ms" if first is not None else "  no failover")
    line.append(f"  lost {judgement.writes.lost}")
    return line


def folder_of(results: Path, name: str) -> Path:
    """Raises UsageError for a name that is no folder's."""
    if not name or os.sep in name or name in (".", "..", "latest"):
        raise UsageError(f"expected a name for a folder in {results}; got {name!r}")
    return results / name


def kept_seed(folder: Path) -> int:
    """Of the campaign that was begun there, else a new one. Raises BrokenRun where what was begun cannot be read."""
    known = Store(folder).known()
    return known.seed if known else int.from_bytes(os.urandom(4)) % SEEDS


def seconds_of(text: str) -> float | None:
    """Of a deadline: "90s", "30m", "2h"; None of "". Raises UsageError."""
    if not text:
        return None
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:])
    number = text[:-1]
    if unit is None or not number.replace(".", "", 1).isdecimal():
        raise UsageError(f"--deadline: expected a time as in 90s, 30m or 2h; got {text!r}")
    return float(number) * unit


def expected_text(definition: Definition, trials: int, *, parallel: int) -> str:
    """How long so many trials take, roughly: by down-after-milliseconds, which a failover waits for, and by what was
    measured beside it: a process and a deployment for each trial.
    """
    seconds = []
    for cell in definition.cells:
        settings = settings_from({**definition.common, **cell.options})
        profile = topology(scenario(cell.scenario).topology or settings.topology).profile(settings.profile)
        down_after_ms = settings.down_after or profile.dead_after_ms
        seconds.append(_OVERHEAD_S.get(settings.backend, _IN_A_CLUSTER_S) + 2 * down_after_ms / 1e3)
    total = trials * sum(seconds) / len(seconds) / parallel
    return f"about {total / 60:.0f} min" if total >= 90 else f"about {total:.0f} s"


def chosen_for_all(chosen: Mapping[str, str]) -> dict[str, str]:
    """Options of every trial; what is missing fails its trial instead of skipping it."""
    return {**{name: text for name, text in chosen.items() if text}, "redis_require": "yes"}
