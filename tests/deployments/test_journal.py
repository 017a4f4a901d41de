"""The undo journal: on disk before a change, readable after any death, held by live processes, undone newest first."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from redis_resilience.deployments.journal import Journal, is_held, journals, parse, state_folder, undo_left
from redis_resilience.deployments.kube.attachment import Attachment
from redis_resilience.deployments.kube.keys import Keys, PasswordFrom, TlsFrom
from redis_resilience.deployments.undo import (
    DeleteCluster,
    DeleteKeys,
    DeleteNamespace,
    DeleteObjects,
    DeletePod,
    DropTable,
    RestoreImages,
    Resume,
    ScaleBack,
    StartNode,
    Undo,
    Where,
    kind_cluster_of,
)
from redis_resilience.model.errors import BrokenJournal, DeploymentError, UsageError
from redis_resilience.topologies.topology import Controller, ControllerKind

SET = Controller(kind=ControllerKind.STATEFUL_SET, name="redis")
WHERE = Where(kubeconfig="/run/kubeconfig", context="kind-mine", namespace="run-main-1", kind_cluster="mine")
NAMESPACE = DeleteNamespace(where=WHERE, run="run")
SCALE = ScaleBack(where=WHERE, controller=SET, replicas=3)
RESUME = Resume(node="n", pid=7, born="99", name="redis-0/redis", kind_cluster="mine")
EVERY = (
    DeleteCluster(kind_cluster="mine", kubeconfig="/run/kubeconfig"),
    NAMESPACE,
    DeletePod(where=WHERE, pod="helper"),
    DeleteObjects(where=WHERE, run="run", resources=("services", "statefulsets")),
    SCALE,
    RestoreImages(
        where=WHERE,
        controller=SET,
        images={"redis": "redis:7.0"},
        init_containers=(),
        strategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
    ),
    RESUME,
    DropTable(nodes=("n", "m"), table="rr_run_redis_0", pod="redis-0", kind_cluster="mine"),
    StartNode(node="n", kind_cluster="mine"),
    DeleteKeys(
        where=WHERE,
        trial="0000beef",
        attachment=Attachment(
            selector="app=db",
            keys=Keys(
                password=PasswordFrom(secret=("redis", "password")),
                sentinel_password=PasswordFrom(variable="SENTINELS"),
                tls=TlsFrom(ca=Path("/keys/ca.crt")),
            ),
            announced={"db-0": "10.0.0.9"},
        ),
        probe_image="probe:1",
    ),
)
DIES = """
import os, sys
from pathlib import Path
from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.undo import StartNode
from redis_resilience.topologies.topology import Controller, ControllerKind
Journal.begin(Path(sys.argv[1]), "run").note(StartNode(node="n"))
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def journal(tmp_path):
    made = Journal.begin(tmp_path / "state", "run", results="/results/run")
    yield made
    made.close()


def test_every_kind_of_change_is_among_those_that_are_tried() -> None:
    assert {type(each) for each in EVERY} == set(get_args(Undo))


def test_every_change_is_on_disk_when_note_returns(journal):
    """Word for word as it was given: `heal` has nothing else to go by."""
    for undo in EVERY:
        journal.note(undo)

    content = parse(journal.path.read_bytes())

    assert tuple(entry.undo for entry in content.left) == EVERY
    assert (content.run, content.results, content.torn) == ("run", "/results/run", 0)
    assert all(kind_cluster_of(undo) == "mine" for undo in EVERY)


def test_what_is_done_is_left_no_more(journal):
    first, second = journal.note(NAMESPACE), journal.note(SCALE)

    journal.done(first, "gone")

    assert journal.left() == (second,)
    assert b'"done":"gone"' in journal.path.read_bytes()


def test_a_torn_line_costs_itself_only(journal):
    """Its note never returned, so its change never began; what comes after it is read."""
    journal.note(NAMESPACE)
    with journal.path.open("ab") as file:
        file.write(b'{"id":"0badf00d","undo":{"kind":"sca')
    journal.note(SCALE)

    content = journal.content()

    assert [entry.undo for entry in content.left] == [NAMESPACE, SCALE]
    assert content.torn == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"schema":2,"run":"r"}', "expected schema 1 in a journal; got 2; heal with the release that wrote it"),
        (b'{"id":"1","undo":{"kind":"defrost"}}', r"in a journal, line 1; got: Invalid value 'defrost'.*; heal with"),
    ],
)
def test_a_journal_of_another_release_is_not_guessed_at(line, message):
    with pytest.raises(BrokenJournal, match=message):
        parse(line + b"\n")


