"""Published evidence: pages are made from data, and each names the command that makes it."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.judges.judge import judge
from redis_resilience.model.faults import Fault, kill, rolling_upgrade
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.model.verdict import Judgement, Verdict
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.trial import rejudge
from tests.trials.corpus import CORPUS, unpack
from tests.trials.refusing import REASON, Refusing

ROOT = Path(__file__).parent.parent
REPORTS = ROOT / "reports"
DATA = sorted(REPORTS.glob("*.json"))


def program(name: str) -> ModuleType:
    """Of benchmarks/, which import one another as scripts do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        return importlib.import_module(name)


COMMANDS = {
    "predictions": "redis-resilience predict",
    "documented": "python benchmarks/documented.py",
    "upgrades": "python benchmarks/upgrades.py",
    "durability": "python benchmarks/durability.py",
    "charts": "python benchmarks/charts.py",
}
MADE_FROM_TRIALS = ("documented", "upgrades", "durability", "charts")
AOF = {"appendonly": "yes", "appendfsync": "always", "min-replicas-to-write": "1"}


def table_in(name: str) -> str:
    """What stands between the marks of the page."""
    published = program("published")
    page = (REPORTS / f"{name}.md").read_text()
    return page.split(f"{published.begin(name)}\n", 1)[1].split(published.END, 1)[0]


def test_every_page_has_its_data_and_every_data_its_page() -> None:
    assert {path.stem for path in DATA} == {path.stem for path in REPORTS.glob("*.md")} - {"README"}


@pytest.mark.parametrize("data", DATA, ids=lambda path: path.stem)
def test_data_page_and_list_name_the_command(data: Path) -> None:
    text, page, listed = data.read_text(), data.with_suffix(".md").read_text(), (REPORTS / "README.md").read_text()

    command = COMMANDS[data.stem]
    assert f'"made_by": "{command}' in text
    assert f"<!-- made by `{command}" in page
    assert f"`{command}" in listed


@pytest.mark.parametrize("name", MADE_FROM_TRIALS)
def test_the_page_is_made_from_its_data(name: str) -> None:
    """On a mismatch: run the command without arguments."""
    made = program(name)

    assert table_in(name) == made.page(made.read())


@pytest.mark.parametrize("name", MADE_FROM_TRIALS)
def test_every_field_of_the_data_is_documented(name: str) -> None:
    text = (REPORTS / "README.md").read_text()

    assert all(f"`{field}`" in text for field in program(name).Row.__struct_fields__)


def judged(name: str, folder: Path) -> TrialFolder:
    """The recorded trial, with what is said of it today."""
    (archive,) = CORPUS.glob(f"*{name}.tar.xz")
    trial = unpack(archive, folder)
    trial.save_judgement(judge(trial.history()))
    return trial


def test_a_trial_becomes_a_row(tmp_path: Path) -> None:
    """Seconds after the fault, as the judges have them."""
    trial = judged("documented-master-kill", tmp_path)

    row = program("documented").taken(trial)

    told = trial.judgement()
    assert (row.key, row.verdict, row.lost, row.note) == (told.scenario, told.verdict, told.writes.lost, "")
    assert row.outage_s == pytest.approx(told.availability.outage_ms / 1e3, abs=1e-3)
    assert row.first_switch_s == pytest.approx(told.timeline.ms("first_switch_at") / 1e3, abs=1e-3)


def test_a_trial_of_a_chart_becomes_a_row(tmp_path: Path) -> None:
    """Every announcement was heard within 20 ms of the line in its Sentinel's log; which findings failed is kept."""
    trial = judged("kind-node-fast-master-kill", tmp_path)
    charts = program("charts")

    row = charts.taken(trial, chart="mine 1.0", shape="plain")

    told = trial.judgement()
    assert (row.chart, row.scenario, row.verdict, row.failed) == ("mine 1.0", told.scenario, told.verdict, ())
    assert (row.switches, row.engine) == (len(told.timeline.switches), "Redis 8.0.2")
    assert row.heard_to_logged_ms is not None
    assert row.heard_to_logged_ms < 20
    assert row.heard_to_saved_ms is not None
    assert row.heard_to_saved_ms <= row.heard_to_logged_ms
    assert row.way_in_outage_s is None
    through = dataclasses.replace(told, figures={"entrances": {"service/front outage_ms": 2512.3}})
    assert charts.way_in_outage_s(through) == 2.512
    again = charts.with_trials(
        charts.Document(made_by="", rows=(msgspec.structs.replace(row, lost=9, note="kept"),)),
        [trial],
        chart="mine 1.0",
        shape="plain",
    )
    assert [(each.lost, each.note) for each in again.rows] == [(row.lost, "kept")]


