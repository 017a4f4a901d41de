"""The table of what documents promise, what configurations predict, and what trials measured.

Predicted cells follow from the catalogue alone, so that a test can hold the page to them; measured ones come from
folders of trials, and stay on the page until others take their place.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.deployments.kube.restarts import restart_policy_of
from redis_resilience.faults.target import MASTER
from redis_resilience.model import instants
from redis_resilience.model.environment import Prediction
from redis_resilience.model.errors import UsageError
from redis_resilience.model.faults import Fault, delete_pod, kill, pause
from redis_resilience.model.plan import Plan, Scheduled
from redis_resilience.model.verdict import Judgement
from redis_resilience.pages.units import plural
from redis_resilience.prediction.cluster import first_shard, predict_shard
from redis_resilience.prediction.expected import expected_views
from redis_resilience.prediction.failover import predict
from redis_resilience.statistics.rows import is_refused
from redis_resilience.topologies.catalogue import names, topology
from redis_resilience.topologies.restarts import STAYS_DOWN
from redis_resilience.topologies.topology import Profile, System, Topology
from redis_resilience.trials.folder import TrialFolder

BEGIN, END = "<!-- made by `redis-resilience predict --write` -->", "<!-- end -->"
_HEAD = ("topology", "profile", "fault", "backend", "predicted", "measured")
_CLUSTERS_PROFILES = ("documented", "fast")
_BACKENDS = ("local", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a row is about, in the words of a trial's plan."""

    topology: str
    profile: str
    fault: str
    backend: str


SCENARIOS: Mapping[str, Fault] = {
    "master-kill": kill(MASTER),
    "master-pause": pause(MASTER),
    "master-delete-now": delete_pod(MASTER, grace_s=0),
}
"""What is predicted, by the scenario whose trials measure it: nothing else is broken, set or written to in them."""


def tables(folders: Sequence[Path], measured_before: Mapping[Case, str]) -> str:
    """Both tables as Markdown. measured_before: cells that stay where no trial in these folders is of that case.

    Raises UsageError for a folder without judged trials, BrokenTrial for a trial that is damaged.
    """
    measured = {**measured_before, **_measured(folders)}
    promises = [
        (each.name, each.document, each.promises or "nothing that could be measured") for each in map(topology, names())
    ]
    rows = [
        (case.topology, case.profile, case.fault, case.backend, predicted, measured.get(case, ""))
        for case, predicted in _cases()
    ]
    return "\n".join((*_table(("topology", "document", "what it promises"), promises), "", *_table(_HEAD, rows), ""))


def write(page: Path, folders: Sequence[Path]) -> None:
    """Put the tables between the page's two marks; raises UsageError where it has none."""
    try:
        text = page.read_text()
        head, rest = text.split(BEGIN + "\n", 1)
        between, tail = rest.split(END, 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"expected a page with {BEGIN} and {END} in it; got {page} ({error})") from error
    page.write_text(f"{head}{BEGIN}\n{tables(folders, measured_cells(between))}{END}{tail}")


def measured_cells(between: str) -> dict[Case, str]:
    """What stands in the last column of a table that was made here."""
    found = {}
    for line in between.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if len(cells) == len(_HEAD) and cells[3] in _BACKENDS and cells[-1]:
            found[Case(topology=cells[0], profile=cells[1], fault=cells[2], backend=cells[3])] = cells[-1]
    return found


def _cases() -> Iterable[tuple[Case, str]]:
    for name in names():
        found = topology(name)
        for profile in found.profiles:
            for backend in _BACKENDS:
                if backend != "local" and profile.name not in _CLUSTERS_PROFILES:
                    continue
                for fault in SCENARIOS.values():
                    case = Case(topology=name, profile=profile.name, fault=str(fault), backend=backend)
                    yield (
                        case,
                        _told(
                            _prediction(found, profile, fault, backend),
                            _change(clustered=found.system is System.CLUSTER),
                        ),
                    )


def _change(*, clustered: bool) -> str:
    """What a change of master is called."""
    return "a new master" if clustered else "+switch-master"


def _prediction(found: Topology, profile: Profile, fault: Fault, backend: str) -> Prediction:
    policy = STAYS_DOWN if backend == "local" else restart_policy_of(found, found.first, restarts=0, co_located=())
    if found.system is System.CLUSTER:
        return predict_shard([Scheduled(fault=fault)], first_shard(found, profile), policy=policy)
    return predict(
        [Scheduled(fault=fault)], master=found.first, sentinels=expected_views(found, profile), policy=policy
    )


def _told(prediction: Prediction, word: str) -> str:
    if prediction.failover is None:
        return f"uncertain: {prediction.because}"
    if not prediction.failover:
        return f"no failover: {prediction.because}"
    whole = next(
        bound
        for bound in prediction.bounds
        if bound.name == instants.FIRST_SWITCH_AT and bound.origin == instants.FAULT_AT
    )
    text = f"{word} after {_s(whole.lower_ms)} to {_s(whole.upper_ms)} s"
    if prediction.planned_failover:
        text = f"planned failover; if that fails, {text}"
    return f"{text}, {_s(prediction.retry_ms)} s later for each failed election"


def _measured(folders: Sequence[Path]) -> dict[Case, str]:
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
    return {case: _numbers(judgements) for case, judgements in by_case.items()}


def _case_of(plan: Plan) -> Case | None:
    """None where the trial is of another scenario."""
    fault = SCENARIOS.get(plan.scenario)
    if fault is None or plan.all_faults != (fault,):
        return None
    return Case(topology=plan.topology, profile=plan.profile_text, fault=str(fault), backend=plan.backend)


def _numbers(judgements: Sequence[Judgement]) -> str:
    switches = sorted(ms for each in judgements if (ms := each.timeline.ms(instants.FIRST_SWITCH_AT)) is not None)
    outages = sorted(each.availability.outage_ms for each in judgements)
    lost = sum(each.writes.lost for each in judgements)
    text = f"{plural(len(judgements), 'trial')}: {plural(len(switches), 'failover')}"
    if switches:
        change = _change(clustered=any(each.shards for each in judgements))
        text += f", {change} after {_spread(switches)}"
    return f"{text}; no writes for {_spread(outages)}; {lost} lost{' in all' if lost and len(judgements) > 1 else ''}"


def _spread(sorted_ms: Sequence[float]) -> str:
    """Median, and least and most where there are several."""
    middle = f"{_s(statistics.median(sorted_ms))} s"
    return middle if len(sorted_ms) == 1 else f"{middle} ({_s(sorted_ms[0])} to {_s(sorted_ms[-1])})"


def _s(ms: float) -> str:
    return f"{ms / 1e3:.3g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
