"""The processes of a node, reached through one shell that stays open in it: an answer takes a millisecond, not the
hundred of a `docker exec`.

From inside a container the kernel drops SIGKILL and SIGSTOP to its first process, so `kubectl exec ... kill -9 1` does
nothing and reports nothing. From the node it works, and the node sees whether it did.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis_resilience.deployments.waiting import eventually
from redis_resilience.faults.effect import Effect
from redis_resilience.model.errors import DeploymentError, TargetAway, TargetBack, UsageError

ANSWERS_WITHIN_S = 10.0
_SEEN_WITHIN_S = 5.0
_GOODBYE_WITHIN_S = 30.0
_EVERY_S = 0.002
_MARK = "end-of-answer"
_WANTED = {"SIGKILL": "gone", "SIGTERM": "gone", "SIGSTOP": "stopped", "SIGCONT": "running"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A container's first process as its node sees it; `born` (clock ticks after boot) tells it from a later one."""

    node: str
    pid: int
    born: str


class NodeShell:
    """Commands to one node, one after the other. `command` opens the shell: `docker exec -i NODE sh`."""

    def __init__(self, node: str, command: Sequence[str]) -> None:
        self.node = node
        self._command = command
        self._lock = threading.Lock()
        self._open()

    def _open(self) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the shell
        # A group of its own: Ctrl-C is for the harness, which undoes faults through this very shell.
        self._shell = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            bufsize=0,
            process_group=0,
        )
        assert self._shell.stdin is not None  # noqa: S101 - PIPE was requested
        assert self._shell.stdout is not None  # noqa: S101 - PIPE was requested
        self._in, self._out = self._shell.stdin, self._shell.stdout
        self._given_up = False
        self._asked = 0

    @classmethod
    def of_container(cls, node: str) -> NodeShell:
        """Of a node that is a container of the local Docker, as kind's are."""
        return cls(node, ("docker", "exec", "-i", node, "sh"))

    def ask(self, script: str, *, within_s: float = ANSWERS_WITHIN_S) -> tuple[int, str]:
        """Exit status and output of a few lines of shell. Raises DeploymentError where the node does not answer."""
        with self._lock:
            if self._given_up:
                raise self._gone("it did not answer in time before")
            self._asked += 1
            mark = f"{_MARK}-{self._asked}"
            try:
                self._in.write(f"( {script}\n) 2>&1 </dev/null; echo {mark} $?\n".encode())
            except OSError as error:
                raise self._gone(str(error)) from error
            text = self._read(script, mark, time.monotonic() + within_s)
        output, _, status = text.rpartition(mark)
        # The answer to an interrupted question comes before the answer to this one.
        return int(status), re.sub(rf"\A.*{_MARK}-\d+ \d+\n", "", output, flags=re.DOTALL)

    def must(self, script: str, what: str) -> str:
        """The output of a command that must succeed; raises DeploymentError where it does not."""
        status, output = self.ask(script)
        if status != 0:
            raise DeploymentError(
                f"expected {what} on node {self.node}; the command ended with exit status {status} with the output: "
                f"{output.strip() or 'nothing'}"
            )
        return output

    def reopen(self) -> None:
        """A new shell where the old one went with its node."""
        with self._lock:
            self.close()
            self._open()

    def close(self) -> None:
        self._in.close()
        try:
            self._shell.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            self._shell.kill()
            self._shell.wait()
        self._out.close()
        self._complaints.close()

    def _read(self, script: str, mark: str, deadline: float) -> str:
        found = b""
        ending = re.compile(rb"%s \d+\n$" % mark.encode())
        while not ending.search(found):
            ready, _, _ = select.select([self._out], [], [], max(deadline - time.monotonic(), 0))
            if not ready:
                self._given_up = True  # a late answer must not be taken for that of the next question
                self._shell.kill()
                raise DeploymentError(
                    f"expected node {self.node} to answer `{script.splitlines()[0]}` in time; got so far: {found!r}; "
                    "is the machine overloaded?"
                )
            data = os.read(self._out.fileno(), 1 << 16)
            if not data:
                raise self._gone("its output ended")
            found += data
        return found.decode(errors="replace")

    def _gone(self, reason: str) -> DeploymentError:
        self._complaints.seek(0)
        said = self._complaints.read().decode(errors="replace").strip()
        return DeploymentError(
            f"expected a shell in node {self.node}; it is gone ({reason}); its output: {said or 'nothing'}; "
            "does the node's container still run?"
        )


