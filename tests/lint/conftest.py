"""Deployments without a fault in them, for a test to spoil in one place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redis_resilience.lint.setup import (
    SECRET,
    Budget,
    Container,
    Directives,
    Probe,
    Seen,
    Sentinel,
    Server,
    Service,
    Setup,
    Workload,
)

_REDIS = {
    "appendonly": "yes",
    "save": "",
    "min-replicas-to-write": "1",
    "min-replicas-max-lag": "5",
    "requirepass": SECRET,
    "masterauth": SECRET,
    "maxmemory": "100000000",
}
_SENTINEL = {
    "quorum": "2",
    "down-after-milliseconds": "2000",
    "failover-timeout": "20000",
    "resolve-hostnames": "yes",
    "announce-hostnames": "yes",
    "auth-pass": SECRET,
}


def settings(values: dict[str, str], where: str) -> Directives:
    return Directives(where=where, seen={name: Seen(value=value, where=where) for name, value in values.items()})


class SetupFactory:
    """Sentinels and servers in pods of their own, five and three, which no rule objects to."""

    def redis(self, **changes: str) -> Directives:
        return settings(_REDIS | {name.replace("_", "-"): value for name, value in changes.items()}, "redis.conf")

    def sentinel(self, **changes: str) -> Directives:
        named = {name.replace("_", "-"): value for name, value in changes.items()}
        return settings(_SENTINEL | named, "sentinel.conf")

    def server(self, **changes) -> Server:
        base = Server(
            name="redis", settings=self.redis(), count=3, workload="data", data=Seen(value="kept", where="/data")
        )
        return replace(base, **changes)

    def watcher(self, **changes) -> Sentinel:
        base = Sentinel(
            name="sentinel",
            settings=self.sentinel(),
            count=3,
            workload="watch",
            monitored=Seen(value="redis-0.redis", where="sentinel.conf"),
            state=Seen(value="kept", where="myid"),
        )
        return replace(base, **changes)

    def container(self, role: str, **changes) -> Container:
        base = Container(
            name=role,
            role=role,
            image="redis:8.0",
            where=f"container {role}",
            pre_stop=True,
            memory_limit=200_000_000,
            swallows_signals=False,
        )
        return replace(base, **changes)

    def workload(self, role: str, container: Container | None = None, **changes) -> Workload:
        name = {"redis": "data", "sentinel": "watch"}[role]
        base = Workload(
            name=name,
            where=name,
            kind="StatefulSet",
            count=3,
            containers=(container or self.container(role),),
            service=name,
            spread=True,
            resolver_ms=1000,
        )
        return replace(base, **changes)

    def service(self, name: str, port: int, **changes) -> Service:
        base = Service(
            name=name,
            where=f"Service {name}",
            headless=True,
            publishes_not_ready=True,
            ports=(port,),
            selects=(name,),
        )
        return replace(base, **changes)

    def probe(self, text: str | None, **changes) -> Probe:
        base = Probe(kind="exec", text=text, first_after_s=0, period_s=10, failures=3, startup_probe=False)
        return replace(base, **changes)

    def setup(self, **changes) -> Setup:
        base = Setup(
            subject="test",
            servers=(self.server(),),
            sentinels=(self.watcher(),),
            pods=True,
            workloads=(self.workload("redis"), self.workload("sentinel")),
            services=(self.service("data", 6379), self.service("watch", 26379)),
            budgets=(Budget(where="budget", selects=("data", "watch"), max_unavailable=1),),
            boot=Seen(value="asks", where="start.sh"),
        )
        return replace(base, **changes)

    def cluster(self, **changes: str) -> Setup:
        """Each node announces an address of its own."""
        own = {"cluster_enabled": "yes", "cluster_require_full_coverage": "no"}
        announced = ({"cluster_announce_ip": f"10.96.0.{number}"} for number in range(3))
        nodes = (self.server(count=1, settings=self.redis(**(own | each | changes))) for each in announced)
        return self.setup(servers=tuple(nodes), sentinels=())


@pytest.fixture
def make() -> SetupFactory:
    return SetupFactory()
