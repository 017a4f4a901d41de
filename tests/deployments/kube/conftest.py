"""A cluster that is a dictionary of pods, and programs on PATH that only write down how they were called."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.interface import (
    Change,
    Channel,
    ContainerState,
    KubeError,
    NamespaceState,
    Permission,
    PodState,
    Template,
    Trouble,
)
from redis_resilience.topologies.topology import Controller

_PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> "{calls}"
{body}
"""


def make_pod(name: str = "redis-0", **fields: object) -> PodState:
    """A pod that runs and is ready, with both containers."""
    state = PodState(
        name=name,
        uid=f"uid-of-{name}",
        phase="Running",
        address="10.244.0.5",
        node="node-1",
        ready=True,
        owner=("StatefulSet", "redis"),
        containers=tuple(
            ContainerState(name=each, id=f"{name}-{each}-1", state="running", ready=True)
            for each in ("redis", "sentinel")
        ),
    )
    return replace(state, **fields)


def with_container(pod: PodState, name: str, **fields: object) -> PodState:
    """The same pod with one container changed."""
    changed = tuple(replace(each, **fields) if each.name == name else each for each in pod.containers)
    return replace(pod, containers=changed)


class FakeChannel:
    """What a program would output: chunks of stdout and stderr, then its end. Its input is kept."""

    def __init__(self, *chunks: tuple[bytes, bytes], outcome: str = "", on_send: Callable[[bytes], None] | None = None):
        self._chunks = list(chunks)
        self._outcome = outcome
        self._on_send = on_send
        self._ours, self._theirs = os.pipe()
        os.write(self._theirs, b"x" * len(chunks))
        self.sent = b""
        self.closed = False
        self.input_ended = False
        self.cut = False

    def fileno(self) -> int:
        return self._ours

    def send(self, data: bytes) -> None:
        self._must_not_be_cut()
        self.sent += data
        if self._on_send:
            self._on_send(data)

    def say(self, out: bytes) -> None:
        self._chunks.append((out, b""))
        os.write(self._theirs, b"x")

    def break_off(self) -> None:
        self.cut = True
        os.write(self._theirs, b"x")

    def receive(self) -> tuple[bytes, bytes]:
        self._must_not_be_cut()
        if not self._chunks:
            return b"", b""
        os.read(self._ours, 1)
        return self._chunks.pop(0)

    @property
    def open(self) -> bool:
        return bool(self._chunks) or (self._on_send is not None and not self.input_ended)

    def end_input(self) -> None:
        self.input_ended = True

    def outcome(self) -> str:
        return self._outcome

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            os.close(self._ours)
            os.close(self._theirs)

    def _must_not_be_cut(self) -> None:
        if self.cut:
            raise KubeError("the line was cut")


