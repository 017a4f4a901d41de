"""Containers as processes of the agent: start, signal, and say in words how one ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from redis_resilience.deployments.local.control import Agent, ProcessState, Started
from redis_resilience.deployments.waiting import eventually
from redis_resilience.faults.effect import Effect
from redis_resilience.model.errors import DeploymentError, TargetAway, TargetBack, UsageError, WaitTimeout

_LOOK_EVERY_S = 0.002
_SEEN_WITHIN_S = 5.0
_GOODBYE_WITHIN_S = 20.0  # a server may wait 10 s for its replicas (shutdown-timeout), then save
_LOG_END_BYTES = 1500
_STATES = {"SIGKILL": "ended", "SIGTERM": "ended", "SIGSTOP": "stopped", "SIGCONT": "running"}


class Containers:
    """All containers of one deployment, by (pod, container); each appends its output to one log."""

    def __init__(self, agent: Agent, logs: Path) -> None:
        self._agent = agent
        self._logs = logs
        self._saved: dict[Path, int] = {}
        self._started: set[tuple[str, str]] = set()
        self._began: dict[tuple[str, str], int] = {}

    def start(self, pod: str, container: str, argv: Sequence[str], *, network: str | None) -> Started:
        """network: the pod whose network it runs in; None where all share the host's."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        log = self._log(pod, container)
        self._began[pod, container] = log.stat().st_size if log.exists() else 0
        started = self._agent.start(f"{pod}/{container}", argv, pod=network, environment=environment, log=log)
        self._started.add((pod, container))
        return started

    def state(self, pod: str, container: str) -> ProcessState:
        """Raises DeploymentError where it was never started."""
        try:
            return self._agent.look()[f"{pod}/{container}"]
        except KeyError:
            raise DeploymentError(f"expected {pod}/{container} to have been started; it never was") from None

    def running(self, pod: str, container: str) -> bool:
        known = self._agent.look().get(f"{pod}/{container}")
        return known is not None and known.state != "ended"

    def check(self) -> None:
        """Raise DeploymentError where a container ended without being asked to."""
        states = self._agent.look()
        for pod, container in self._started:
            state = states[f"{pod}/{container}"]
            if state.state == "ended" and not state.asked and state.status != 0:
                raise self._unexpected(pod, container, state)

    def must_run(self, pod: str, container: str) -> ProcessState:
        """Its state. Raises TargetAway where it was ended, DeploymentError with its log where it ended by itself."""
        state = self.state(pod, container)
        if state.state == "ended" and not state.asked:
            raise self._unexpected(pod, container, state)
        if state.state == "ended":
            raise TargetAway(f"expected {pod}/{container} to run; it {_end(state)}; start it first")
        return state

    def signal(self, pod: str, container: str, name: str) -> Effect:
        """Raises UsageError for another signal, DeploymentError where the process is not in the state that the signal
        needs.
        """
        if name not in _STATES:
            raise UsageError(f"expected a signal of {', '.join(_STATES)}; got {name!r}")
        wanted = _STATES[name]
        before = self.must_run(pod, container)
        if before.state == wanted:
            already = TargetBack if name == "SIGCONT" else TargetAway
            raise already(f"expected {pod}/{container} not to be {wanted} before {name}; it was already")
        if before.state == "stopped" and name == "SIGTERM":
            raise DeploymentError(
                f"expected {pod}/{container} to act on SIGTERM; it is stopped by SIGSTOP and acts on it only after "
                "SIGCONT; kill it, or stop it once its pause is over"
            )
        begin_ns = self._agent.signal([f"{pod}/{container}"], signal.Signals[name])
        within_s = _GOODBYE_WITHIN_S if name == "SIGTERM" else _SEEN_WITHIN_S
        after = self.wait(pod, container, wanted, within_s=within_s)
        proof = _end(after) if after.state == "ended" else f"is {after.state}"
        return Effect(begin_ns=begin_ns, end_ns=after.since_ns, proof=f"{pod}/{container}, PID {after.pid}, {proof}")

    def wait(self, pod: str, container: str, wanted: str, *, within_s: float) -> ProcessState:
        def look() -> tuple[bool, str]:
            seen = self.state(pod, container)
            return seen.state == wanted, seen.state

        eventually(look, within_s=within_s, what=f"{pod}/{container} to be {wanted}", every_s=_LOOK_EVERY_S)
        return self.state(pod, container)

    def end(self, pod: str, containers: Sequence[str], *, grace_s: float) -> Effect:
        """SIGTERM to all of them at once, SIGKILL to those that still live after `grace_s`; 0: SIGKILL at once."""
        names = [f"{pod}/{container}" for container in containers]
        number = signal.SIGTERM if grace_s > 0 else signal.SIGKILL
        begin_ns = self._agent.signal(names, number)
        try:
            self._wait_for_end(names, within_s=grace_s if grace_s > 0 else _SEEN_WITHIN_S)
        except WaitTimeout:
            if number is signal.SIGKILL:
                raise
            self._agent.signal(names, signal.SIGKILL)
            self._wait_for_end(names, within_s=_SEEN_WITHIN_S)
        states = self._agent.look()
        proof = ", ".join(f"{name} {_end(states[name])}" for name in names)
        end_ns = max(begin_ns, *(states[name].since_ns for name in names))
        return Effect(begin_ns=begin_ns, end_ns=end_ns, proof=proof)

    def save(self, folder: Path, names: Sequence[tuple[str, str]]) -> None:
        """Append what each logged since the last call to folder/POD-CONTAINER.log."""
        folder.mkdir(parents=True, exist_ok=True)
        for pod, container in names:
            log = self._log(pod, container)
            if not log.exists():
                continue
            with log.open("rb") as source, (folder / log.name).open("ab") as target:
                source.seek(self._saved.get(log, 0))
                target.write(source.read())
                self._saved[log] = source.tell()

    def words(self, pod: str, container: str) -> str:
        """What it logged since it was started last."""
        with self._log(pod, container).open("rb") as log:
            log.seek(self._began.get((pod, container), 0))
            return log.read().decode(errors="replace")

    def _wait_for_end(self, names: Sequence[str], *, within_s: float) -> None:
        def look() -> tuple[bool, str]:
            states = self._agent.look()
            alive = [name for name in names if states[name].state != "ended"]
            return not alive, ", ".join(f"{name} {states[name].state}" for name in alive)

        eventually(look, within_s=within_s, what=f"the end of {', '.join(names)}", every_s=_LOOK_EVERY_S)

    def _unexpected(self, pod: str, container: str, state: ProcessState) -> DeploymentError:
        return DeploymentError(
            f"expected {pod}/{container} to run; it {_end(state)} by itself; "
            f"end of its log:\n{self._log_end(pod, container)}"
        )

    def _log(self, pod: str, container: str) -> Path:
        return self._logs / f"{pod}-{container}.log"

    def _log_end(self, pod: str, container: str) -> str:
        try:
            text = self._log(pod, container).read_text(errors="replace").strip()
        except FileNotFoundError:
            text = ""
        return text[-_LOG_END_BYTES:] or "(empty)"


def _end(state: ProcessState) -> str:
    if state.status < 0:
        return f"was ended by {signal.Signals(-state.status).name}"
    return f"ended with exit status {state.status}"