def test_a_sentinel_sends_an_announcement_once_it_has_saved_it() -> None:
    """Seen with Redis 8.0.2: 63 ms between the line and its arrival, and between the line and the next save."""
    saved = "1:X 29 Nov 2026 09:50:25.{} * Sentinel new configuration saved on disk\n"
    switch = "1:X 29 Nov 2026 09:50:25.627 # +switch-master mymaster 10.0.0.1 6379 10.0.0.2 6379\n"
    saving_ms = program("charts").saving_ms

    log = saved.format(600) + switch + saved.format(690) + saved.format(950)
    assert saving_ms(log, "10.0.0.2:6379") == 63
    assert saving_ms(log, "10.0.0.3:6379") == 0
    assert saving_ms(saved.format(600) + switch, "10.0.0.2:6379") == 0


def upgraded(folder: Path, kind: type[MemoryDeployment] = MemoryDeployment) -> TrialFolder:
    """A simulated upgrade."""
    return simulated(folder, "upgrade", rolling_upgrade("8.0.2"), kind=kind)


def simulated(
    folder: Path,
    scenario: str,
    *faults: Fault,
    kind: type[MemoryDeployment] = MemoryDeployment,
    wait: int = 0,
    redis: dict[str, str] | None = None,
) -> TrialFolder:
    found = topology("sidecar")
    plan = Plan(
        trial="t1",
        scenario=scenario,
        topology=found.name,
        profile="fast",
        backend="memory",
        seed=1,
        load=Load(writers=(Writers(wait=wait),)),
        faults=tuple(Scheduled(fault=fault) for fault in faults),
        expect=Expect(),
        windows=Windows(heal_s=15.0),
        redis=redis or {},
    )
    deployment = kind(found, found.profile("fast"))
    trial = TrialFolder(folder)
    trial.create(plan)
    run_trial(plan, deployment, trial, clock=deployment.clock)
    rejudge(trial)
    return trial


def test_an_upgrade_becomes_a_row(tmp_path: Path) -> None:
    row = program("upgrades").taken(upgraded(tmp_path / "trial"))

    assert row.key == ("memory", "sidecar", "upgrade", "Redis 7.0.0", "Redis 8.0.2")
    assert (row.verdict, row.replaced, row.failovers, row.lost, row.refused) == (Verdict.PASS, 3, 1, 0, "")
    assert row.took_s > row.outage_s > 0


def test_a_refused_engine_is_named_with_the_reason_and_no_pod_counts_that_was_put_back(tmp_path: Path) -> None:
    """redis-1 came back with the new engine before that."""
    row = program("upgrades").taken(upgraded(tmp_path / "trial", Refusing))

    assert (row.before, row.to) == ("Redis 7.0.0", "simulation of 8.0.2")
    assert (row.verdict, row.refused) == (Verdict.FAIL, REASON)
    assert (row.replaced, row.failovers, row.first_switch_s, row.lost) == (1, 0, None, 0)


def test_a_note_outlives_the_trial_that_it_was_written_for(tmp_path: Path) -> None:
    """A trial of another kind is no row, and one that is unknown replaces none."""
    upgrades = program("upgrades")
    trial = upgraded(tmp_path / "upgrade")
    noted = msgspec.structs.replace(upgrades.taken(trial), note="kept", took_s=1.0)
    document = upgrades.Document(made_by="", rows=(noted,))

    (row,) = upgrades.with_trials(document, [trial, judged("documented-master-kill", tmp_path / "kill")]).rows
    assert row == msgspec.structs.replace(upgrades.taken(trial), note="kept")

    trial.save_judgement(dataclasses.replace(trial.judgement(), verdict=Verdict.UNKNOWN))
    assert upgrades.with_trials(document, [trial]) == document


def test_every_number_of_a_failure_is_documented() -> None:
    text = (REPORTS / "README.md").read_text()

    assert all(f"`{field}`" in text for field in program("durability").Loss.__struct_fields__)


