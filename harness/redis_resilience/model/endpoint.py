"""Where something listens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """A host (address or name) and a TCP port; written "host:port"."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def pod_at(host: str, port: int, endpoints: Mapping[str, Endpoint]) -> str:
    """The pod, of those at these endpoints, that an address or a name means; "" where none is known."""
    for name, endpoint in endpoints.items():
        if port == endpoint.port and (host == endpoint.host or host.split(".", 1)[0] == name):
            return name
    return ""
