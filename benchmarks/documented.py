"""Every document's scenario with the document's own settings: `python benchmarks/documented.py results/RUN ...`.

Takes the trials of these runs into `reports/documented.json`, the newest of each scenario, and makes the table of
`reports/documented.md` from it. Rows of scenarios that were not run again stay, and so do notes, which people write.
Without a run the table is made again. The runs: `pytest scenarios --redis-backend=kind --redis-profile=documented`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec
import published

from redis_resilience.model import instants
from redis_resilience.model.verdict import Verdict
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.folder import TrialFolder

NAME = "documented"
HEAD = (
    "scenario",
    "D or T",
    "`+sdown`",
    "elected",
    "`+switch-master` first, last",
    "outage",
    "lost",
    "redundancy restored",
    "verdict",
    "note",
)


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One trial, in seconds after its fault; None: it did not happen. setting_s: D, of a Redis Cluster T."""

    scenario: str
    setting_s: float
    sdown_s: float | None = None
    elected_s: float | None = None
    first_switch_s: float | None = None
    last_switch_s: float | None = None
    outage_s: float
    lost: int
    redundant_s: float | None = None
    verdict: Verdict
    note: str = ""

    @property
    def key(self) -> str:
        return self.scenario


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
    switches = [each for each in (row.first_switch_s, row.last_switch_s) if each is not None]
    return (
        f"`{row.scenario}`",
        f"{row.setting_s:g}",
        _s(row.sdown_s),
        _s(row.elected_s),
        ", ".join(map(_s, switches)) or "-",
        _s(row.outage_s),
        str(row.lost),
        _s(row.redundant_s),
        str(row.verdict),
        row.note or "-",
    )


def _s(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}" if value < 0.1 else f"{value:.1f}"


def taken(trial: TrialFolder) -> Row:
    """The row of one judged trial."""
    plan, judgement = trial.plan(), trial.judgement()
    found = topology(plan.topology).profile(plan.profile)

    def seconds(instant: str) -> float | None:
        ms = judgement.timeline.ms(instant)
        return None if ms is None else round(ms / 1e3, 3)

    return Row(
        scenario=plan.scenario,
        setting_s=(found.node_timeout_ms or plan.down_after_ms or found.down_after_ms) / 1e3,
        sdown_s=seconds(instants.SDOWN_AT),
        elected_s=seconds(instants.ELECTED_AT),
        first_switch_s=seconds(instants.FIRST_SWITCH_AT),
        last_switch_s=seconds(instants.LAST_SWITCH_AT),
        outage_s=round(judgement.availability.outage_ms / 1e3, 3),
        lost=judgement.writes.lost,
        redundant_s=seconds(instants.REDUNDANT_AT),
        verdict=judgement.verdict,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN")
    document = read()
    known = {row.key for row in document.rows}
    new = [row for trial in published.judged(parser.parse_args().runs) if (row := taken(trial)).key in known]
    document = msgspec.structs.replace(document, rows=published.renewed(document.rows, new))
    published.write(NAME, document, page(document))


if __name__ == "__main__":
    main()
