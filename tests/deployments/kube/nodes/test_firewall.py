"""Rules in every node, proved by a peer, and removed again."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.nodes.firewall import End, Firewall
from redis_resilience.deployments.kube.nodes.node import Process
from redis_resilience.deployments.undo import DropTable
from redis_resilience.model.errors import DeploymentError
from redis_resilience.model.faults import isolate

PORTS = (6379, 16379, 26379)
ENDS = {
    "redis-0": End(address="10.0.0.5", port=6379, process=Process(node="node-1", pid=4710, born="1")),
    "redis-1": End(address="10.0.1.6", port=6379, process=None),
    "redis-2": End(address="10.0.1.7", port=6379, process=Process(node="node-2", pid=4711, born="1")),
}


class FakeNode:
    """Keeps its commands; `reaches`: whether an attempt to connect succeeds; `spared`: to these it always does."""

    def __init__(self, node):
        self.node = node
        self.told = []
        self.reaches = False
        self.spared = ()

    def must(self, script, what):
        del what
        self.told.append(script)
        return ""

    def ask(self, script, *, within_s=1.0):
        del within_s
        self.told.append(script)
        open_way = self.reaches or any(f"/dev/tcp/{address}/" in script for address in self.spared)
        return (0 if open_way else 124), ""


@pytest.fixture
def nodes():
    return FakeNode("node-1"), FakeNode("node-2")


def test_both_ways_in_every_node(nodes, journal):
    """Before connection tracking, so that established connections are cut too; proved from the peer's own network."""
    effect = Firewall(nodes, "run-1", journal, ports=PORTS).cut("redis-0", ENDS, isolate("redis-0"))

    for node in nodes:
        assert "hook forward priority -300" in node.told[0]
        assert "ip saddr 10.0.0.5 ip daddr { 10.0.1.6, 10.0.1.7 } drop" in node.told[0]
        assert "ip daddr 10.0.0.5 ip saddr { 10.0.1.6, 10.0.1.7 } drop" in node.told[0]
        assert "table inet rr_run_1_redis_0" in node.told[0]
    assert "nsenter --target 4711 --net" in nodes[1].told[1]
    assert "a peer cannot connect" in effect.proof


def test_a_cut_without_effect_is_undone_and_told(nodes, journal):
    """Where the pods' traffic does not pass the node's hook, nothing was broken."""
    nodes[1].reaches = True

    with pytest.raises(
        DeploymentError,
        match=r"expected redis-0 \(10.0.0.5\) to be isolated \(both\); a peer .* port 6379: True",
    ):
        Firewall(nodes, "run-1", journal, ports=PORTS).cut("redis-0", ENDS, isolate("redis-0"))

    assert "nft delete table inet rr_run_1_redis_0" in nodes[0].told[-1]


@pytest.mark.parametrize(
    ("direction", "ports", "spared", "proof"),
    [
        (
            "in",
            ("sport", "dport"),
            ("10.0.1.6", "10.0.1.7"),
            "a peer cannot connect within 0.3 s; it connects to a peer",
        ),
        ("out", ("dport", "sport"), ("10.0.0.5",), "it cannot connect to a peer within 0.3 s; a peer connects to it"),
    ],
)
def test_one_way_only(nodes, direction, ports, spared, proof, *, journal):
    """The packets of connections that one side opened; the proof tries both ways, each from its own network."""
    for node in nodes:
        node.spared = spared

    effect = Firewall(nodes, "run-1", journal, ports=PORTS).cut(
        "redis-0", ENDS, isolate("redis-0", direction=direction)
    )

    from_it, to_it = (f"{side} {{ 6379, 16379, 26379 }}" for side in ports)
    assert f"saddr 10.0.0.5 ip daddr {{ 10.0.1.6, 10.0.1.7 }} tcp {from_it} drop" in nodes[0].told[0]
    assert f"daddr 10.0.0.5 ip saddr {{ 10.0.1.6, 10.0.1.7 }} tcp {to_it} drop" in nodes[0].told[0]
    assert proof in effect.proof


@pytest.mark.parametrize("direction", ["in", "out"])
def test_one_way_that_cut_both_is_undone_and_told(nodes, journal, direction):
    with pytest.raises(DeploymentError, match=rf"isolated \({direction}\); a peer connects to port 6379: False; it"):
        Firewall(nodes, "run-1", journal, ports=PORTS).cut("redis-0", ENDS, isolate("redis-0", direction=direction))

    assert journal.left() == ()


def test_healed_is_reached_again(nodes, journal):
    partition = Firewall(nodes, "run-1", journal, ports=PORTS)
    partition.cut("redis-0", ENDS, isolate("redis-0"))
    nodes[1].reaches = True

    effect = partition.heal("redis-0", ENDS)

    assert effect.proof == "redis-0 (10.0.0.5) is reached by a peer again"
    assert "nft delete table inet rr_run_1_redis_0" in nodes[0].told[-1]


def test_the_table_is_in_the_journal_before_it_is_in_a_node(nodes, journal, monkeypatch):
    """And no longer once it is dropped."""
    partition = Firewall(nodes, "run-1", journal, ports=PORTS, kind_cluster="mine")
    found = []
    monkeypatch.setattr(nodes[0], "must", lambda *_: found.append(journal.left()))

    partition.cut("redis-0", ENDS, isolate("redis-0"))
    nodes[1].reaches = True
    partition.heal("redis-0", ENDS)

    assert [entry.undo for entry in found[0]] == [
        DropTable(nodes=("node-1", "node-2"), table="rr_run_1_redis_0", pod="redis-0", kind_cluster="mine")
    ]
    assert journal.left() == ()


def test_who_is_not_isolated_cannot_be_rejoined(nodes, journal):
    with pytest.raises(DeploymentError, match="expected redis-0 to be isolated; it is not"):
        Firewall(nodes, "run-1", journal, ports=PORTS).heal("redis-0", ENDS)
