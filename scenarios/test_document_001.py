"""Document 001, second half: its checks after `helm install`, in its order."""

from __future__ import annotations

import pytest

from redis_resilience import (
    MASTER,
    REDIS_PORT,
    Trial,
    Unavailable,
    scale_to_zero,
    switches,
    written_and_read_everywhere,
)

pytestmark = pytest.mark.redis(topology="chart")


def test_document_001(trial: Trial) -> None:
    """Follow document 001 on `chart`: scale the master's StatefulSet to 0, expect +switch-master to another pod."""
    manual, topology = trial.manual_steps(), trial.topology
    written_and_read_everywhere(manual, topology)
    before = manual.masters("redis")[topology.master_name]
    assert before in manual.addresses().values(), f"the Sentinels name {before}, which is no pod's address"

    trial.load(writers=4, rate=200)
    trial.inject(scale_to_zero(MASTER))
    trial.expect(failover=True, max_lost=None)
    outcome = trial.run()

    told = switches(outcome.log("redis-slave-0", "sentinel"), topology.master_name)
    assert told, "expected +switch-master in the log of redis-slave-0's Sentinel; there is none\n" + outcome.explain()
    old, new = told[0]
    assert old == before
    assert new in manual.addresses().values(), f"the announced address {new} is no pod's"
    assert manual.masters("redis")[topology.master_name] != before


@pytest.mark.redis(topology="chart", backends=("kind", "context"))
def test_document_001_metrics(trial: Trial) -> None:
    """Scrape the exporter through its Service: it reports that the server is up."""
    metrics = trial.manual_steps().fetch("http://redis-metrics:9121/metrics")
    assert "redis_up 1" in metrics.splitlines()


@pytest.mark.redis(topology="chart", backends=("kind", "context"))
def test_document_001_network_policy(trial: Trial) -> None:
    """Only the client with the label gets an answer; skipped where the network does not enforce policies."""
    manual, host = trial.manual_steps(), f"{trial.topology.first}.{trial.topology.service}"
    assert manual.ping_from({"redis-client": "true"}, host, REDIS_PORT) == "PONG"
    if manual.ping_from({}, host, REDIS_PORT) == "PONG":
        raise Unavailable(
            "expected no answer to a client without the label redis-client; got one: the NetworkPolicy is not enforced "
            "by this cluster's network, so it protects nothing here; use a network that enforces policies"
        )
