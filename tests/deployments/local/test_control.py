"""The agent starts, watches and ends programs; here ordinary ones, no Redis."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from redis_resilience.deployments.local.control import Agent, ProcessState
from redis_resilience.deployments.local.isolation import Level, write_name_files
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.errors import DeploymentError

ENVIRONMENT = {"PATH": os.defpath}
SLEEPER = ("/bin/sleep", "60")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    (tmp_path / "etc").mkdir()
    write_name_files(tmp_path / "etc", "10.77.0.99 somebody.else\n")
    return tmp_path


@pytest.fixture
def agent(level: Level, folder: Path) -> Iterator[Agent]:
    made = Agent(level, folder, "10.77.0.1")
    yield made
    made.end()


def run(agent: Agent, folder: Path, *argv: str, name: str = "one") -> int:
    started = agent.start(name, argv, pod=None, environment=ENVIRONMENT, log=folder / "log")
    return started.pid


def wait(agent: Agent, state: str, name: str = "one") -> ProcessState:
    def look() -> tuple[bool, str]:
        seen = agent.look()[name]
        return seen.state == state, seen.state

    eventually(look, within_s=60, what=f"{name} to be {state}", every_s=0.002)
    return agent.look()[name]


def test_output_goes_to_the_log_and_the_exit_status_is_kept(agent: Agent, folder: Path) -> None:
    run(agent, folder, "/bin/sh", "-c", "echo to stdout; echo to stderr >&2; exit 3")
    ended = wait(agent, "ended")
    assert (ended.status, ended.asked) == (3, False)
    assert (folder / "log").read_text() == "to stdout\nto stderr\n"


def test_a_program_that_is_not_there_ends_at_once_and_says_why(agent: Agent, folder: Path) -> None:
    run(agent, folder, "/no/such/program")
    assert wait(agent, "ended").status == 127
    assert "/no/such/program could not be started: [Errno 2]" in (folder / "log").read_text()


def test_a_stop_and_its_end_are_seen_with_their_instants(agent: Agent, folder: Path) -> None:
    run(agent, folder, *SLEEPER)
    begin_ns = agent.signal(["one"], signal.SIGSTOP)
    stopped = wait(agent, "stopped")
    assert stopped.since_ns >= begin_ns
    agent.signal(["one"], signal.SIGCONT)
    assert wait(agent, "running").since_ns > stopped.since_ns


def test_a_kill_is_seen_and_known_to_have_been_asked_for(agent: Agent, folder: Path) -> None:
    run(agent, folder, *SLEEPER)
    begin_ns = agent.signal(["one"], signal.SIGKILL)
    ended = wait(agent, "ended")
    assert (ended.status, ended.asked) == (-signal.SIGKILL, True)
    assert ended.since_ns >= begin_ns


def test_what_a_program_forked_ends_with_it(
    agent: Agent, folder: Path, processes_of: Callable[[Path], list[str]]
) -> None:
    run(agent, folder, "/bin/sh", "-c", "sleep 61 & exec sleep 60")

    def sleeping(count: int) -> tuple[bool, str]:
        sleepers = [process for process in processes_of(folder) if process.startswith("sleep")]
        return len(sleepers) == count, str(sleepers)

    eventually(lambda: sleeping(2), within_s=60, what="both to run")
    agent.signal(["one"], signal.SIGKILL)
    eventually(lambda: sleeping(0), within_s=60, what="both to end")


def test_the_end_of_the_agent_is_the_end_of_all(
    agent: Agent, folder: Path, processes_of: Callable[[Path], list[str]]
) -> None:
    run(agent, folder, "/bin/sh", "-c", "sleep 61 & exec sleep 60")
    assert processes_of(folder)
    agent.end()
    assert processes_of(folder) == []


def test_an_agent_outlives_the_thread_that_started_it(level: Level, folder: Path) -> None:
    """A parent-death signal would have come with the end of the thread."""
    made: list[Agent] = []
    thread = threading.Thread(target=lambda: made.append(Agent(level, folder, "10.77.0.1")))
    thread.start()
    thread.join()
    run(made[0], folder, *SLEEPER)
    assert made[0].look()["one"].state == "running"
    made[0].end()


def test_a_program_can_be_given_pipes(agent: Agent, folder: Path) -> None:
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    agent.start(
        "one",
        ("/bin/cat",),
        pod=None,
        environment=ENVIRONMENT,
        log=folder / "log",
        descriptors=(theirs_in, theirs_out),
    )
    os.close(theirs_in)
    os.close(theirs_out)
    os.write(ours_out, b"there and back")
    os.close(ours_out)
    with os.fdopen(ours_in, "rb") as reader:
        assert reader.read() == b"there and back"
    assert wait(agent, "ended").status == 0


def test_a_command_to_an_agent_that_is_gone_says_so(agent: Agent) -> None:
    agent.end()
    with pytest.raises(DeploymentError, match=r"expected the agent \(PID \d+\) to carry out 'look'; it is gone"):
        agent.look()


def test_what_the_agent_cannot_do_is_told_with_the_reason(agent: Agent) -> None:
    with pytest.raises(DeploymentError, match="expected the agent to carry out 'signal'; got: KeyError: 'nobody'"):
        agent.signal(["nobody"], signal.SIGKILL)


def test_in_namespaces_names_come_from_the_deployment_s_own_file(level: Level, agent: Agent, folder: Path) -> None:
    look_up = "import socket\ntry: print(socket.gethostbyname('somebody.else'))\nexcept OSError: print('unknown')"
    run(agent, folder, sys.executable, "-I", "-S", "-c", look_up)
    wait(agent, "ended")
    assert (folder / "log").read_text().strip() == ("10.77.0.99" if level is Level.NAMESPACES else "unknown")