def test_trials_become_a_row_for_each_set_of_settings(tmp_path: Path) -> None:
    """With what a failure lost, and what the settings cost without one; a trial of another scenario is left out."""
    trials = [
        simulated(tmp_path / "kill", "durability-failover", kill("master"), wait=1, redis=AOF),
        simulated(tmp_path / "speed", "durability-throughput", wait=1, redis=AOF),
        simulated(tmp_path / "other", "durability-failover", kill("master"), redis=AOF),
        simulated(tmp_path / "foreign", "replication"),
    ]

    other, row = program("durability").rows_of(trials)

    assert (row.persistence, row.min_replicas, row.wait) == ("AOF always", 1, 1)
    assert (other.wait, other.writes_per_s) == (0, None)
    assert row.writes_per_s == pytest.approx(1000, rel=0.05)
    assert 0 < row.p50_ms <= row.p99_ms
    loss = row.faults["failover"]
    assert (loss.trials, loss.unknown, loss.losing, loss.lost_most, loss.causes) == (1, 0, 0, 0, {})
    assert loss.outage_median_s == pytest.approx(trials[0].judgement().availability.outage_ms / 1e3, abs=1e-3)


@pytest.mark.parametrize(
    ("redis", "expected"),
    [
        ({"appendonly": "no", "save": '""'}, "none"),
        ({"appendonly": "no", "save": "1 1"}, "RDB"),
        ({"appendonly": "yes", "appendfsync": "everysec"}, "AOF everysec"),
    ],
)
def test_persistence_has_a_name(redis: dict[str, str], expected: str) -> None:
    durability = program("durability")
    directives = {**redis, "min-replicas-to-write": "0"}
    plan = Plan(
        trial="t1",
        scenario="durability-all",
        topology="sidecar",
        profile="fast",
        backend="local",
        seed=1,
        load=Load(),
        faults=(),
        expect=Expect(),
        windows=Windows(),
        redis=directives,
    )

    assert durability.settings_of(plan) == (expected, 0, 0)
    assert expected in durability.ORDER


def lost(judgement: Judgement, count: int, *, seconds: float = 0.0, cause: str = "not persisted") -> Judgement:
    """The same trial, had it lost so many writes."""
    causes = {cause: count} if count else {}
    writes = dataclasses.replace(judgement.writes, lost=count, lost_seconds=seconds, lost_by_cause=causes)
    return dataclasses.replace(judgement, writes=writes)


def test_losses_are_counted_by_trial_with_limits(tmp_path: Path) -> None:
    """20 trials without one may hide a loss in 14 % of them; unknown trials are shown, and in no number."""
    durability = program("durability")
    found = judged("documented-master-kill", tmp_path).judgement()

    none = durability.loss_of([lost(found, 0)] * 20, unknown=3)
    some = durability.loss_of([lost(found, 0), lost(found, 10, seconds=1.5), lost(found, 30, seconds=2.0)], unknown=0)
    always = durability.loss_of([lost(found, 10, seconds=seconds) for seconds in (0.05, 1.5, 2.0)], unknown=0)
    wiped = durability.loss_of([lost(found, 9, cause="wipe")] * 2, unknown=0)
    nothing = durability.loss_of([], unknown=2)

    assert (none.trials, none.unknown, none.losing, none.losing_at_most) == (20, 3, 0, 0.139)
    assert (some.losing, some.lost_median, some.lost_most) == (2, 10, 30)
    assert (some.lost_median_s, some.lost_most_s) == (1.5, 2.0)
    assert (some.everything, some.causes) == (0, {"not persisted": 40})
    assert (wiped.losing, wiped.everything) == (2, 2)
    assert [durability._loss(each) for each in (none, some, always, wiped, nothing)] == [
        "none in 20 (≤ 14 %)",
        "up to 2.0 s, in 2 of 3",
        "1.5 s, up to 2.0 s",
        "everything",
        "unknown",
    ]


def test_what_a_killed_campaign_left_half_way_is_no_trial(tmp_path: Path) -> None:
    for name in ("a-001", ".attempts/a-002/trial"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "verdict.json").touch()

    assert [trial.path.name for trial in program("published").judged([tmp_path])] == ["a-001"]
