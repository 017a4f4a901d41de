"""What trials measured of each predicted case, as data: taken from folders of trials, kept in a JSON file."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from redis_resilience.faults.target import MASTER
from redis_resilience.model import instants
from redis_resilience.model.errors import UsageError
from redis_resilience.model.faults import Fault, delete_pod, kill, pause
from redis_resilience.model.plan import Plan
from redis_resilience.model.verdict import Judgement
from redis_resilience.statistics.rows import is_refused
from redis_resilience.trials.documents import encode_json
from redis_resilience.trials.folder import TrialFolder, write_whole

SCENARIOS: Mapping[str, Fault] = {
    "master-kill": kill(MASTER),
    "master-pause": pause(MASTER),
    "master-delete-now": delete_pod(MASTER, grace_s=0),
}
"""What is predicted, by the scenario whose trials measure it: nothing else is broken, set or written to in them."""
COMMAND = "redis-resilience predict FOLDER --write reports/predictions.md"


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a row is about, in the words of a trial's plan."""

    topology: str
    profile: str
    fault: str
    backend: str


class Spread(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of all trials of a case, in ms."""

    median: float
    least: float
    most: float


class Measured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The trials of one case that count. change_ms: from the fault to the first announcement of the new master.

    failovers: trials with one. outage_ms: the longest time without an acknowledged write. lost: writes of all trials.
    """

    trials: int
    failovers: int
    change_ms: Spread | None
    outage_ms: Spread
    lost: int


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case: Case
    measured: Measured


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    made_by: str
    rows: tuple[_Row, ...]
    schema: int = 1


def read_measured(path: Path) -> dict[Case, Measured]:
    """What the file holds, nothing where there is none; raises UsageError for one that cannot be read."""
    try:
        document = msgspec.json.decode(path.read_bytes(), type=_Document)
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"expected measurements of `{COMMAND}` in {path}; {error}") from error
    return {row.case: row.measured for row in document.rows}


def write_measured(path: Path, measured: Mapping[Case, Measured]) -> None:
    rows = tuple(_Row(case=case, measured=measured[case]) for case in sorted(measured, key=msgspec.structs.astuple))
    write_whole(path, encode_json(_Document(made_by=COMMAND, rows=rows)))


def measure(folders: Iterable[Path]) -> dict[Case, Measured]:
    """Of the judged trials in these folders.

    Raises UsageError for a folder without one, BrokenTrial for a trial that is damaged.
    """
    by_case: dict[Case, list[Judgement]] = {}
    for folder in folders:
        verdicts = sorted(folder.rglob("verdict.json"))
        if not verdicts:
            raise UsageError(f"expected a folder with judged trials; got {folder}, which holds none; try results/")
        for path in verdicts:
            trial = TrialFolder(path.parent)
            case, judgement = _case_of(trial.plan()), trial.judgement()
            if case and not is_refused(judgement):
                by_case.setdefault(case, []).append(judgement)
    return {case: _measured(judgements) for case, judgements in by_case.items()}


def _case_of(plan: Plan) -> Case | None:
    """None where the trial is of another scenario."""
    fault = SCENARIOS.get(plan.scenario)
    if fault is None or plan.all_faults != (fault,):
        return None
    return Case(topology=plan.topology, profile=plan.profile_text, fault=str(fault), backend=plan.backend)


def _measured(judgements: Sequence[Judgement]) -> Measured:
    changes = [ms for each in judgements if (ms := each.timeline.ms(instants.FIRST_SWITCH_AT)) is not None]
    return Measured(
        trials=len(judgements),
        failovers=len(changes),
        change_ms=_spread(changes) if changes else None,
        outage_ms=_spread([each.availability.outage_ms for each in judgements]),
        lost=sum(each.writes.lost for each in judgements),
    )


def _spread(values_ms: Sequence[float]) -> Spread:
    return Spread(median=statistics.median(values_ms), least=min(values_ms), most=max(values_ms))
