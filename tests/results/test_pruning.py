"""What no rule keeps goes, and the last failing trial of each scenario never does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from redis_resilience.command.results import prune
from redis_resilience.model.errors import UsageError
from redis_resilience.model.verdict import Verdict
from redis_resilience.results.indexing import INDEX, index
from redis_resilience.results.pruning import Keep, going, remove, size_of, stored
from redis_resilience.results.run_file import RUN, read_run
from tests.results.test_indexing import write

PASS, FAIL = Verdict.PASS, Verdict.FAIL
NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)


def pruned(results: Path, keep: Keep) -> list[str]:
    """Names of the runs that go, the oldest first."""
    runs, _ = stored(results)
    return [each.stored.folder.name for each in going(runs, keep, now=NOW)]


def test_old_runs_go(tmp_path: Path) -> None:
    for day in (1, 5, 9):
        write(tmp_path, f"r{day}", PASS, day=day)

    assert pruned(tmp_path, Keep(days=3)) == ["r1", "r5"]


def test_all_but_the_newest_runs_go(tmp_path: Path) -> None:
    for day in (1, 5, 9):
        write(tmp_path, f"r{day}", PASS, day=day)

    assert pruned(tmp_path, Keep(runs=2)) == ["r1"]


def test_either_rule_keeps_a_run(tmp_path: Path) -> None:
    for day in (1, 5, 9):
        write(tmp_path, f"r{day}", PASS, day=day)

    assert pruned(tmp_path, Keep(days=7, runs=1)) == ["r1"]


def test_the_oldest_go_until_the_rest_is_small_enough(tmp_path: Path) -> None:
    for day in (1, 5, 9):
        write(tmp_path, f"r{day}", *[PASS] * 10, day=day)
    runs, _ = stored(tmp_path)

    assert pruned(tmp_path, Keep(most_bytes=2 * runs[0].size)) == ["r1"]
    assert pruned(tmp_path, Keep(most_bytes=2 * runs[0].size - 1)) == ["r1", "r5"]


def test_the_last_failing_trial_of_each_scenario_stays(tmp_path: Path) -> None:
    write(tmp_path, "r1", FAIL, PASS, day=1)
    write(tmp_path, "r2", PASS, FAIL, day=2)
    write(tmp_path, "r3", FAIL, day=3, scenario="master-pause")
    write(tmp_path, "r4", PASS, day=4)
    runs, _ = stored(tmp_path)

    remove(tmp_path, going(runs, Keep(most_bytes=0), now=NOW))

    assert sorted(path.parent.name + "/" + path.name for path in tmp_path.glob("r*/*-*")) == [
        "r2/master-kill-1",
        "r3/master-pause-0",
    ]
    left = read_run(tmp_path / "r2")
    assert [trial.folder for trial in left.trials] == ["master-kill-1"]
    assert left.pruned == 1
    assert "1 of its trials were removed" in (tmp_path / "r2" / INDEX).read_text()
    assert "master-kill-0" not in (tmp_path / "r2" / INDEX).read_text()


def test_what_stays_as_it_is_is_not_listed_as_going(tmp_path: Path) -> None:
    write(tmp_path, "r1", FAIL, day=1)

    assert pruned(tmp_path, Keep(days=0)) == []


def test_a_dry_run_says_the_same_and_removes_nothing(tmp_path: Path) -> None:
    for day in (1, 9):
        write(tmp_path, f"r{day}", PASS, day=day)
    told: list[str] = []

    prune(tmp_path, Keep(runs=1), dry_run=True, tell=told.append)
    prune(tmp_path, Keep(runs=1), dry_run=False, tell=told.append)

    assert told[0].replace("would remove", "removed") == told[2]
    assert told[0].startswith("would remove r1: ")
    assert [path.name for path in tmp_path.glob("r*")] == ["r9"]


def test_the_index_and_latest_follow(tmp_path: Path) -> None:
    for day in (1, 9):
        write(tmp_path, f"r{day}", PASS, day=day)
    (tmp_path / "latest").symlink_to("r1")
    runs, _ = stored(tmp_path)

    remove(tmp_path, going(runs, Keep(runs=1), now=NOW))

    assert (tmp_path / "latest").resolve().name == "r9"
    assert "r1/index.html" not in index(tmp_path).page.read_text()


def test_a_run_without_a_record_stays_and_is_named(tmp_path: Path) -> None:
    """It may still go on."""
    trial = tmp_path / "r1" / "master-kill"
    trial.mkdir(parents=True)
    (trial / "plan.json").write_text("{}")
    told: list[str] = []

    prune(tmp_path, Keep(days=0), dry_run=False, tell=told.append)

    assert trial.exists()
    assert told[0].startswith(f"left as it is: {tmp_path / 'r1'}: no run.json")


def test_what_is_no_run_or_cannot_be_read_stays(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    broken = write(tmp_path, "r1", PASS, day=1)
    (broken / RUN).write_bytes(b"{")
    told: list[str] = []

    prune(tmp_path, Keep(days=0), dry_run=False, tell=told.append)

    assert broken.exists()
    assert (tmp_path / "notes").exists()
    assert told[0].startswith("left as it is: ")


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("500M", 500 << 20), ("1.5G", 3 << 29), ("2 GiB", 2 << 30), ("7kB", 7168)]
)
def test_sizes(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["", "ten", "-1G", "10X", "1e9"])
def test_a_size_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="expected a size like 500M or 10G"):
        size_of(text)


@pytest.mark.parametrize("rules", [{}, {"runs": 0}, {"days": -1.0}, {"days": float("nan")}])
def test_rules_that_make_no_sense_are_errors(rules: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="expected --keep-"):
        Keep(**rules)  # type: ignore[arg-type] - as the command passes them