def find_process(shell: NodeShell, container_id: str, name: str) -> Process:
    """The first process of a container. Raises TargetAway, which has the name, where it does not run."""
    tasks = shell.must("ctr -n k8s.io tasks ls", "the list of running containers")
    found = re.search(rf"^{re.escape(container_id)}\s+(\d+)\s+(\w+)", tasks, re.MULTILINE) if container_id else None
    if found is None:
        raise TargetAway(
            f"expected {name} to run on node {shell.node}; no task has its container's id "
            f"{container_id[:12] or '(none yet)'}; is it between two starts?"
        )
    pid = int(found[1])
    _, stat = shell.ask(f"cat /proc/{pid}/stat")
    if not _born(stat):
        raise TargetAway(f"expected {name} to run on node {shell.node}; its PID {pid} ended meanwhile: {stat.strip()}")
    return Process(node=shell.node, pid=pid, born=_born(stat))


def process_state(shell: NodeShell, process: Process) -> str:
    """running, stopped or gone; a PID that another process has by now is gone too, and so is one not yet reaped."""
    _, stat = shell.ask(f"cat /proc/{process.pid}/stat")
    if _born(stat) != process.born or _letter(stat) in "ZX":
        return "gone"
    return "stopped" if _letter(stat) in "Tt" else "running"


def send_signal(shell: NodeShell, process: Process, signal: str, name: str) -> Effect:
    """Deliver a signal and see it take effect.

    SIGSTOP and SIGCONT go to the descendants of the container's first process too: it may be a shell around the server.

    Raises UsageError for another signal, DeploymentError where the process is in that state already.
    """
    if signal not in _WANTED:
        raise UsageError(f"expected a signal of {', '.join(_WANTED)}; got {signal!r}")
    wanted = _WANTED[signal]
    before = process_state(shell, process)
    if before in (wanted, "gone"):
        already = TargetBack if before == "running" else TargetAway
        raise already(f"expected {name} not to be {before} before {signal}; it was already")
    pids = [process.pid]
    if wanted != "gone":
        pids += descendants(process.pid, shell.ask("cat /proc/[0-9]*/stat")[1])
    begin_ns = time.monotonic_ns()
    shell.must(f"kill -{signal.removeprefix('SIG')} {' '.join(map(str, pids))}", f"{signal} to be sent to {name}")
    within_s = _GOODBYE_WITHIN_S if signal == "SIGTERM" else _SEEN_WITHIN_S
    end_ns = wait_for_state(shell, process, wanted, name, within_s=within_s)
    others = f" and {len(pids) - 1} below it" if len(pids) > 1 else ""
    return Effect(
        begin_ns=begin_ns, end_ns=end_ns, proof=f"{name}, PID {process.pid} on {process.node}{others}, is {wanted}"
    )


def wait_for_state(
    shell: NodeShell,
    process: Process,
    wanted: str,
    name: str,
    *,
    within_s: float,
    every_s: float = _EVERY_S,
    clock_ns: Callable[[], int] = time.monotonic_ns,
) -> int:
    """When the state was seen."""

    def look() -> tuple[bool, str]:
        seen = process_state(shell, process)
        return seen == wanted, seen

    eventually(look, within_s=within_s, what=f"{name} (PID {process.pid}) to be {wanted}", every_s=every_s)
    return clock_ns()


def descendants(pid: int, stats: str) -> list[int]:
    """All descendants of this process, by the parent in each line of /proc/PID/stat; children before theirs.

    Nothing wider may stand for "the processes of a container": a control group, for one, is shared by all where the
    node has no groups of its own.
    """
    children: dict[int, list[int]] = {}
    for line in stats.splitlines():
        number, _, rest = line.partition(" (")
        fields = rest.rpartition(") ")[2].split()
        if number.isdecimal() and len(fields) > 1:
            children.setdefault(int(fields[1]), []).append(int(number))
    found = list(children.get(pid, ()))
    for each in found:  # grows during the loop
        found += children.get(each, ())
    return found


def _letter(stat: str) -> str:
    """State of the process; the name before it may contain anything, even a closing bracket."""
    return stat.rpartition(") ")[2][:1] or "X"


def _born(stat: str) -> str:
    fields = stat.rpartition(") ")[2].split()
    return fields[19] if len(fields) > 19 else ""
