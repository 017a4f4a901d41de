"""The server program is found, distinguished by its version, and refused with a helpful message."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.deployments.local.engine import find_engine
from redis_resilience.model.errors import Unavailable


def program(folder: Path, name: str, says: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("says", "name", "version", "modern"),
    [
        ("Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64", "Redis", "6.2.14", False),
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", "Redis", "7.0.15", True),
        ("Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", "Valkey", "8.1.1", True),
    ],
)
def test_an_engine_is_what_it_says_it_is(tmp_path: Path, says: str, name: str, version: str, *, modern: bool) -> None:
    path = program(tmp_path, "server", says)
    engine = find_engine(str(path))
    assert (engine.path, engine.name, engine.version, engine.modern) == (str(path), name, version, modern)


def test_redis_is_taken_before_valkey_and_valkey_where_there_is_no_redis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "valkey-server", "Valkey server v=8.1.1 sha=0")
    assert find_engine().name == "Valkey"
    program(tmp_path, "redis-server", "Redis server v=7.0.15 sha=0")
    assert find_engine().name == "Redis"


def test_a_redis_too_old_is_refused_with_its_version_and_place(tmp_path: Path) -> None:
    path = program(tmp_path, "redis-server", "Redis server v=5.0.7 sha=00000000:0")
    with pytest.raises(Unavailable) as caught:
        find_engine(str(path))
    assert str(caught.value) == (
        f"expected Redis 6.2 or newer or Valkey; got redis-server 5.0.7 at {path}; "
        "install one of them (Debian: apt-get install redis-server) or name another with --redis-server"
    )


def test_no_program_at_all_is_refused_with_the_names_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="got no program redis-server or valkey-server; install one"):
        find_engine()


def test_a_program_that_is_no_server_is_refused_with_what_it_said(tmp_path: Path) -> None:
    path = program(tmp_path, "redis-server", "hello")
    with pytest.raises(Unavailable, match="--version said 'hello'"):
        find_engine(str(path))
