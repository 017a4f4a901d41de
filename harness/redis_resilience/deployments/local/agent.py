"""The process that owns everything of one local deployment: kubelet and node in one.

The harness starts it and commands it over a SEQPACKET socket: one JSON message a packet, descriptors beside it. It is
two processes. The *guard* watches the harness; the *node* runs the containers. With namespaces the node is PID 1 of
its own, so that its end is the end of every process and of the network too.

Whatever ends the harness ends the node: the node sees the end of its socket; the guard sees the harness's PID gone (a
parent-death signal would come too early: it fires when the *thread* ends that started the agent); and the node dies
with the guard.

Standard library only, and little of it: it must start in milliseconds. It knows nothing of Redis or of topologies.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from redis_resilience.deployments.local import kernel, world

NAMESPACES = "namespaces"
PACKET_BYTES = 65536
_DESCRIPTORS = 4
_LAST_WORDS_S = 2.0
_NO_PROGRAM = 127
_CHANGES = os.WEXITED | os.WSTOPPED | os.WCONTINUED | os.WNOHANG


class Process:
    """A child: state is "running", "stopped" or "ended"; since_ns says when it was seen so."""

    def __init__(self, pid: int, since_ns: int) -> None:
        self.pid = pid
        self.state = "running"
        self.since_ns = since_ns
        self.status = 0
        self.asked = False


class Node:
    """Runs, signals and watches the processes. Every command is carried out at once; none waits."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._processes: dict[str, Process] = {}
        self._networks: dict[str, int] = {}
        self._family: dict[str, int] = {}
        self._cables = 0
        self._commands: dict[str, Callable[..., object]] = {
            "pod": self._pod,
            "drop-pod": self._drop_pod,
            "start": self._start,
            "signal": self._signal,
            "look": self._look,
            "socket": self._socket,
        }
        self._outgoing: list[int] = []

    def serve(self) -> None:
        """Until the harness closes its end."""
        wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(wake_read, select.POLLIN)
        self._tell({"ok": None})
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if wake_read in ready:
                os.read(wake_read, 4096)
                self._reap()
            if self._control.fileno() in ready:
                packet, descriptors, _, _ = socket.recv_fds(
                    self._control, PACKET_BYTES, _DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
                )
                if not packet:
                    return
                self._answer(json.loads(packet), descriptors)

    def end(self) -> None:
        """SIGKILL to every process and what it forked, and wait until they are gone."""
        self._reap()
        for process in self._processes.values():
            if process.state != "ended":
                os.killpg(process.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while True:
                os.wait()

    def _answer(self, message: dict[str, object], descriptors: list[int]) -> None:
        command = self._commands[str(message.pop("do"))]
        try:
            if descriptors:
                message["descriptors"] = descriptors
            self._tell({"ok": command(**message)})
        except (OSError, KeyError) as problem:
            self._tell({"error": f"{type(problem).__name__}: {problem}"})
        finally:
            for descriptor in descriptors + self._outgoing:
                os.close(descriptor)
            self._outgoing.clear()

    def _tell(self, message: dict[str, object]) -> None:
        with suppress(BrokenPipeError):
            socket.send_fds(self._control, [json.dumps(message).encode()], self._outgoing)

    def _pod(self, pod: str, address: str) -> None:
        self._cables += 1
        self._networks[pod] = world.add_pod(f"pod{self._cables}", address)
        self._family[pod] = socket.AF_INET6 if ":" in address else socket.AF_INET

    def _drop_pod(self, pod: str) -> None:
        os.close(self._networks.pop(pod))

    def _socket(self, pod: str) -> None:
        """A TCP socket that belongs to the pod's network, handed to the harness."""
        with world.inside(self._networks[pod]):
            made = socket.socket(self._family[pod])
        self._outgoing.append(made.detach())

    def _start(
        self,
        *,
        name: str,
        pod: str | None,
        argv: list[str],
        environment: dict[str, str] | None,
        log: str,
        descriptors: Sequence[int] = (),
    ) -> dict[str, int]:
        """environment: None for the harness's own, which the agent was started with.

        descriptors: standard input and output; without them nothing comes in, and all output goes to the log.
        """
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        standard = (*(descriptors or (nothing, output)), output)
        network = None if pod is None else self._networks.get(pod)
        node = os.getpid()
        begin_ns = time.monotonic_ns()
        pid = os.fork()
        if pid == 0:
            _become(argv, os.environ if environment is None else environment, standard, network, node)
        # The child does the same: whichever is first, the group exists before it is signalled.
        with suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        os.close(output)
        os.close(nothing)
        self._processes[name] = Process(pid, begin_ns)
        return {"pid": pid, "begin_ns": begin_ns}

    def _signal(self, names: list[str], number: int) -> dict[str, int]:
        processes = [self._processes[name] for name in names]
        begin_ns = time.monotonic_ns()
        for process in processes:
            if process.state != "ended":
                process.asked = process.asked or number in (signal.SIGKILL, signal.SIGTERM)
                os.kill(process.pid, number)
        return {"begin_ns": begin_ns}

    def _look(self) -> dict[str, object]:
        self._reap()
        return {name: vars(process) for name, process in self._processes.items()}

    def _reap(self) -> None:
        by_pid = {process.pid: process for process in self._processes.values() if process.state != "ended"}
        with suppress(ChildProcessError):
            while (seen := os.waitid(os.P_ALL, 0, _CHANGES | os.WNOWAIT)) is not None:
                if seen.si_pid in by_pid:
                    _note(by_pid[seen.si_pid], seen)
                os.waitid(os.P_PID, seen.si_pid, _CHANGES)


def _note(process: Process, seen: os.waitid_result) -> None:
    process.since_ns = time.monotonic_ns()
    if seen.si_code == os.CLD_STOPPED:
        process.state = "stopped"
    elif seen.si_code == os.CLD_CONTINUED:
        process.state = "running"
    else:
        process.state = "ended"
        process.status = seen.si_status if seen.si_code == os.CLD_EXITED else -seen.si_status
        # What it forked ends with it, as in a container whose PID 1 ends. Until it is reaped, it keeps its number.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _become(
    argv: list[str], environment: Mapping[str, str], standard: tuple[int, ...], network: int | None, node: int
) -> None:
    """Turn this fresh child into the program; never returns."""
    try:
        os.setpgid(0, 0)
        kernel.die_with_parent()
        if os.getppid() != node:
            os._exit(_NO_PROGRAM)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        if network is not None:
            kernel.enter_network(network)
        # Copies above 2 first: a descriptor that is itself 0, 1 or 2 must not be overwritten before its turn.
        for target, copy in enumerate([os.dup(descriptor) for descriptor in standard]):
            os.dup2(copy, target, inheritable=True)
        os.execve(argv[0], argv, environment)  # noqa: S606 - no shell is wanted
    except OSError as problem:
        os.write(standard[2], f"{argv[0]} could not be started: {problem}\n".encode())
    finally:
        os._exit(_NO_PROGRAM)


