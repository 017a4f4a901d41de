"""What the documents' scenarios write before they break anything, and read out of a Sentinel's log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError
from redis_resilience.probe.protocol import Answer
from redis_resilience.topologies.catalogue import SIDECAR
from redis_resilience.trials.manual import ManualSteps
from redis_resilience.trials.verification import switches, written_and_read_everywhere

LOG = """\
33:X 21 Nov 2026 05:45:20.470 # +elected-leader master mymaster 10.77.0.10 6379
33:X 21 Nov 2026 05:45:20.470 # +switch-master mymaster 10.77.0.10 6379 10.77.0.12 6379
33:X 21 Nov 2026 05:45:21.470 # +switch-master other 10.77.0.1 6379 10.77.0.2 6379
33:X 21 Nov 2026 05:45:26.796 # +switch-master mymaster redis-1.redis 6379 redis-0.redis 6379
"""


@dataclass
class Replicated:
    """Servers by name with their roles: a write is taken by a master, and is on all of them at once."""

    roles: Mapping[str, str]
    written: list[tuple[str, str]] = field(default_factory=list)

    @property
    def probe(self) -> Replicated:
        return self

    def query(self, endpoint: Endpoint, *command: str, timeout_s: float = 1.0) -> Answer:
        assert timeout_s > 0
        role = self.roles[endpoint.host]
        match command:
            case ("ROLE",):
                return Answer(value=[role, 0])
            case ("SET", _, value) if role == "master":
                self.written.append((endpoint.host, value))
                return Answer(value="OK")
            case ("SET", *_):
                return Answer(error="READONLY You can't write against a read only replica.")
        return Answer(value=self.written[-1][1])


def told(**roles: str) -> tuple[ManualSteps, Replicated]:
    replicated = Replicated({f"{pod.replace('_', '-')}.redis": role for pod, role in roles.items()})
    return ManualSteps(replicated), replicated  # type: ignore[arg-type]  # only what is asked of it


@pytest.mark.parametrize("master", ["redis_0", "redis_2"])
def test_the_key_is_written_to_whoever_is_the_master(master: str) -> None:
    roles = dict.fromkeys(("redis_0", "redis_1", "redis_2"), "slave") | {master: "master"}
    manual, replicated = told(**roles)
    written_and_read_everywhere(manual, SIDECAR)
    assert replicated.written == [(f"{master.replace('_', '-')}.redis", "hello world")]


def test_servers_without_a_master_are_named() -> None:
    manual, replicated = told(redis_0="slave", redis_1="slave", redis_2="slave")
    with pytest.raises(DeploymentError, match=r"expected one of redis-0.redis, redis-1.redis, redis-2.redis to be"):
        written_and_read_everywhere(manual, SIDECAR)
    assert replicated.written == []


def test_every_switch_of_the_master_is_found_with_both_addresses() -> None:
    assert switches(LOG, "mymaster") == [("10.77.0.10", "10.77.0.12"), ("redis-1.redis", "redis-0.redis")]


def test_a_log_without_a_switch_has_none() -> None:
    assert switches("33:X # +sdown master mymaster 10.77.0.10 6379\n", "mymaster") == []
