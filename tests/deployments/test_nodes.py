"""A look at a cluster lists what keeps it from being healthy, in words, and knows its shards by pod."""

from __future__ import annotations

from redis_resilience.deployments.nodes import ClusterLook, look_at
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.probe.protocol import Answer

PODS = ("redis-1", "redis-2", "redis-3", "redis-4")
SERVERS = {pod: Endpoint(f"10.0.0.{number}", 6379) for number, pod in enumerate(PODS, start=1)}
ROWS = {
    "redis-1": "master - 0 0 1 connected 0-8191",
    "redis-2": "master - 0 0 2 connected 8192-16383",
    "redis-3": "slave id-redis-1 0 0 1 connected",
    "redis-4": "slave id-redis-2 0 0 2 connected",
}


def table(of: str, **changed: str) -> str:
    lines = []
    for pod, row in {**ROWS, **changed}.items():
        own = "myself," if pod == of else ""
        lines.append(f"id-{pod} {SERVERS[pod]}@16379 {own}{row}")
    return "\n".join(lines)


class Nodes:
    """Answers as nodes would: by pod its table, or an Answer of its own."""

    def __init__(self, **answers: str | Answer) -> None:
        self.answers = answers
        self.state = "ok"

    def query(self, endpoint: Endpoint, *command: str, timeout_s: float = 1.0) -> Answer:
        del timeout_s
        pod = next(pod for pod, known in SERVERS.items() if known == endpoint)
        if command == ("CLUSTER", "INFO"):
            return Answer(value=f"cluster_state:{self.state}\r\ncluster_size:2\r\n")
        told = self.answers.get(pod.replace("-", "_"), table(pod))
        return told if isinstance(told, Answer) else Answer(value=told)


def look(nodes: Nodes) -> ClusterLook:
    return look_at(nodes, SERVERS)


def test_a_whole_cluster_has_nothing_wrong_and_its_shards_are_in_the_order_of_their_slots() -> None:
    seen = look(Nodes())
    assert seen.wrong == ()
    assert [(shard.slots, shard.master, shard.replicas) for shard in seen.shards] == [
        (((0, 8191),), "redis-1", ("redis-3",)),
        (((8192, 16383),), "redis-2", ("redis-4",)),
    ]


def test_a_server_that_does_not_answer_is_named_with_the_reason() -> None:
    seen = look(Nodes(redis_3=Answer(unreachable="refused")))
    assert "redis-3 says refused" in seen.wrong


def test_a_node_that_others_take_for_dead_is_named_by_them() -> None:
    seen = look(Nodes(redis_2=table("redis-2", **{"redis-1": "master,fail? - 0 0 1 disconnected 0-8191"})))
    assert "redis-2 takes redis-1 for fail?" in seen.wrong


def test_nodes_that_disagree_on_the_slots_are_named() -> None:
    other = table(
        "redis-4", **{"redis-1": "slave id-redis-3 0 0 3 connected", "redis-3": "master - 0 0 1 connected 0-8191"}
    )
    assert "redis-1 and redis-4 do not agree on the owners of the hash slots" in look(Nodes(redis_4=other)).wrong


def test_slots_without_a_master_are_counted() -> None:
    row = {"redis-2": "master - 0 0 2 connected 8192-16000"}
    seen = look(Nodes(**{pod.replace("-", "_"): table(pod, **row) for pod in PODS}))
    assert "16001 of 16384 slots have a master" in seen.wrong


def test_a_master_without_a_replica_is_named() -> None:
    row = {"redis-4": "slave id-redis-1 0 0 1 connected"}
    seen = look(Nodes(**{pod.replace("-", "_"): table(pod, **row) for pod in PODS}))
    assert "redis-2 (8192-16383) has no replica" in seen.wrong


def test_a_node_that_serves_nothing_says_so() -> None:
    nodes = Nodes()
    nodes.state = "fail"
    assert "redis-1 says fail" in look(nodes).wrong


def test_of_several_tables_the_one_with_the_newest_epoch_tells_the_shards() -> None:
    newer = table(
        "redis-3", **{"redis-1": "master,fail - 0 0 1 disconnected", "redis-3": "master - 0 0 5 connected 0-8191"}
    )
    assert look(Nodes(redis_3=newer)).shards[0].master == "redis-3"
