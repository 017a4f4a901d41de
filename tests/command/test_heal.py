"""What `heal` reports: dead runs' changes undone one by one, live runs left alone, what remains named."""

from __future__ import annotations

import subprocess

import pytest

from redis_resilience.command.heal import heal_all, heal_folders
from redis_resilience.command.leftovers import folders
from redis_resilience.deployments.journal import Journal, journals
from redis_resilience.deployments.kube.undoing import Undoer
from redis_resilience.deployments.local.leftovers import folder_name, hold
from redis_resilience.deployments.undo import Resume, StartNode
from redis_resilience.model.errors import DeploymentError

NODE = StartNode(node="worker")
PROCESS = Resume(node="worker", pid=7, born="1", name="redis-0/redis")


class FakeUndoer(Undoer):
    """Every node starts; `stuck` is what does not."""

    def __init__(self, stuck=()):
        super().__init__()
        self._stuck = stuck

    def undo(self, undo):
        if undo in self._stuck:
            raise DeploymentError(f"expected {undo} to answer; it did not")
        return f"{undo} is as before"


@pytest.fixture
def dead(tmp_path):
    """The journal of a run whose process is gone."""
    journal = Journal.begin(tmp_path, "run-1")
    journal.note(NODE)
    journal.note(PROCESS)
    journal.close()
    return journal.path


def heal(folder, *stuck):
    told = []
    good = heal_all(folder, tell=told.append, make_undoer=lambda _: FakeUndoer(stuck))
    return good, told


def test_every_undoing_is_told_with_its_proof(tmp_path, dead):
    assert heal(tmp_path) == (
        True,
        [
            "run run-1: died with 2 changes to undo",
            "  undone  redis-0/redis, PID 7 on worker is as before",
            "  undone  node worker is as before",
        ],
    )
    assert not dead.exists()


def test_what_cannot_be_undone_stays_and_is_named(tmp_path, dead):
    """Everything else is undone all the same; the next `heal` needs to do the rest only."""
    good, told = heal(tmp_path, PROCESS)

    assert not good
    assert told[1] == (
        "  LEFT    redis-0/redis, PID 7 on worker: expected redis-0/redis, PID 7 on worker to answer; it did not"
    )
    assert told[2].startswith("  undone  node worker")
    assert dead.exists()
    assert heal(tmp_path)[1][0] == "run run-1: died with 1 change to undo"


def test_a_torn_line_is_told(tmp_path, dead):
    with dead.open("ab") as file:
        file.write(b'{"id":"1","un')

    assert heal(tmp_path)[1][1] == "  ignored: 1 truncated journal line; no action was taken for it"


def test_a_run_that_goes_on_is_left_alone(tmp_path, dead):
    """Another process of the same run may be undoing right now."""
    alive = Journal.begin(tmp_path, "run-1")

    good, told = heal(tmp_path)

    assert good
    assert told == ["run run-1: is still running; it undoes its own changes"]
    assert len(alive.left()) == 2
    alive.close()
    assert journals(tmp_path) == (dead,)


def test_a_journal_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "run-9.journal").write_text('{"schema":9,"run":"run-9"}\n')

    good, told = heal(tmp_path)

    assert not good
    assert "expected schema 1 in " in told[0]
    assert "heal with the release that wrote it" in told[0]


def test_nothing_to_do_is_said(tmp_path):
    assert heal(tmp_path) == (True, [f"nothing to undo: no run left a journal in {tmp_path}"])


def test_folders_of_dead_local_runs_are_listed_and_removed(tmp_path):
    """Not those of a process that lives, or holds its folder, nor what has another name."""
    with subprocess.Popen(["true"]) as ended:
        pass
    dead, held = tmp_path / f"redis-resilience-{ended.pid}-gw0-1", tmp_path / f"redis-resilience-{ended.pid}-main-2"
    alive = tmp_path / folder_name("main", 1)
    for folder in (dead, held, alive, tmp_path / "redis-resilience-results"):
        (folder / "logs").mkdir(parents=True)
    let_go = hold(held)
    told: list[str] = []

    assert [each.what for each in folders(tmp_path)] == [f"folder {dead}"]
    assert heal_folders(tell=told.append, places=tmp_path)
    assert told == [f"  undone  folder {dead} of a dead run is removed"]
    assert sorted(tmp_path.iterdir()) == sorted([held, alive, tmp_path / "redis-resilience-results"])
    let_go()
    assert [each.what for each in folders(tmp_path)] == [f"folder {held}"]
