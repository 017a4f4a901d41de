"""Public charts, as their owners ship them: what the harness finds in them and what a fault does to each.

A run of `redis-resilience run SCENARIO --chart PATH` (or with `--attach`) is taken by

    python benchmarks/charts.py --chart "redis-ha 4.39.0" --shape "a Service for each pod" RUN...

Its trials go into `reports/charts.json`, each in place of the one of its chart, shape and scenario, and the table of
`reports/charts.md` is made from that; with nothing, only the table. Notes are a person's, and stay. A trial that is
`unknown` is a row, too: the note says why.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec
import published

from redis_resilience.model import instants
from redis_resilience.model.verdict import Judgement, Switch, Verdict
from redis_resilience.trials.folder import TrialFolder

NAME = "charts"
_LINE = re.compile(r"^\d+:X (?P<at>\d+ \w+ \d+ [\d:.]+) . (?P<text>.*)$", re.MULTILINE)
_SAVED = "Sentinel new configuration saved on disk"
HEAD = (
    "chart",
    "shape",
    "scenario",
    "verdict",
    "engine",
    "first switch",
    "outage",
    "by the way in",
    "lost of acknowledged",
    "heard to logged",
    "to saved",
    "why",
)


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One trial; times in seconds after the fault. heard_to_logged_ms: of all announcements the largest difference.

    heard_to_saved_ms: the same from the moment at which the Sentinel had saved its configuration, as its log tells. It
    logs an announcement, saves, and only then sends it.
    outage_s: of all clients together. way_in_outage_s: of those that go through a Service or a proxy; None without any.
    """

    chart: str
    shape: str
    scenario: str
    verdict: Verdict
    failed: tuple[str, ...]
    engine: str
    first_switch_s: float | None
    outage_s: float
    way_in_outage_s: float | None = None
    lost: int
    acknowledged: int
    switches: int
    heard_to_logged_ms: float | None
    heard_to_saved_ms: float | None = None
    note: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        return self.chart, self.shape, self.scenario


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
        row.chart,
        row.shape,
        f"`{row.scenario}`",
        str(row.verdict),
        row.engine,
        "-" if row.first_switch_s is None else f"{row.first_switch_s:.2f}",
        f"{row.outage_s:.2f}",
        "-" if row.way_in_outage_s is None else f"{row.way_in_outage_s:.2f}",
        f"{row.lost} of {row.acknowledged}",
        "-" if row.heard_to_logged_ms is None else f"{row.heard_to_logged_ms:.0f} ms of {row.switches}",
        "-" if row.heard_to_saved_ms is None else f"{row.heard_to_saved_ms:.0f} ms",
        "; ".join(filter(None, (", ".join(f"`{name}`" for name in row.failed), row.note))) or "-",
    )


def taken(trial: TrialFolder, *, chart: str, shape: str) -> Row:
    """The row of one judged trial."""
    judgement, seen = trial.judgement(), trial.history().environment.fingerprint
    first_ms = judgement.timeline.ms(instants.FIRST_SWITCH_AT)
    apart = list(_apart(judgement))
    unsaved = [abs(ms - saving_ms(_log(trial, switch.sentinel), switch.address)) for switch, ms in apart]
    return Row(
        chart=chart,
        shape=shape,
        scenario=trial.plan().scenario,
        verdict=judgement.verdict,
        failed=tuple(each.name for each in judgement.findings if each.verdict is Verdict.FAIL),
        engine=" ".join((str(seen.get("engine", "")).title(), str(seen.get("engine_version", "")))).strip(),
        first_switch_s=None if first_ms is None else round(first_ms / 1e3, 3),
        outage_s=round(judgement.availability.outage_ms / 1e3, 3),
        way_in_outage_s=way_in_outage_s(judgement),
        lost=judgement.writes.lost,
        acknowledged=judgement.writes.acknowledged,
        switches=len(apart),
        heard_to_logged_ms=round(max(ms for _, ms in apart), 1) if apart else None,
        heard_to_saved_ms=round(max(unsaved), 1) if unsaved else None,
    )


def way_in_outage_s(judgement: Judgement) -> float | None:
    """Of the one group of clients that does not follow the Sentinels."""
    figures = judgement.figures.get("entrances", {})
    return next((round(ms / 1e3, 3) for ms in figures.values() if isinstance(ms, float)), None)


def _apart(judgement: Judgement) -> Iterable[tuple[Switch, float]]:
    """How long after the timestamp in the Sentinel's own log the probe heard each announcement, in ms."""
    for switch in judgement.timeline.switches:
        if switch.logged is not None:
            yield switch, abs(switch.heard.latest_ns - switch.logged.latest_ns) / 1e6


def _log(trial: TrialFolder, sentinel: str) -> str:
    return (trial.logs / f"{sentinel}-sentinel.log").read_text()


def saving_ms(log: str, address: str) -> float:
    """From a Sentinel's announcement of this master to its configuration being saved; 0 where no save is logged."""
    since: dt.datetime | None = None
    named = " ".join(address.rsplit(":", 1))
    for line in _LINE.finditer(log):
        at = dt.datetime.strptime(line["at"], "%d %b %Y %H:%M:%S.%f").replace(tzinfo=dt.UTC)
        if since is None:
            announced = line["text"].startswith("+switch-master") and line["text"].endswith(f" {named}")
            since = at if announced else None
        elif line["text"] == _SAVED:
            return (at - since) / dt.timedelta(milliseconds=1)
    return 0.0


def with_trials(document: Document, trials: Iterable[TrialFolder], *, chart: str, shape: str) -> Document:
    new = (taken(trial, chart=chart, shape=shape) for trial in trials)
    return msgspec.structs.replace(document, rows=published.renewed(document.rows, new))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN")
    parser.add_argument("--chart", default="", help="name and version")
    parser.add_argument("--shape", default="", help="what is special about it, in a few words")
    asked = parser.parse_args()
    if asked.runs and not (asked.chart and asked.shape):
        parser.error("expected --chart and --shape with runs; what was deployed is not in a trial's folder")
    document = with_trials(read(), published.judged(asked.runs), chart=asked.chart, shape=asked.shape)
    published.write(NAME, document, page(document))


if __name__ == "__main__":
    main()
