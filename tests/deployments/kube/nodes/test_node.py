"""Processes of a node, tried on this host's own: the shell is a local one, `ctr` a file that lists a sleeper."""

from __future__ import annotations

import os
import select
import shutil
import subprocess

import pytest

from redis_resilience.deployments.kube.nodes.node import (
    NodeShell,
    Process,
    descendants,
    find_process,
    process_state,
    send_signal,
    wait_for_state,
)
from redis_resilience.model.errors import DeploymentError, UsageError, WaitTimeout


@pytest.fixture
def sleeper():
    """A process in a session of its own; reaped here, as a container's shim would."""
    process = subprocess.Popen([shutil.which("sleep"), "60"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def listed(tmp_path, monkeypatch, sleeper):
    """`ctr` on the node lists the sleeper as the task of container "abc"."""
    ctr = tmp_path / "ctr"
    ctr.write_text(
        f"#!/bin/sh\necho 'TASK PID STATUS'\necho 'abcd 1 RUNNING'\necho 'abc    {sleeper.pid}    RUNNING'\n"
    )
    ctr.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


@pytest.fixture
def shell(listed):
    del listed
    made = NodeShell("node-1", ("sh",))
    yield made
    made.close()


@pytest.fixture
def process(shell):
    return find_process(shell, "abc", "redis-0/redis")


def test_answers_come_with_their_exit_status(shell):
    """One after the other, whether or not they end with a new line."""
    assert shell.ask("printf one") == (0, "one")
    assert shell.ask("echo two; exit 3") == (3, "two\n")
    assert shell.ask("cat /nothing/there 2>/dev/null") == (1, "")


def test_what_must_succeed_says_what_it_was_for(shell):
    with pytest.raises(
        DeploymentError,
        match=r"expected rules that isolate redis-0 on node node-1; .* exit status 2 with the output: no nft",
    ):
        shell.must("echo no nft; exit 2", "rules that isolate redis-0")


def test_a_node_that_does_not_answer_is_given_up(shell):
    """For good: a late answer must not be taken for that of the next question."""
    with pytest.raises(DeploymentError, match="expected node node-1 to answer `sleep 1` in time"):
        shell.ask("sleep 1", within_s=0.2)
    with pytest.raises(DeploymentError, match=r"expected a shell in node node-1; it is gone"):
        shell.ask("true")


def test_an_interrupted_question_does_not_spoil_the_next(shell, monkeypatch):
    """Ctrl-C while a node is asked: the same shell has to undo faults after that."""
    wait = select.select

    def interrupted(*_):
        monkeypatch.setattr(select, "select", wait)
        raise KeyboardInterrupt

    monkeypatch.setattr(select, "select", interrupted)
    with pytest.raises(KeyboardInterrupt):
        shell.ask("echo first; exit 7")

    assert shell.ask("echo second") == (0, "second\n")


def test_ctrl_c_at_a_terminal_does_not_reach_the_shell(shell):
    """A terminal sends it to the whole group of the harness's process."""
    assert os.getpgid(shell._shell.pid) != os.getpgid(0)
    assert shell.ask("echo there") == (0, "there\n")


def test_a_node_that_is_gone_says_so():
    gone = NodeShell("node-1", ("sh", "-c", "echo No such container >&2"))

    with pytest.raises(DeploymentError, match=r"expected a shell in node node-1; it is gone .*No such container"):
        gone.ask("true")

    gone.close()


def test_a_container_is_found_by_its_whole_id(process, sleeper):
    """Not by the beginning of another's."""
    assert process.pid == sleeper.pid
    assert int(process.born) > 0


def test_a_container_that_does_not_run_is_named(shell):
    with pytest.raises(
        DeploymentError, match=r"expected redis-0/redis to run on node node-1; no task has .* between two"
    ):
        find_process(shell, "", "redis-0/redis")


def test_a_later_process_of_the_same_number_is_another_one(shell, process):
    """PIDs are used again."""
    other = Process(node="node-1", pid=process.pid, born="1")

    assert process_state(shell, process) == "running"
    assert process_state(shell, other) == "gone"


def test_stop_and_go_on(shell, process):
    """Both are seen in the process's state."""
    stopped = send_signal(shell, process, "SIGSTOP", "redis-0/redis")
    state = process_state(shell, process)
    going = send_signal(shell, process, "SIGCONT", "redis-0/redis")

    assert state == "stopped"
    assert process_state(shell, process) == "running"
    assert f"redis-0/redis, PID {process.pid} on node-1" in stopped.proof
    assert stopped.begin_ns < stopped.end_ns < going.begin_ns


def test_only_descendants_belong_to_a_container():
    """Children and theirs, whatever a process calls itself; never a parent, another child of it, or a neighbour."""
    stats = """\
1 (systemd) S 0 1 1
10 (containerd-shim) S 1 10 10
20 (sh) S 10 20 20
21 (a) b (c) S 20 20 20
22 (redis-server) S 21 20 20
30 (sleep) S 10 30 30
cat: /proc/99/stat: No such file or directory"""

    assert descendants(20, stats) == [21, 22]
    assert descendants(22, stats) == []


def test_killed_is_gone_before_it_is_reaped(shell, process, sleeper):
    """A zombie serves no client; and what is gone cannot be killed again."""
    effect = send_signal(shell, process, "SIGKILL", "redis-0/redis")

    assert effect.proof.endswith("is gone")
    assert sleeper.returncode is None
    with pytest.raises(DeploymentError, match="expected redis-0/redis not to be gone before SIGKILL; it was already"):
        send_signal(shell, process, "SIGKILL", "redis-0/redis")


def test_an_unknown_signal_lists_the_known(shell, process):
    with pytest.raises(UsageError, match="expected a signal of SIGKILL, SIGTERM, SIGSTOP, SIGCONT; got 'SIGHUP'"):
        send_signal(shell, process, "SIGHUP", "redis-0/redis")


def test_a_wait_for_an_end_that_does_not_come(shell, process):
    with pytest.raises(WaitTimeout, match=r"waited 0.1 s for redis-0/redis \(PID \d+\) to be gone; saw last: running"):
        wait_for_state(shell, process, "gone", "redis-0/redis", within_s=0.1)
