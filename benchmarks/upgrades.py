"""Upgrades and ways back, pair by pair: `python benchmarks/upgrades.py --measure`, then `reports/upgrades.md` is new.

Runs PAIRS on kind, one trial each, and puts them into `reports/upgrades.json`: the newest of each pair, topology and
backend. The table of the page is made from it. Options of `redis-resilience run` that follow are passed on. With
runs in place of `--measure` it takes their trials; with neither, only the table is made again. Rows that were not
measured again stay, and so do notes, which people write. A trial that is `unknown` is no row.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import published

from redis_resilience.command.exits import Exit
from redis_resilience.model import instants
from redis_resilience.model.events import EngineRefused, EngineSeen, FaultBegin, HealEnd
from redis_resilience.model.verdict import Verdict
from redis_resilience.trials.folder import TrialFolder

NAME = "upgrades"
PAIRS = (
    ("upgrade", "redis:7.0", "redis:8.0"),
    ("downgrade", "redis:7.0", "redis:8.0"),
    ("upgrade", "redis:7.0", "valkey/valkey:8.1"),
    ("downgrade", "redis:7.0", "valkey/valkey:8.1"),
    ("upgrade", "redis:8.0", "valkey/valkey:8.1"),
)
"""Scenario, the image that is deployed, and the other one. `downgrade` goes to the other one before it measures."""
HEAD = (
    "scenario",
    "from",
    "to",
    "verdict",
    "pods replaced",
    "took",
    "failovers",
    "first switch",
    "outage",
    "lost of acknowledged",
    "what to do",
    "backend, topology",
)


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One trial; times in seconds. to: the engine, or the image that was refused. refused: why; "" where it was not."""

    backend: str
    topology: str
    scenario: str
    before: str
    to: str
    replaced: int
    took_s: float
    failovers: int
    first_switch_s: float | None = None
    outage_s: float
    lost: int
    acknowledged: int
    verdict: Verdict
    refused: str = ""
    note: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        return self.backend, self.topology, self.scenario, self.before, self.to


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rows in the order of the page."""

    made_by: str
    rows: tuple[Row, ...]
    schema: int = 1


def read() -> Document:
    return published.read(NAME, Document)


def page(document: Document) -> str:
    """What stands between the page's marks."""
    return published.table(HEAD, map(_cells, document.rows))


def _cells(row: Row) -> tuple[str, ...]:
    return (
        f"`{row.scenario}`",
        row.before,
        row.to,
        f"{row.verdict}: {row.refused}" if row.refused else str(row.verdict),
        str(row.replaced),
        f"{row.took_s:.0f}",
        str(row.failovers),
        "-" if row.first_switch_s is None else f"{row.first_switch_s:.1f}",
        f"{row.outage_s:.2f}",
        f"{row.lost} of {row.acknowledged}",
        row.note or "-",
        f"{row.backend}, `{row.topology}`",
    )


def taken(trial: TrialFolder) -> Row:
    """The row of one judged trial."""
    plan, judgement, events = trial.plan(), trial.judgement(), trial.history().events
    seen = [event for event in events if isinstance(event, EngineSeen)]
    refused = next((event for event in events if isinstance(event, EngineRefused)), None)
    begin_ns = min(event.at_ns for event in events if isinstance(event, FaultBegin))
    ended = [event for event in events if isinstance(event, HealEnd)]
    first_ms = judgement.timeline.ms(instants.FIRST_SWITCH_AT)
    return Row(
        backend=plan.backend,
        topology=plan.topology,
        scenario=plan.scenario,
        before=seen[0].engine,
        to=refused.program if refused else seen[-1].engine,
        replaced=len({event.pod for event in ended} - {refused.pod if refused else ""}),
        took_s=round((max(event.at_ns for event in ended) - begin_ns) / 1e9, 1),
        failovers=max(Counter(switch.sentinel for switch in judgement.timeline.switches).values(), default=0),
        first_switch_s=None if first_ms is None else round(first_ms / 1e3, 3),
        outage_s=round(judgement.availability.outage_ms / 1e3, 3),
        lost=judgement.writes.lost,
        acknowledged=judgement.writes.acknowledged,
        verdict=judgement.verdict,
        refused=refused.reason if refused else "",
    )


def with_trials(document: Document, trials: Iterable[TrialFolder]) -> Document:
    """Those of them that upgrade servers and are not `unknown`, each in place of the row of its pair."""
    new = (taken(trial) for trial in trials if _is_a_row(trial))
    return msgspec.structs.replace(document, rows=published.renewed(document.rows, new))


def _is_a_row(trial: TrialFolder) -> bool:
    if not any(fault.traits.planned for fault in trial.plan().all_faults):
        return False
    known = trial.judgement().verdict is not Verdict.UNKNOWN
    if not known:
        print(f"not taken, as its verdict is unknown: {trial.path}", file=sys.stderr)
    return known


def measured(options: Sequence[str]) -> list[Path]:
    """The folders of the runs, one for each pair. Raises CalledProcessError where a run gives no verdict."""
    folders = []
    for scenario, image, to in PAIRS:
        chosen = ("--backend", "kind", "--image", image, "--upgrade-to", to, *options)
        done = subprocess.run([sys.executable, "-m", "redis_resilience.cli", "run", scenario, *chosen], check=False)
        if done.returncode not in (Exit.PASS, Exit.FAIL, Exit.UNKNOWN):  # a refusal is a failed verdict
            done.check_returncode()
        folders.append(Path("results/latest").resolve())
    return folders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN")
    parser.add_argument("--measure", action="store_true", help="run PAIRS on kind; further options go to each run")
    asked, options = parser.parse_known_args()
    if options and not asked.measure:
        parser.error(f"expected runs or --measure; got {' '.join(options)}")
    runs = measured(options) if asked.measure else asked.runs
    document = with_trials(read(), published.judged(runs))
    published.write(NAME, document, page(document))


if __name__ == "__main__":
    main()
