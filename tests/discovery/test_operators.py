"""What operators make of their custom resources is found as any other pods are: by what they run and answer.

Images of OT-CONTAINER-KIT say nothing of what they start: its pods have no command, and roles in labels and variables.
"""

from __future__ import annotations

from redis_resilience.discovery.options import options_for
from redis_resilience.discovery.system import Answer
from redis_resilience.model.cluster import parse_nodes
from tests.discovery.objects import EXPORTER, Object, container, pod, systems_of

FAILOVER = {"app.kubernetes.io/managed-by": "redis-operator", "app.kubernetes.io/name": "carts"}


def of_ot(own: str, setup: str, role: str, *, image: str = "redis", port: int = 6379) -> list[Object]:
    """Three pods of a StatefulSet, each with an exporter; the container has the StatefulSet's name."""
    main = {
        "name": own,
        "image": f"quay.io/opstree/{image}:v7.0.15",
        "ports": [{"name": "redis", "containerPort": port}],
        "env": [{"name": "SERVER_MODE", "value": setup}, {"name": "SETUP_MODE", "value": setup}],
    }
    labels = {"app": own, "redis_setup_type": setup, "role": role}
    return [pod(f"{own}-{number}", [main, EXPORTER], labels=labels, owner=("StatefulSet", own)) for number in range(3)]


def test_a_replication_and_the_sentinels_that_watch_it() -> None:
    """RedisReplication and RedisSentinel of OT-CONTAINER-KIT."""
    (system,) = systems_of(
        *of_ot("carts", "replication", "replication"),
        *of_ot("watch-sentinel", "sentinel", "sentinel", image="redis-sentinel", port=26379),
    )

    assert system.kind == "Redis with Sentinel"
    assert options_for(system).options == {
        "attach": "app=carts",
        "container": "carts",
        "sentinel_selector": "app=watch-sentinel",
        "sentinel_container": "watch-sentinel",
    }


def test_leaders_and_followers_of_two_stateful_sets_are_one_cluster() -> None:
    """RedisCluster of OT-CONTAINER-KIT."""
    slots = ("0-5460", "5461-10922", "10923-16383")
    leaders = [f"{'abc'[n]} 10.0.0.{n}:6379@16379 {{}}master - 0 0 1 connected {slots[n]}" for n in range(3)]
    followers = [f"{'def'[n]} 10.0.1.{n}:6379@16379 {{}}slave {'abc'[n]} 0 0 1 connected" for n in range(3)]
    places = [f"shop-{role}-{n}/shop-{role}" for role in ("leader", "follower") for n in range(3)]
    answers = {}
    for place, own in zip(places, lines := [*leaders, *followers], strict=True):
        table = "\n".join(line.format("myself," if line is own else "") for line in lines)
        role = "master" if own in leaders else "slave"
        answers[place] = Answer(run_id=own[0], role=role, clustered=True, state="ok", table=parse_nodes(table))

    (system,) = systems_of(
        *of_ot("shop-leader", "cluster", "leader"), *of_ot("shop-follower", "cluster", "follower"), answers=answers
    )

    assert (system.kind, len(system.servers)) == ("Redis Cluster", 6)
    assert [shard.master for shard in system.shards] == ["shop-leader-0", "shop-leader-1", "shop-leader-2"]
    assert options_for(system).options["attach"] == "redis_setup_type=cluster"


def test_a_failover_of_spotahome() -> None:
    """A StatefulSet of servers, which the operator labels by their roles, and a Deployment of Sentinels."""
    servers = [
        pod(
            f"rfr-carts-{number}",
            [container("redis", "redis-server", "/redis/redis.conf")],
            labels=FAILOVER
            | {"app.kubernetes.io/component": "redis", "redisfailovers-role": "slave" if number else "master"},
            owner=("StatefulSet", "rfr-carts"),
        )
        for number in range(3)
    ]
    sentinels = [
        pod(
            f"rfs-carts-5d4-{number}",
            [container("sentinel", "redis-server", "/redis/sentinel.conf", "--sentinel")],
            labels=FAILOVER | {"app.kubernetes.io/component": "sentinel"},
            owner=("ReplicaSet", "rfs-carts-5d4"),
        )
        for number in range(3)
    ]

    (system,) = systems_of(*servers, *sentinels)

    assert system.kind == "Redis with Sentinel"
    assert options_for(system).options == {
        "attach": "app.kubernetes.io/component=redis",
        "container": "redis",
        "sentinel_selector": "app.kubernetes.io/component=sentinel",
        "sentinel_container": "sentinel",
    }
