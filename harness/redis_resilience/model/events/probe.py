"""What the probe sees: its own connections, and what servers, Sentinels, names and nodes report to its watchers."""

from __future__ import annotations

from redis_resilience.model.events.event import Event, Role


class Connected(Event, frozen=True, kw_only=True):
    """A client's connection, once its server identified itself. sentinel: the one that named it master, "" if none."""

    connection: int
    client: int
    server: str
    address: str
    run_id: str
    sentinel: str = ""


class ServerUp(Event, frozen=True, kw_only=True):
    """A watcher reached a server (again). engine: what it runs ("Redis 8.0.2"); "" where it did not say."""

    server: str
    address: str
    run_id: str
    engine: str = ""


class ServerDown(Event, frozen=True, kw_only=True):
    """A watcher lost it."""

    server: str
    address: str
    cause: str


class RoleChanged(Event, frozen=True, kw_only=True, tag="role"):
    """ROLE changed between two samples."""

    server: str
    role: Role
    before: Role


class SentinelUp(Event, frozen=True, kw_only=True):
    """A watcher listens to a Sentinel (again)."""

    sentinel: str
    address: str
    run_id: str


class SentinelDown(Event, frozen=True, kw_only=True):
    """A watcher lost it."""

    sentinel: str
    address: str
    run_id: str
    cause: str


class SentinelMessage(Event, frozen=True, kw_only=True):
    """What a Sentinel published or logged. name: Sentinel's name for the event, such as "+switch-master"."""

    name: str
    text: str = ""

    @property
    def label(self) -> str:
        return self.name

    @property
    def words(self) -> str:
        return self.text


class NameFound(Event, frozen=True, kw_only=True):
    """A DNS name of a server has a (new) address."""

    server: str
    name: str
    address: str


class NameLost(Event, frozen=True, kw_only=True):
    """It has none."""

    server: str
    name: str
    cause: str


class Lookup(Event, frozen=True, kw_only=True):
    """A client waited for the resolver, for longer than 20 ms."""

    client: int
    name: str


class LoadBegin(Event, frozen=True, kw_only=True):
    """The first clients are about to connect."""


class LoadEnd(Event, frozen=True, kw_only=True):
    """Nothing is in flight and nothing will be. writes: how many were recorded; None in version 1."""

    writes: int | None = None


class Unread(Event, frozen=True, kw_only=True):
    """The final read of a server failed."""

    server: str
    reason: str


class ProbeStalled(Event, frozen=True, kw_only=True):
    """The probe itself stalled from `since_ns` to `at_ns`: nothing was sent, nothing was seen."""


class ProbeFailed(Event, frozen=True, kw_only=True, tag="probe-error"):
    """The probe itself failed: an error of the harness, not of what is measured."""

    reason: str


class WritingFailed(Event, frozen=True, kw_only=True):
    """The history could not be written (disk full): everything after it is missing."""

    reason: str
