"""What harness and probe exchange: JSON lines, one message a line, both ways.

The harness sends `Request`s, each with one command. The probe answers each with one `Reply` of the same number, and
reports in between what it sees: a `Notice` for every event, a `Status` every 100 ms while a load runs. The same lines
travel over a pipe to a process and over an attached stream to a pod.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from redis_resilience.model.access import OPEN, Access
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.events import AnyEvent
from redis_resilience.model.plan import Load

PROTOCOL = 1

if TYPE_CHECKING:
    Value = None | int | float | str | list["Value"]
else:  # msgspec decodes no alias that contains itself
    Value = None | int | float | str | list[Any]
"""A Redis reply: nil, integer, double, text (bytes that are no UTF-8 as \\xNN), array."""


class Hello(msgspec.Struct, tag="hello", frozen=True, kw_only=True):
    """Checks that the probe is alive, and asks for its clock. Answered with `Greeting`."""


class Watch(msgspec.Struct, tag="watch", frozen=True, kw_only=True):
    """What to watch from now on; replaces what was watched. Events begin at once, history or not.

    servers: ROLE of each every `interval_ms`. The order of the names is their number in the records.
    sentinels: pub/sub of each. Names stay, endpoints may change (a pod that came back elsewhere).
    """

    servers: dict[str, Endpoint]
    sentinels: dict[str, Endpoint]
    master_name: str
    interval_ms: float = 10.0
    access: Access = OPEN
    cluster: bool = False
    """The servers are nodes of a Redis Cluster: their tables are watched, and `master` of a load means by slot."""


class WatchNames(msgspec.Struct, tag="watch-names", frozen=True):
    """Names to resolve again and again from now on, by the server's name; replaces the earlier ones."""

    names: dict[str, str]


class Open(msgspec.Struct, tag="open", frozen=True, kw_only=True):
    """Begin a history in `folder` (which exists, and the probe sees): operations.bin, samples.bin, events.jsonl."""

    folder: str
    trial: str


class StartLoad(msgspec.Struct, tag="load", frozen=True, kw_only=True):
    load: Load


class StopLoad(msgspec.Struct, tag="stop-load", frozen=True):
    """Send nothing new, wait for what is in flight to its time-out. Answered with the last `Status`."""


class Query(msgspec.Struct, tag="query", frozen=True, kw_only=True):
    """One command on a fresh connection, once. Answered with `Answer`."""

    endpoint: Endpoint
    command: tuple[str, ...]
    timeout_ms: int = 1000


class ReadBack(msgspec.Struct, tag="read-back", frozen=True):
    """Read every key of the trial from every watched server, into finals/NAME.json and NAME.npy of the history."""


class Sweep(msgspec.Struct, tag="sweep", frozen=True, kw_only=True):
    """Delete this trial's keys from every watched server that is master. Answered with `Swept`."""

    trial: str


class Close(msgspec.Struct, tag="close", frozen=True):
    """End the history: everything written, flushed and synced."""


class Exit(msgspec.Struct, tag="exit", frozen=True):
    """End the probe."""


Command = Hello | Watch | WatchNames | Open | StartLoad | StopLoad | Query | ReadBack | Sweep | Close | Exit


class Request(msgspec.Struct, frozen=True):
    number: int
    command: Command


class Greeting(msgspec.Struct, tag="greeting", frozen=True, kw_only=True):
    clock_ns: int
    wall_ns: int
    pid: int
    protocol: int = PROTOCOL


class Done(msgspec.Struct, tag="done", frozen=True):
    """Carried out; nothing to report."""


class Answer(msgspec.Struct, tag="answer", frozen=True, kw_only=True):
    """error: the server's error reply. unreachable: no reply at all, and why. Else value."""

    value: Value = None
    error: str = ""
    unreachable: str = ""


class Swept(msgspec.Struct, tag="swept", frozen=True, kw_only=True):
    """left: keys under the trial's prefix that are not the harness's. masters: how many servers were swept."""

    deleted: int = 0
    left: int = 0
    masters: int = 1
    unreachable: str = ""


class Status(msgspec.Struct, tag="status", frozen=True, kw_only=True):
    """Counts since `Open`. master: who last acknowledged a write. writing_failed: why the history has a hole."""

    clock_ns: int
    issued: int = 0
    acknowledged: int = 0
    failed: int = 0
    info: int = 0
    master: str = ""
    writing_failed: str = ""


class Refused(msgspec.Struct, tag="refused", frozen=True):
    """The command could not be carried out. text: expected, got, what to try."""

    text: str


class Reply(msgspec.Struct, tag="reply", frozen=True):
    number: int
    body: Greeting | Done | Answer | Status | Swept | Refused


class Notice(msgspec.Struct, tag="notice", frozen=True):
    event: AnyEvent


class Progress(msgspec.Struct, tag="progress", frozen=True):
    status: Status


FromProbe = Reply | Notice | Progress
