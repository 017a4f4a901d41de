"""The table of what documents promise, what configurations predict, and what trials measured.

Predicted cells follow from the catalogue alone. Measured ones are data (`measured`), which stay in their file until
trials of the same case replace them. The page is made from both; nothing is read back from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from redis_resilience.command.measured import SCENARIOS, Case, Measured, Spread, measure, read_measured, write_measured
from redis_resilience.deployments.kube.restarts import restart_policy_of
from redis_resilience.model import instants
from redis_resilience.model.environment import Prediction
from redis_resilience.model.errors import UsageError
from redis_resilience.model.faults import Fault
from redis_resilience.model.plan import Scheduled
from redis_resilience.pages.units import plural
from redis_resilience.prediction.cluster import first_shard, predict_shard
from redis_resilience.prediction.expected import expected_views
from redis_resilience.prediction.failover import predict
from redis_resilience.topologies.catalogue import names, topology
from redis_resilience.topologies.restarts import STAYS_DOWN
from redis_resilience.topologies.topology import Profile, System, Topology
from redis_resilience.trials.folder import write_whole

BEGIN, END = "<!-- made by `redis-resilience predict --write` -->", "<!-- end -->"
_HEAD = ("topology", "profile", "fault", "backend", "predicted", "measured")
_CLUSTERS_PROFILES = ("documented", "fast")
_BACKENDS = ("local", "kind")


def tables(measured: Mapping[Case, Measured]) -> str:
    """Both tables as Markdown."""
    promises = [
        (each.name, each.document, each.promises or "nothing that could be measured") for each in map(topology, names())
    ]
    rows = [
        (
            case.topology,
            case.profile,
            case.fault,
            case.backend,
            _told(prediction, word),
            _numbers(measured[case], word) if case in measured else "",
        )
        for case, prediction, word in _cases()
    ]
    return "\n".join((*_table(("topology", "document", "what it promises"), promises), "", *_table(_HEAD, rows), ""))


def write(page: Path, folders: Sequence[Path]) -> None:
    """Put what these folders' trials measured into the page's data, PAGE.json, and the tables between the page's marks.

    Cases that no trial in these folders is of keep their measurements. Raises UsageError where the page has no marks or
    the data cannot be read, and as `measure` does.
    """
    try:
        head, rest = page.read_text().split(BEGIN + "\n", 1)
        tail = rest.split(END, 1)[1]
    except (OSError, ValueError, IndexError) as error:
        raise UsageError(f"expected a page with {BEGIN} and {END} in it; got {page} ({error})") from error
    data = page.with_suffix(".json")
    measured = {**read_measured(data), **measure(folders)}
    write_measured(data, measured)
    write_whole(page, f"{head}{BEGIN}\n{tables(measured)}{END}{tail}".encode())


def _cases() -> Iterable[tuple[Case, Prediction, str]]:
    """With what a change of master is called there."""
    for name in names():
        found = topology(name)
        word = "a new master" if found.system is System.CLUSTER else "+switch-master"
        for profile in found.profiles:
            for backend in _BACKENDS:
                if backend != "local" and profile.name not in _CLUSTERS_PROFILES:
                    continue
                for fault in SCENARIOS.values():
                    case = Case(topology=name, profile=profile.name, fault=str(fault), backend=backend)
                    yield case, _prediction(found, profile, fault, backend), word


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


def _numbers(measured: Measured, word: str) -> str:
    """word: for a change of master."""
    text = f"{plural(measured.trials, 'trial')}: {plural(measured.failovers, 'failover')}"
    if measured.change_ms:
        text += f", {word} after {_spread(measured.change_ms, measured.failovers)}"
    text += f"; no writes for {_spread(measured.outage_ms, measured.trials)}; {measured.lost} lost"
    return text + (" in all" if measured.lost and measured.trials > 1 else "")


def _spread(spread: Spread, trials: int) -> str:
    """Median, and least and most where there are several."""
    middle = f"{_s(spread.median)} s"
    return middle if trials == 1 else f"{middle} ({_s(spread.least)} to {_s(spread.most)})"


def _s(ms: float) -> str:
    return f"{ms / 1e3:.3g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
