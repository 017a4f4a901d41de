"""index.sqlite: what all runs of a results folder have in common, for pages and queries.

It holds nothing that the runs' own run.json do not hold, and is made of them again where it is missing or damaged.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from redis_resilience.model.errors import Unavailable
from redis_resilience.model.run import Measured, RunRecord, TrialRecord
from redis_resilience.model.verdict import Verdict
from redis_resilience.pages.run_page import software
from redis_resilience.pages.runs_page import RunRow

DATABASE = "index.sqlite"
VERSION = 3
_WAIT_S = 30.0
"""For another run that writes at this moment."""
_TABLES = (
    """
CREATE TABLE runs (
  run TEXT PRIMARY KEY, stamp TEXT NOT NULL, verdict TEXT NOT NULL, started TEXT NOT NULL, finished TEXT NOT NULL,
  tool_version TEXT NOT NULL, passed INTEGER NOT NULL, unknown INTEGER NOT NULL, failed INTEGER NOT NULL,
  lost INTEGER, left_out INTEGER NOT NULL, pruned INTEGER NOT NULL, scenarios TEXT NOT NULL, software TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    """
CREATE TABLE trials (
  run TEXT NOT NULL, folder TEXT NOT NULL, id TEXT NOT NULL, test TEXT NOT NULL, scenario TEXT NOT NULL,
  topology TEXT NOT NULL, profile TEXT NOT NULL, backend TEXT NOT NULL, redis TEXT NOT NULL,
  variant TEXT NOT NULL,
  seed INTEGER NOT NULL, verdict TEXT NOT NULL,
  ended TEXT NOT NULL, counts_as TEXT NOT NULL, refused TEXT NOT NULL, outage_ms REAL, outage_censored INTEGER,
  first_switch_ms REAL, first_switch_censored INTEGER,
  last_switch_ms REAL, first_write_ms REAL, acknowledged INTEGER NOT NULL, lost INTEGER,
  started TEXT NOT NULL, engine TEXT NOT NULL, engine_version TEXT NOT NULL, tool_version TEXT NOT NULL,
  machine TEXT NOT NULL, page TEXT NOT NULL, PRIMARY KEY (run, folder)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX trials_by_scenario ON trials (scenario, topology, profile, started)",
    f"PRAGMA user_version = {VERSION}",
)


class TrialRow(NamedTuple):
    """A trial in the index, as far as trends need it. redis: directives as a JSON object. run_started: of its run."""

    scenario: str
    topology: str
    profile: str
    backend: str
    redis: str
    variant: str
    run: str
    run_started: str
    verdict: str
    refused: str
    outage_ms: float | None
    outage_censored: int | None
    first_switch_ms: float | None
    first_switch_censored: int | None
    lost: int | None
    engine: str
    engine_version: str
    tool_version: str


class Database:
    """An open index."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def stamps(self) -> Mapping[str, str]:
        """What each run's run.json looked like when it was read last, by the run."""
        return dict(self._connection.execute("SELECT run, stamp FROM runs"))

    def put(self, stamp: str, run: RunRecord, name: str) -> None:
        """name: of its folder, which may have been renamed."""
        self.remove([name])
        counts = [sum(trial.verdict is each for trial in run.trials) for each in Verdict]
        known = [trial.lost for trial in run.trials if trial.lost is not None]
        scenarios = json.dumps(list(dict.fromkeys(trial.scenario for trial in run.trials)))
        lost = sum(known) if known else None
        row = (name, stamp, run.verdict, run.started, run.finished, run.tool_version, *counts)
        self._insert("runs", [(*row, lost, len(run.left_out), run.pruned, scenarios, software(run.trials))])
        self._insert("trials", [_trial(name, trial) for trial in run.trials])

    def remove(self, runs: Iterable[str]) -> None:
        names = [(run,) for run in runs]
        self._connection.executemany("DELETE FROM runs WHERE run = ?", names)
        self._connection.executemany("DELETE FROM trials WHERE run = ?", names)

    def rows(self) -> list[RunRow]:
        """The newest first."""
        found = self._connection.execute(
            "SELECT run, started, verdict, passed, unknown, failed, lost, scenarios, software FROM runs "
            "ORDER BY started DESC, run DESC"
        )
        return [
            RunRow(
                run=run,
                started=started,
                verdict=verdict,
                passed=passed,
                unknown=unknown,
                failed=failed,
                lost=lost,
                scenarios=tuple(json.loads(scenarios)),
                software=used,
            )
            for run, started, verdict, passed, unknown, failed, lost, scenarios, used in found
        ]

    def trials(self) -> Iterator[TrialRow]:
        """By what may be looked at together, then by time; without runs that were pruned or have no time."""
        wanted = ", ".join("runs.started" if name == "run_started" else f"trials.{name}" for name in TrialRow._fields)
        found = self._connection.execute(
            f"SELECT {wanted} FROM trials JOIN runs USING (run) WHERE pruned = 0 AND runs.started <> '' "  # noqa: S608 - own names
            "ORDER BY scenario, topology, profile, backend, redis, variant, runs.started, run"
        )
        return map(TrialRow._make, found)

    def _insert(self, table: str, rows: list[tuple[object, ...]]) -> None:
        if rows:
            places = ", ".join("?" * len(rows[0]))
            self._connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 - own names


@contextmanager
def opened(results: Path) -> Iterator[Database]:
    """The index of this folder in one transaction, which other writers wait for.

    What cannot be read, or is of another version, is replaced by an empty one. Raises Unavailable where the disk
    refuses, or another program holds it for too long.
    """
    path = results / DATABASE
    try:
        _remove_damaged(path)
        with closing(sqlite3.connect(path, timeout=_WAIT_S)) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            _make_tables(connection)
            yield Database(connection)
    except sqlite3.Error as error:
        raise Unavailable(
            f"expected to write {path}, the index over the runs; got: {error}; remove it and try again"
        ) from error


def _remove_damaged(path: Path) -> None:
    """With the journal of a transaction that was interrupted: it would be applied to the file's successor."""
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT_S)) as connection:
            (intact,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        intact = "no database"
    if intact != "ok":
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)


def _make_tables(connection: sqlite3.Connection) -> None:
    """Where they are missing or of another version."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    connection.execute("DROP TABLE IF EXISTS runs")
    connection.execute("DROP TABLE IF EXISTS trials")
    for statement in _TABLES:
        connection.execute(statement)


def _trial(run: str, trial: TrialRecord) -> tuple[object, ...]:
    return (
        run,
        trial.folder,
        trial.id,
        trial.test,
        trial.scenario,
        trial.topology,
        trial.profile,
        trial.backend,
        json.dumps(trial.redis, sort_keys=True),
        trial.variant,
        trial.seed,
        trial.verdict,
        trial.ended,
        trial.counts_as,
        trial.refused,
        _ms(trial.outage),
        _censored(trial.outage),
        _ms(trial.first_switch),
        _censored(trial.first_switch),
        _ms(trial.last_switch),
        _ms(trial.first_write),
        trial.acknowledged,
        trial.lost,
        trial.started,
        trial.where.engine,
        trial.where.engine_version,
        trial.where.tool_version,
        trial.where.machine,
        trial.page,
    )


def _censored(value: Measured | None) -> int | None:
    return int(value.censored) if value else None


def _ms(value: Measured | None) -> float | None:
    return value.ms if value else None
