"""A master is emptied by the shortest way that its topology leaves open."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError
from redis_resilience.probe.protocol import Answer
from redis_resilience.trials.emptying import empty

MASTER = Endpoint("10.0.0.1", 6379)


@dataclass
class Server:
    """answers: by the command's name; what is not there is unknown to it."""

    answers: dict[str, Answer]
    asked: list[str] = field(default_factory=list)

    def query(self, endpoint: Endpoint, *command: str, timeout_s: float = 1.0) -> Answer:
        assert endpoint == MASTER
        assert timeout_s > 1, "a full server takes its time"
        self.asked.append(command[0])
        return self.answers.get(command[0], Answer(error=f"ERR unknown command '{command[0]}', with args"))


def test_flushall_is_enough_where_it_is_there() -> None:
    server = Server({"FLUSHALL": Answer(value="OK")})
    empty(server, MASTER)
    assert server.asked == ["FLUSHALL"]


def test_a_script_deletes_the_keys_where_flushall_was_taken_away() -> None:
    server = Server({"EVAL": Answer(value=0)})
    empty(server, MASTER)
    assert server.asked == ["FLUSHALL", "EVAL"]


@pytest.mark.parametrize(
    ("answers", "got"),
    [
        ({"FLUSHALL": Answer(error="NOAUTH Authentication required.")}, "got: NOAUTH Authentication required."),
        ({"FLUSHALL": Answer(unreachable="connection refused")}, "got: connection refused"),
        ({}, "got: ERR unknown command 'EVAL', with args"),
    ],
)
def test_a_master_that_refuses_is_told(answers: dict[str, Answer], got: str) -> None:
    with pytest.raises(DeploymentError) as caught:
        empty(Server(answers), MASTER)
    text = str(caught.value)
    assert text.startswith("expected the master at 10.0.0.1:6379 to give up its keys; got: ")
    assert got in text
    assert text.endswith("; a trial needs an empty keyspace: allow FLUSHALL, or EVAL with SCAN and UNLINK")