def _guard(node: int, harness: int) -> None:
    """Return once the node is gone; end it where the harness is gone and the node does not follow by itself."""
    ended = os.pidfd_open(node)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(harness, select.POLLIN)
    if ended not in {descriptor for descriptor, _ in poll.poll()}:
        poll.unregister(harness)
        if not poll.poll(_LAST_WORDS_S * 1000):
            os.kill(node, signal.SIGKILL)
    os.waitpid(node, 0)


def main(arguments: list[str]) -> None:
    """CONTROL-DESCRIPTOR HARNESS-PID LEVEL FOLDER-OF-NAME-FILES ADDRESS."""
    control = socket.socket(fileno=int(arguments[0]))
    control.set_inheritable(False)
    harness_pid, level, folder, address = int(arguments[1]), arguments[2], Path(arguments[3]), arguments[4]
    harness = os.pidfd_open(harness_pid)
    if os.getppid() != harness_pid:
        return
    if level == NAMESPACES:
        try:
            world.enter(folder, address)
        except OSError as problem:
            control.send(json.dumps({"error": str(problem)}).encode())
            return
    node = os.fork()
    if node:
        control.close()
        _guard(node, harness)
        return
    kernel.die_with_parent()
    kernel.adopt_orphans()
    here = Node(control)
    try:
        here.serve()
    finally:
        here.end()


if __name__ == "__main__":
    main(sys.argv[1:])
