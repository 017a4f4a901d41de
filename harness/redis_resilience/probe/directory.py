"""Which watched server an address belongs to: the servers' numbers are their order in the last `Watch`."""

from __future__ import annotations

from collections.abc import Mapping

from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.records import NO_SERVER

REDIS_PORT = 6379


class Directory:
    """Knows a server by its endpoint as given, by the address a connection to it really had, and by its pod's name.

    The last because Sentinels and replicas with announced host names speak of "redis-0.redis": the first label of a
    pod's host name is the pod's name, whatever address it has today.
    """

    def __init__(self) -> None:
        self._endpoints: dict[str, Endpoint] = {}
        self._numbers: dict[str, int] = {}
        self._by_address: dict[Endpoint, int] = {}
        self._ids: dict[str, str] = {}
        self._aliases: dict[Endpoint, str] = {}
        self._run_ids: dict[str, str] = {}

    def replace(self, servers: Mapping[str, Endpoint]) -> None:
        self._endpoints.clear()
        self._endpoints.update(servers)
        self._numbers = {name: number for number, name in enumerate(servers)}
        self._by_address = {endpoint: number for number, endpoint in enumerate(servers.values())}

    def learn(self, name: str, peer: Endpoint | None) -> None:
        """A connection to the server `name` had this address at its other end."""
        if peer is not None and name in self._numbers:
            self._by_address[peer] = self._numbers[name]

    def learn_id(self, node_id: str, name: str) -> None:
        """The server `name` is this node of a Redis Cluster."""
        self._ids[node_id] = name

    def learn_run_id(self, run_id: str, name: str) -> None:
        """The process of this run_id is the server `name`."""
        self._run_ids[run_id] = name

    def learn_alias(self, node_id: str, address: str) -> None:
        """Other nodes report this one at this address, of a Service for example."""
        host, _, port = address.rpartition(":")
        if host and port.isdigit():
            self._aliases[Endpoint(host, int(port))] = node_id

    def number_of_id(self, node_id: str) -> int:
        return self.number(self._ids.get(node_id, ""))

    def number_of_run_id(self, run_id: str) -> int:
        return self.number(self._run_ids.get(run_id, ""))

    @property
    def port(self) -> int:
        """Of the servers; the usual one where none is known."""
        return next((endpoint.port for endpoint in self._endpoints.values()), REDIS_PORT)

    @property
    def servers(self) -> Mapping[str, Endpoint]:
        """By name, as they are now; stays the same mapping when they are replaced."""
        return self._endpoints

    def endpoint(self, name: str) -> Endpoint | None:
        return self._endpoints.get(name)

    def name(self, number: int) -> str:
        """The server's name; "" for NO_SERVER."""
        names = tuple(self._endpoints)
        return names[number] if number < len(names) else ""

    def number(self, name: str) -> int:
        return self._numbers.get(name, NO_SERVER)

    def number_at(self, endpoint: Endpoint | None) -> int:
        """The server there; NO_SERVER where none is known."""
        if endpoint is None:
            return NO_SERVER
        number = self._by_address.get(endpoint)
        if number is not None:
            return number
        if endpoint in self._aliases:
            return self.number_of_id(self._aliases[endpoint])
        name = endpoint.host.partition(".")[0]
        known = self._endpoints.get(name)
        return self._numbers[name] if known is not None and known.port == endpoint.port else NO_SERVER
