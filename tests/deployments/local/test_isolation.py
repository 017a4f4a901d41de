"""The level of isolation is tried, and the reason reported."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.local import isolation
from redis_resilience.deployments.local.isolation import Level, choose_isolation, try_namespaces
from redis_resilience.model.errors import Unavailable, UsageError


def no_namespaces() -> str:
    return "unshare(user, mount, net, pid): Operation not permitted"


def test_automatic_choice_follows_the_trial() -> None:
    chosen = choose_isolation()
    failed = try_namespaces()
    assert chosen.level is (Level.LOOPBACK if failed else Level.NAMESPACES)
    assert failed in chosen.because


def test_loopback_can_be_asked_for() -> None:
    chosen = choose_isolation("loopback")
    assert (chosen.level, chosen.because) == (Level.LOOPBACK, "asked for")


def test_where_namespaces_fail_loopback_is_taken_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "try_namespaces", no_namespaces)
    chosen = choose_isolation()
    assert chosen.level is Level.LOOPBACK
    assert chosen.because == f"namespaces do not work here: {no_namespaces()}"


def test_namespaces_asked_for_and_not_to_be_had_are_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "try_namespaces", no_namespaces)
    with pytest.raises(Unavailable, match=r"got: unshare.*not permitted; allow unprivileged user namespaces"):
        choose_isolation("namespaces")


def test_an_unknown_level_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="expected an isolation of auto, namespaces, loopback; got 'docker'"):
        choose_isolation("docker")
