"""Manual steps of a document between deploying and breaking: query by name, resolve an address, scrape, try a client.

Nothing here is measured or kept. The measured part is a trial, on the same deployment.
"""

from __future__ import annotations

from collections.abc import Mapping

from redis_resilience.deployments.clients import HostsClients
from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.replies import pairs
from redis_resilience.deployments.waiting import HOST_CLOCK, Clock, eventually
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, Unavailable
from redis_resilience.probe.protocol import Answer, Value
from redis_resilience.topologies.topology import SENTINEL_PORT

_ASKED_WITHIN_S = 5.0
_SOON_S = 10.0


class ManualSteps:
    """Questions to a deployment that runs. Each raises DeploymentError where there is no answer."""

    def __init__(self, deployment: Deployment, *, clock: Clock = HOST_CLOCK) -> None:
        self._deployment = deployment
        self._clock = clock

    def addresses(self) -> Mapping[str, str]:
        """Every pod with a server, and the address that it has now."""
        return {pod: endpoint.host for pod, endpoint in self._deployment.servers().items()}

    def call(self, host: str, port: int, *command: str) -> Value:
        """One command to this name, once, as a client inside the deployment's network sends it."""
        answer = self._ask(host, port, command)
        if answer.error or answer.unreachable:
            raise DeploymentError(
                f"expected {host}:{port} to answer {' '.join(command)}; got: {answer.error or answer.unreachable}"
            )
        return answer.value

    def until(self, wanted: Value, host: str, port: int, *command: str) -> None:
        """Ask again and again until this is the answer; replicas are a moment behind."""

        def look() -> tuple[bool, str]:
            answer = self._ask(host, port, command)
            return answer.value == wanted, str(answer.error or answer.unreachable or repr(answer.value))

        what = f"{wanted!r} from {host}:{port} to {' '.join(command)}"
        eventually(look, within_s=_SOON_S, what=what, clock=self._clock)

    def masters(self, host: str) -> Mapping[str, str]:
        """SENTINEL MASTERS, asked of any Sentinel behind this name: each master's name and address."""
        told = self.call(host, SENTINEL_PORT, "SENTINEL", "MASTERS")
        views = [pairs(each) for each in told] if isinstance(told, list) else []
        return {view["name"]: view["ip"] for view in views if {"name", "ip"} <= view.keys()}

    def fetch(self, url: str) -> str:
        """The body of an HTTP answer; raises Unavailable where the backend has no network of its own."""
        return self._clients().fetch(url)

    def ping_from(self, labels: Mapping[str, str], host: str, port: int) -> str:
        """A client pod's result with these labels for a PING: "PONG", or why none; raises Unavailable as `fetch`."""
        return self._clients().ping_from(labels, host, port)

    def _ask(self, host: str, port: int, command: tuple[str, ...]) -> Answer:
        return self._deployment.probe.query(Endpoint(host, port), *command, timeout_s=_ASKED_WITHIN_S)

    def _clients(self) -> HostsClients:
        if not isinstance(self._deployment, HostsClients):
            raise Unavailable(
                f"expected Services and client pods; backend {self._deployment.backend} has none; "
                "use --redis-backend=kind"
            )
        return self._deployment
