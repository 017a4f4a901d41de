"""What a client of a cluster's own network can try, besides the questions that the probe asks.

A deployment without such a network does not have this capability; callers that need it get an error that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class HostsClients(Protocol):
    def fetch(self, url: str) -> str:
        """The body of an HTTP answer, asked for from inside the cluster."""

    def ping_from(self, labels: Mapping[str, str], host: str, port: int) -> str:
        """What `redis-cli ping` says in a pod of its own with these labels: "PONG", or why there is none."""
