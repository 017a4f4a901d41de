"""A server's end where no node can be entered: it is gone when it refuses, and not before."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.pods.death import by_silence
from redis_resilience.faults.capabilities import CanSignal
from redis_resilience.faults.perform import able
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import Unavailable, WaitTimeout
from redis_resilience.probe.protocol import Answer

PLACE = Endpoint("10.0.0.1", 6379)


class Probe:
    def __init__(self, *answers):
        self.answers = list(answers)

    def query(self, endpoint, *command, timeout_s):
        del endpoint, command, timeout_s
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_it_is_gone_when_nobody_answers():
    """An error reply is an answer: a server that is shutting down still serves."""
    probe = Probe(Answer(value="PONG"), Answer(error="LOADING"), Answer(unreachable="refused"))

    assert by_silence(probe, PLACE, "redis-0/redis").wait(5) > 0
    assert len(probe.answers) == 1


def test_one_that_goes_on_answering_is_told_of():
    death = by_silence(Probe(Answer(value="PONG")), PLACE, "redis-0/redis")

    with pytest.raises(WaitTimeout, match=r"for redis-0/redis at 10.0.0.1:6379 to stop answering; saw last: PONG"):
        death.wait(0.05)


def test_a_capability_may_be_lacking_where_it_runs():
    """The reason for the skip is the deployment's own."""

    class Locked:
        backend = "context"

        def signal(self, *_):
            raise AssertionError

        def lacks(self, capability):
            return "no helper" if capability is CanSignal else ""

    with pytest.raises(Unavailable, match="fault kill needs CanSignal; no helper"):
        able(Locked(), CanSignal, "kill")
