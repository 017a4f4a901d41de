import msgspec
import pytest

from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.events import SentinelMessage
from redis_resilience.model.plan import Load, Writers
from redis_resilience.probe import protocol as p

COMMANDS: list[p.Command] = [
    p.Hello(),
    p.Watch(
        servers={"redis-1": Endpoint("10.0.0.2", 6379), "redis-0": Endpoint("10.0.0.1", 6379)},
        sentinels={},
        master_name="mymaster",
    ),
    p.Open(folder="trial", trial="t"),
    p.StartLoad(load=Load(writers=(Writers(target="redis-1", rate=0.5),))),
    p.StopLoad(),
    p.Query(endpoint=Endpoint("h", 1), command=("PING",)),
    p.ReadBack(),
    p.Close(),
    p.Exit(),
]
MESSAGES: list[p.FromProbe] = [
    p.Reply(1, p.Greeting(clock_ns=1, wall_ns=2, pid=3)),
    p.Reply(2, p.Done()),
    p.Reply(3, p.Answer(value=["a", 1, None, [2.5, []]])),
    p.Reply(4, p.Status(clock_ns=1, acknowledged=5)),
    p.Reply(5, p.Refused("no")),
    p.Notice(SentinelMessage(at_ns=1, source="sentinel:redis-0", name="+sdown")),
    p.Progress(p.Status(clock_ns=2)),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_every_command_survives_the_line(command: p.Command) -> None:
    line = msgspec.json.encode(p.Request(7, command))

    assert b"\n" not in line
    assert msgspec.json.decode(line, type=p.Request) == p.Request(7, command)


@pytest.mark.parametrize("message", MESSAGES, ids=repr)
def test_every_message_survives_the_line(message: p.FromProbe) -> None:
    line = msgspec.json.encode(message)

    assert b"\n" not in line
    assert msgspec.json.decode(line, type=p.FromProbe) == message


def test_the_order_of_the_servers_survives() -> None:
    """It is their number in the records."""
    decoded = msgspec.json.decode(msgspec.json.encode(p.Request(1, COMMANDS[1])), type=p.Request).command

    assert isinstance(decoded, p.Watch)
    assert list(decoded.servers) == ["redis-1", "redis-0"]
