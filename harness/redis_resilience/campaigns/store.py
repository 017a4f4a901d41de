"""A campaign's folder: what it is, and every judged trial, each moved there whole.

    campaign.json      before the first trial: cells, trials, seed; the same campaign only is resumed
    CELL-NNN/          a judged trial, with `ended.json`: its test and how that ended
    .attempts/         trials under way, and what killed runs left of theirs; removed when they are due again
    .running           locked by each process that runs trials here: the byte of each of them

It is a run's folder as any other: `run.json`, `summary.md` and pages are made of the judged trials. A trial gets its
place by one rename after its verdict is written, so that a killed campaign has it or does not have it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from redis_resilience.campaigns.schedule import Cell, Unit
from redis_resilience.model.errors import BrokenRun, BrokenTrial, UsageError
from redis_resilience.results.ran import Ran
from redis_resilience.trials.documents import decode_json, encode_json
from redis_resilience.trials.folder import must_take_results, write_whole

SCHEMA = 1
_CAMPAIGN, _ENDED, _ATTEMPTS, _RUNNING = "campaign.json", "ended.json", ".attempts", ".running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a campaign is. trials: of each cell. common: options of every trial, by the names of the plugin."""

    cells: tuple[Cell, ...]
    trials: int
    seed: int
    common: dict[str, str]
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedTest:
    """test: the id of its test. ended: in pytest's words."""

    test: str
    ended: str
    variant: str = ""


class Store:
    """Reads and writes a campaign's folder; `begin` comes first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def known(self) -> Definition | None:
        """What was begun here; None where nothing was. Raises BrokenRun where it cannot be read."""
        path = self.folder / _CAMPAIGN
        try:
            return decode_json(path.read_bytes(), Definition)
        except FileNotFoundError:
            return None
        except (OSError, BrokenTrial) as error:
            raise BrokenRun(f"expected a campaign in {path}; {error}; choose another --name") from error

    def begin(self, definition: Definition, units: Sequence[Unit]) -> None:
        """Keep the definition, or find the same one kept. Raises UsageError for another one, naming what differs, and
        where another process runs some of the same trials.

        units: run from here for as long as this process lives; what killed runs left of them is removed.
        """
        known = self.known()
        if known is None:
            if self.folder.is_dir() and any(self.folder.iterdir()):
                raise UsageError(
                    f"expected an empty folder for a new campaign; got {self.folder}, with something else in it; "
                    "choose another --name"
                )
            must_take_results(self.folder)
            write_whole(self.folder / _CAMPAIGN, encode_json(definition))
        elif known != definition:
            differs = [
                each.name for each in fields(Definition) if getattr(known, each.name) != getattr(definition, each.name)
            ]
            raise UsageError(
                f"expected the campaign that was begun in {self.folder}; got one with other {', '.join(differs)}; "
                "choose another --name, or remove that folder"
            )
        self._claim(definition, units)
        for unit in units:
            shutil.rmtree(self.folder / _ATTEMPTS / unit.folder, ignore_errors=True)

    def _claim(self, definition: Definition, units: Sequence[Unit]) -> None:
        """The kernel releases the locks when the process ends, however it ends."""
        first = {cell.name: number * definition.trials for number, cell in enumerate(definition.cells)}
        file = os.open(self.folder / _RUNNING, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            for unit in units:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, first[unit.cell.name] + unit.number)
        except OSError as error:
            os.close(file)
            raise UsageError(
                f"expected no other process to run trials of {self.folder}; one does, {unit.folder} among them; "
                "wait until it ends or stop it, or choose another --name"
            ) from error

    def attempt(self, unit: Unit) -> Path:
        """An empty folder for a trial under way."""
        path = self.folder / _ATTEMPTS / unit.folder
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def keep(self, unit: Unit, trial: Path, ended: EndedTest) -> Ran:
        """Move a judged trial to its place; its page and run.json are made later."""
        write_whole(trial / _ENDED, encode_json(ended))
        place = self.folder / unit.folder
        trial.rename(place)
        shutil.rmtree(self.folder / _ATTEMPTS / unit.folder, ignore_errors=True)
        return _ran(place, ended)

    def judged(self, units: Sequence[Unit]) -> Iterator[tuple[Unit, Ran]]:
        """Those of the units that have a judged trial here. Raises BrokenRun where its `ended.json` is damaged."""
        for unit in units:
            place = self.folder / unit.folder
            try:
                ended = decode_json((place / _ENDED).read_bytes(), EndedTest)
            except FileNotFoundError:
                continue
            except (OSError, BrokenTrial) as error:
                raise BrokenRun(f"expected {place / _ENDED}; {error}; remove {place} to repeat this trial") from error
            yield unit, _ran(place, ended)


def _ran(place: Path, ended: EndedTest) -> Ran:
    return Ran(folder=place, test=ended.test, ended=ended.ended, variant=ended.variant)
