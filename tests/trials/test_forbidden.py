"""What keeps a Sentinel from promoting is found in the live settings, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.deployments.memory.probe import MemoryProbe
from redis_resilience.probe.protocol import Answer
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.forbidden import forbidden

SIDECAR = topology("sidecar")
UNKNOWN = Answer(error="ERR unknown command 'CONFIG', with args beginning with: 'GET' 'maxmemory' ")


def deployed(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Answer], **sentinel_config: str) -> MemoryDeployment:
    """answers: by the first words of the command; anything else is answered with OK."""
    directives = tuple((name.replace("_", "-"), value) for name, value in sentinel_config.items())

    def query(_: MemoryProbe, __: Any, *command: str, **___: Any) -> Answer:
        said = " ".join(command)
        return next((answer for words, answer in answers.items() if said.startswith(words)), Answer(value="OK"))

    monkeypatch.setattr(MemoryProbe, "query", query)
    found = replace(SIDECAR, sentinel_config=(*SIDECAR.sentinel_config, *directives))
    return MemoryDeployment(found, found.profile("fast"))


def test_nothing_is_forbidden_where_every_command_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert forbidden(deployed(monkeypatch, {}, auth_user="mymaster watcher")) == ""


def test_a_renamed_config_is_unless_the_sentinels_know_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert forbidden(deployed(monkeypatch, {"CONFIG": UNKNOWN})).startswith("redis-0 has no command CONFIG")
    mapped = deployed(monkeypatch, {"CONFIG": UNKNOWN}, rename_command="mymaster CONFIG ADMINCONF")
    assert forbidden(mapped) == ""


def test_a_user_that_may_not_promote_is(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = Answer(value="User watcher has no permissions to run the 'slaveof' command")
    found = deployed(monkeypatch, {"ACL DRYRUN watcher SLAVEOF": denied}, auth_user="mymaster watcher")
    assert forbidden(found) == (
        "redis-0 lets the Sentinels' user watcher do no SLAVEOF NO ONE: "
        "User watcher has no permissions to run the 'slaveof' command"
    )


def test_an_engine_that_cannot_be_asked_raises_no_objection(monkeypatch: pytest.MonkeyPatch) -> None:
    """ACL DRYRUN came with Redis 7.0."""
    old = {"ACL DRYRUN": Answer(error="ERR Unknown subcommand or wrong number of arguments for 'DRYRUN'")}
    assert forbidden(deployed(monkeypatch, old, auth_user="mymaster watcher")) == ""


def test_what_the_sentinels_of_an_attached_redis_are_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryDeployment, "owns_data", False)
    assert forbidden(deployed(monkeypatch, {"CONFIG": UNKNOWN})) == ""
