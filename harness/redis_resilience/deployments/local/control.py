"""The harness's end of the agent: typed commands, and a guarantee that nothing outlives `end`."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis_resilience.deployments.local.agent import PACKET_BYTES
from redis_resilience.deployments.local.isolation import Level, bare_python
from redis_resilience.model.errors import DeploymentError

_ANSWER_S = 10.0
_END_S = 10.0
_ENTRANCE = "from redis_resilience.deployments.local import agent\nagent.main(sys.argv[2:])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    pid: int
    begin_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """state: running, stopped or ended, seen so at since_ns. status: exit code, or minus the signal that ended it.

    asked: it was sent SIGKILL or SIGTERM through the agent, so that its end is no surprise.
    """

    pid: int
    state: str
    since_ns: int
    status: int
    asked: bool


class Agent:
    """Starts with the constructor. Commands are carried out one after the other, whatever thread they come from."""

    def __init__(self, level: Level, folder: Path, address: str, *, keep: Sequence[int] = ()) -> None:
        """folder: has the name files in etc, and takes logs in logs. address: the deployment's own, for its bridge.

        keep: descriptors that stay open until the last process is gone (the lock of an address block).
        """
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(_ANSWER_S)
        self._complaints = folder / "logs" / "agent.log"
        arguments = (str(theirs.fileno()), str(os.getpid()), level.value, str(folder / "etc"), address)
        with theirs, self._complaints.open("ab") as complaints:
            self._process = subprocess.Popen(
                bare_python(_ENTRANCE, *arguments),
                stdin=subprocess.DEVNULL,
                stdout=complaints,
                stderr=complaints,
                pass_fds=(theirs.fileno(), *keep),
                # Ctrl-C at the terminal is handled by the harness: it takes the deployment down in order.
                start_new_session=True,
            )
        try:
            self._receive("start")
        except BaseException:
            self.end()
            raise

    def add_pod(self, pod: str, address: str) -> None:
        self._call("pod", pod=pod, address=address)

    def drop_pod(self, pod: str) -> None:
        self._call("drop-pod", pod=pod)

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        pod: str | None,
        environment: Mapping[str, str] | None,
        log: Path,
        descriptors: Sequence[int] = (),
    ) -> Started:
        """Start a program in the pod's network (None: in the deployment's own).

        environment: None for this process's own. descriptors: standard input and output.
        """
        answer, _ = self._call(
            "start",
            descriptors,
            name=name,
            argv=list(argv),
            pod=pod,
            environment=None if environment is None else dict(environment),
            log=str(log),
        )
        return Started(**answer)

    def signal(self, names: Sequence[str], number: int) -> int:
        """Signal these processes; returns the instant before the first signal."""
        answer, _ = self._call("signal", names=list(names), number=int(number))
        return int(answer["begin_ns"])

    def look(self) -> Mapping[str, ProcessState]:
        answer, _ = self._call("look")
        return {name: ProcessState(**state) for name, state in answer.items()}

    def socket_of(self, pod: str) -> socket.socket:
        """A fresh TCP socket that belongs to the pod's network."""
        _, descriptors = self._call("socket", pod=pod)
        return socket.socket(fileno=descriptors[0])

    def end(self) -> None:
        """End the agent and with it every process; returns when they are gone. Harmless when they are gone already.

        Raises DeploymentError where the agent had to be killed.
        """
        self._control.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise DeploymentError(
                f"expected the agent (PID {self._process.pid}) to end within {_END_S:g} s; it did not and was killed"
            ) from None

    def _call(self, command: str, descriptors: Sequence[int] = (), **fields: object) -> tuple[Any, list[int]]:
        with self._lock:
            try:
                socket.send_fds(self._control, [json.dumps({"do": command, **fields}).encode()], descriptors)
            except OSError as problem:
                raise self._gone(command) from problem
            return self._receive(command)

    def _receive(self, command: str) -> tuple[Any, list[int]]:
        try:
            packet, descriptors, _, _ = socket.recv_fds(self._control, PACKET_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
        except OSError as problem:
            raise self._gone(command) from problem
        if not packet:
            raise self._gone(command)
        answer = json.loads(packet)
        if "error" in answer:
            raise DeploymentError(f"expected the agent to carry out {command!r}; got: {answer['error']}")
        return answer["ok"], descriptors

    def _gone(self, command: str) -> DeploymentError:
        # An answer that comes too late must not be taken for the next one's. The agent ends with its socket.
        self._control.close()
        words = ""
        with contextlib.suppress(OSError):
            words = self._complaints.read_text(errors="replace").strip()[-2000:]
        return DeploymentError(
            f"expected the agent (PID {self._process.pid}) to carry out {command!r}; it is gone or does not answer"
            + (f"; its last output: {words}" if words else "")
        )