def test_the_living_hold_their_journal_together(tmp_path):
    """As the workers of pytest-xdist do; the last of them has what is left to undo."""
    one, two = (Journal.begin(tmp_path, "run") for _ in range(2))
    entry = one.note(NAMESPACE)

    assert two.left() == (entry,)
    assert (one.noted(entry), two.noted(entry)) == (True, False)
    assert Journal.claim(one.path) is None
    assert not two.leave()
    assert is_held(one.path)
    assert one.leave()
    assert is_held(one.path)
    one.close()
    assert not is_held(one.path)


def test_of_two_that_leave_at_once_one_is_the_last(tmp_path):
    """A process that is not the last has released it when `leave` returns."""
    one, two = (Journal.begin(tmp_path, "run") for _ in range(2))
    one.note(NAMESPACE)

    answers = [one.leave(), two.leave()]
    one.close()
    two.close()

    assert answers == [False, True]


def test_kill_9_gives_the_journal_up(tmp_path):
    """The kernel does, so nothing has to be written for that."""
    subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False, timeout=20)
    [path] = journals(tmp_path)

    assert not is_held(path)
    claimed = Journal.claim(path)
    assert [entry.undo for entry in claimed.left()] == [StartNode(node="n")]
    with pytest.raises(UsageError, match=r"expected to begin the undo journal .*run.journal; a run of that name died"):
        Journal.begin(tmp_path, "run")
    claimed.close()


def test_a_journal_with_nothing_left_goes_with_its_last_holder(tmp_path):
    one, two = (Journal.begin(tmp_path, "run") for _ in range(2))

    one.close()
    kept = one.path.exists()
    two.close()
    two.close()

    assert kept
    assert journals(tmp_path) == ()


def test_undone_newest_first_and_a_failure_keeps_nobody_else(journal):
    """What cannot be undone is named, and stays."""
    for undo in (NAMESPACE, SCALE, RESUME):
        journal.note(undo)
    told = []

    def undo(what):
        told.append(what)
        if what is not NAMESPACE and what == SCALE:
            raise DeploymentError("the API is down")
        return f"{what} is undone"

    undone = undo_left(journal, undo)

    assert told == [RESUME, SCALE, NAMESPACE]
    assert [each.problem for each in undone] == ["", "the API is down", ""]
    assert [entry.undo for entry in journal.left()] == [SCALE]
    assert undo_left(journal, lambda what: f"{what} is undone")[0].entry.undo == SCALE
    assert journal.left() == ()


def test_a_full_disk_stops_a_change_before_it_begins_but_no_undoing(journal, monkeypatch):
    """What cannot be recorded is not done; what is undone and cannot be marked is undone again, which does no harm."""

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    entry = journal.note(SCALE)
    monkeypatch.setattr(os, "write", full)

    with pytest.raises(DeploymentError, match="No space left on device; nothing was changed; make room"):
        journal.note(NAMESPACE)
    journal.done(entry, "undone")

    assert journal.left() == (entry,)


def test_what_is_in_a_cluster_goes_with_it(journal):
    """One deletion instead of many, the cluster's first; another cluster's changes are undone for themselves."""
    elsewhere = Resume(node="other", pid=8, born="1", name="redis-1/redis", kind_cluster="other")
    for undo in (EVERY[0], NAMESPACE, elsewhere):
        journal.note(undo)
    told = []

    undone = undo_left(journal, lambda what: told.append(what) or "undone")

    assert told == [EVERY[0], elsewhere]
    assert [each.proof for each in undone] == ["undone", "undone", f"{WHERE} went with cluster mine"]
    assert journal.left() == ()


def test_only_some_may_be_undone(journal):
    for undo in (NAMESPACE, SCALE):
        journal.note(undo)

    undo_left(journal, lambda _: "undone", only=lambda entry: entry.undo == SCALE)

    assert [entry.undo for entry in journal.left()] == [NAMESPACE]


def test_journals_are_in_the_users_state_folder():
    assert state_folder("here/it", {}).is_absolute()
    assert str(state_folder("", {"REDIS_RESILIENCE_STATE": "/var/j"})) == "/var/j"
    assert str(state_folder("", {"XDG_STATE_HOME": "/s"})) == "/s/redis-resilience"
    assert str(state_folder("", {"XDG_STATE_HOME": "not/absolute"})).endswith("/.local/state/redis-resilience")


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(
        UsageError, match=r"expected to keep the undo journal .*/file/.*; name a folder .* --redis-state"
    ):
        Journal.begin(tmp_path / "file" / "state", "run")