@dataclass
class FakeApi:
    """Implements `KubeApi`. `tell` sends a change to whoever watches."""

    known: dict[str, PodState] = field(default_factory=dict)
    texts: dict[tuple[str, str, bool], str] = field(default_factory=dict)
    calls: list[tuple[object, ...]] = field(default_factory=list)
    programs: dict[str, Callable[[], Channel]] = field(default_factory=dict)
    warnings: tuple[Trouble, ...] = ()
    selected: dict[str, tuple[str, ...]] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    secrets: dict[tuple[str, str], str] = field(default_factory=dict)
    sizes: dict[Controller, int] = field(default_factory=dict)
    templates: dict[Controller, Template] = field(default_factory=dict)
    changes: queue.Queue[Change | KubeError | None] = field(default_factory=queue.Queue)
    states: list[NamespaceState | None] = field(default_factory=list)
    """What the namespace is found to be, one look after the other; the last one stays."""
    down: bool = False
    namespace: str = "trial"

    def tell(self, pod: PodState, kind: str = "MODIFIED") -> None:
        self.changes.put(Change(kind=kind, pod=pod))

    def version(self) -> str:
        return "v1.34.4"

    def create_namespace(self, labels: Mapping[str, str]) -> None:
        self.calls.append(("create_namespace", dict(labels)))

    def delete_namespace(self) -> None:
        self.calls.append(("delete_namespace",))

    def namespace_state(self) -> NamespaceState | None:
        self._must_answer()
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def runs(self) -> Mapping[str, str]:
        self._must_answer()
        return {self.namespace: "run"}

    def pods(self, selector: str = "") -> tuple[tuple[PodState, ...], str]:
        self.calls.append(("pods",))
        found = self.selected[selector] if selector else tuple(self.known)
        return tuple(self.known[name] for name in found), "7"

    def allowed(self, permission: Permission) -> bool:
        return str(permission) not in self.forbidden

    def secret(self, name: str, key: str) -> str:
        return self.secrets[name, key]

    def watch_pods(self, version: str, *, within_s: int) -> Iterator[Change]:
        del version, within_s
        while (change := self.changes.get()) is not None:
            if isinstance(change, KubeError):
                raise change
            yield change

    def stop_watching(self) -> None:
        self.changes.put(None)

    def close(self) -> None:
        self.calls.append(("close",))

    def delete_pod(self, name: str, *, grace_s: float) -> None:
        self.calls.append(("delete_pod", name, grace_s))
        if name not in self.known:
            raise KubeError("no such pod", status=404)
        if name == "helper":
            del self.known[name]

    def replicas(self, controller: Controller) -> int:
        self._must_answer()
        if controller not in self.sizes:
            raise KubeError(f"no such {controller.kind}", status=404)
        return self.sizes[controller]

    def scale(self, controller: Controller, replicas: int) -> None:
        self.calls.append(("scale", controller, replicas))
        self.sizes[controller] = replicas

    def template(self, controller: Controller) -> Template:
        self._must_answer()
        if controller not in self.templates:
            raise KubeError(f"no such {controller.kind}", status=404)
        return self.templates[controller]

    def set_template(self, controller: Controller, template: Template) -> None:
        self.calls.append(("set_template", controller))
        self.templates[controller] = template

    def logs(self, pod: str, container: str, *, since: str = "", previous: bool = False) -> str:
        self.calls.append(("logs", pod, container, since, previous))
        try:
            return self.texts[pod, container, previous]
        except KeyError:
            raise KubeError("no such log", status=400) from None

    def troubles(self, name: str = "") -> tuple[Trouble, ...]:
        return tuple(each for each in self.warnings if name in ("", each.name))

    def run(self, pod: str, container: str, command: tuple[str, ...]) -> Channel:
        self.calls.append(("run", pod, container, command))
        return self.programs[command[0]]()

    def _must_answer(self) -> None:
        if self.down:
            self.calls.append(("unanswered",))
            raise KubeError("nobody answered")


@pytest.fixture(name="make_pod")
def _make_pod() -> Callable[..., PodState]:
    return make_pod


@pytest.fixture(name="with_container")
def _with_container() -> Callable[..., PodState]:
    return with_container


@pytest.fixture(name="channel")
def _channel() -> type[FakeChannel]:
    return FakeChannel


@pytest.fixture
def api() -> Iterator[FakeApi]:
    fake = FakeApi()
    yield fake
    fake.changes.put(None)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal.begin(tmp_path / "state", "run")
    yield made
    made.close()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[[], list[str]]]:
    """programs(kind='echo one') puts a program on an otherwise empty PATH; the answer lists the calls so far."""
    folder = tmp_path / "programs"
    folder.mkdir()
    calls = tmp_path / "calls"
    calls.touch()
    for needed in ("sh", "basename", "cat", "cp", "grep"):
        (folder / needed).symlink_to(f"/bin/{needed}" if Path(f"/bin/{needed}").exists() else f"/usr/bin/{needed}")
    monkeypatch.setenv("PATH", str(folder))

    def put(**bodies: str) -> Callable[[], list[str]]:
        for name, body in bodies.items():
            path = folder / name
            path.write_text(_PROGRAM.format(calls=calls, body=body))
            path.chmod(0o755)
        return lambda: calls.read_text().splitlines()

    return put


def container(name: str, *ports: int) -> ContainerState:
    """One that runs, with the ports that its manifest names."""
    return ContainerState(name=name, id=name, state="running", ports=ports)


@pytest.fixture
def apart(api, make_pod):
    """Servers and Sentinels in pods of their own, under a chart's names."""
    api.known["db-0"] = make_pod("db-0", containers=(container("server", 6379), container("exporter", 9121)))
    api.known["watch-0"] = make_pod("watch-0", containers=(container("guard", 26379),))
    api.selected = {"app=db": ("db-0",), "app=guard": ("watch-0",), "app=none": ()}
    return api
