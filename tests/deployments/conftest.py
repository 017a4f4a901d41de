"""The server program of this machine."""

import shutil

import pytest


@pytest.fixture
def server() -> str:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    assert found
    return found
