"""An engine is named as its own INFO has it: a Valkey is not taken for the Redis that it is compatible with."""

from __future__ import annotations

import pytest

from redis_resilience.model.engine import engine_of


@pytest.mark.parametrize(
    ("info", "name"),
    [
        ("# Server\r\nredis_version:8.0.2\r\nrun_id:a\r\n", "Redis 8.0.2"),
        ("# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\n", "Valkey 8.1.1"),
        ("run_id:a\r\n", ""),
        ("", ""),
    ],
)
def test_an_engine_is_named_by_its_info(info, name):
    assert engine_of(info) == name
