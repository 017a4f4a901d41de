"""One look at a Redis Cluster: whether it is healthy, who is what, and which pods serve which slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace

import pytest

from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.environment import Prediction, Server, Shard
from redis_resilience.model.events import Connected, Event, Owner
from redis_resilience.model.faults import Fault, kill, pause, stop_node
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows
from redis_resilience.probe.protocol import Answer
from redis_resilience.topologies.clusters import CLUSTER
from redis_resilience.topologies.restarts import STAYS_DOWN, RestartPolicy
from redis_resilience.trials.cluster_survey import all_announced, describe_shards, survey_cluster

PODS = ("redis-1", "redis-2", "redis-3", "redis-4")
ENDPOINTS = {pod: Endpoint(f"10.0.0.{pod[-1]}", 6379) for pod in (*PODS, "redis-5")}
LOWER, UPPER = ((0, 8191),), ((8192, 16383),)
ROWS = {
    "redis-1": "master - 0 0 1 connected 0-8191",
    "redis-2": "master - 0 0 2 connected 8192-16383",
    "redis-3": "slave id-redis-1 0 0 1 connected",
    "redis-4": "slave id-redis-2 0 0 2 connected",
}
REPLACED = {"redis-1": "slave id-redis-3 0 0 3 connected", "redis-3": "master - 0 0 3 connected 0-8191"}
DEAD = Answer(unreachable="refused")


def master(*, replicas: int = 1) -> Answer:
    return Answer(value=["master", 100, [["10.0.0.9", "6379", "100"]] * replicas])


def replica(of: str, *, link: str = "connected") -> Answer:
    return Answer(value=["slave", ENDPOINTS[of].host, 6379, link, 100])


ROLES = {
    "redis-1": master(),
    "redis-2": master(),
    "redis-3": replica("redis-1"),
    "redis-4": replica("redis-2"),
}


class Cluster:
    """Nodes that all report one table, their roles, and that they serve; a deployment and its probe in one."""

    def __init__(
        self,
        *,
        roles: Mapping[str, Answer] | None = None,
        rows: Mapping[str, str] | None = None,
        pods: tuple[str, ...] = PODS,
        state: str = "ok",
    ) -> None:
        self.topology = replace(CLUSTER, shards=2, pods=tuple(CLUSTER.pod(pod) for pod in PODS))
        self.probe = self
        self._roles, self._rows = {**ROLES, **(roles or {})}, {**ROWS, **(rows or {})}
        self._pods, self._state = pods, state

    def servers(self) -> dict[str, Endpoint]:
        return {pod: ENDPOINTS[pod] for pod in self._pods}

    def policy(self, pod: str) -> RestartPolicy:
        """Of four pods on two nodes: redis-1 with redis-4, redis-2 with redis-3."""
        return replace(STAYS_DOWN, co_located=(f"redis-{5 - int(pod[-1])}",))

    def query(self, endpoint: Endpoint, *command: str) -> Answer:
        pod = next(pod for pod, known in ENDPOINTS.items() if known == endpoint)
        if self._roles[pod].unreachable or command == ("ROLE",):
            return self._roles[pod]
        if command == ("CLUSTER", "INFO"):
            return Answer(value=f"cluster_state:{self._state}\r\n")
        assert command == ("CLUSTER", "NODES")
        return Answer(value=self._table(pod))

    def _table(self, teller: str) -> str:
        if teller not in self._rows:
            return f"id-{teller} {ENDPOINTS[teller]}@16379 myself,master - 0 0 0 connected"
        return "\n".join(
            f"id-{pod} {ENDPOINTS.get(pod, ':0')}@16379 {'myself,' if pod == teller else ''}{row}"
            for pod, row in self._rows.items()
        )


def test_a_cluster_in_which_all_agree_is_whole_and_its_text_tells_the_shards() -> None:
    seen = survey_cluster(Cluster())
    assert seen.whole
    assert seen.text == "0-8191: redis-1 of redis-3; 8192-16383: redis-2 of redis-4"
    assert [state.role for state in seen.servers.values()] == ["master", "master", "replica", "replica"]
    assert seen.servers["redis-4"].source == "redis-2"
    assert seen.sentinels == {}


@pytest.mark.parametrize(
    ("roles", "reason"),
    [
        ({"redis-1": DEAD}, "redis-1 says refused"),
        ({"redis-1": DEAD}, "an unknown node: unreachable"),
        ({"redis-3": DEAD}, "redis-3 says refused"),
        ({"redis-3": Answer()}, "redis-3: unreachable"),
        ({"redis-3": Answer(error="LOADING it reads its data")}, "redis-3: LOADING it reads its data"),
        ({"redis-3": master(replicas=0)}, "redis-3: master"),
        ({"redis-2": replica("redis-4")}, "redis-2: replica"),
        ({"redis-4": replica("redis-2", link="connecting")}, "redis-4 is not linked (connecting)"),
    ],
)
def test_a_server_that_is_not_what_the_tables_say_is_named_and_nothing_is_whole(
    roles: dict[str, Answer], reason: str
) -> None:
    seen = survey_cluster(Cluster(roles=roles))
    assert not seen.whole
    assert reason in seen.text.split("; ")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"redis-2": "master - 0 0 2 connected 8192-16000"}, "16001 of 16384 slots have a master"),
        ({"redis-4": "slave id-redis-1 0 0 1 connected"}, "redis-2 (8192-16383) has no replica"),
        ({"redis-4": "slave,fail id-redis-2 0 0 2 connected"}, "redis-1 takes redis-4 for fail"),
        ({"redis-4": "slave id-redis-2 0 0 2 disconnected"}, "redis-1 takes redis-4 for disconnected"),
        ({"nobody": "master - 0 0 9 connected 16001"}, "an unknown node: unreachable"),
    ],
)
def test_what_is_wrong_in_the_tables_is_told_though_every_server_is_what_they_say(
    row: dict[str, str], reason: str
) -> None:
    seen = survey_cluster(Cluster(rows=row))
    assert not seen.whole
    assert reason in seen.text.split("; ")


def test_nodes_that_serve_nothing_are_not_whole_though_all_agree() -> None:
    seen = survey_cluster(Cluster(state="fail"))
    assert (seen.whole, seen.text) == (False, "; ".join(f"{pod} says fail" for pod in PODS))


def test_a_pod_that_is_not_there_is_missed() -> None:
    seen = survey_cluster(Cluster(pods=PODS[:3]))
    assert not seen.whole
    assert seen.text.startswith("no redis-4; ")


def test_without_any_answer_there_are_no_shards_and_nothing_is_whole() -> None:
    seen = survey_cluster(Cluster(roles=dict.fromkeys(PODS, DEAD)))
    assert not seen.whole
    assert "0 of 16384 slots have a master" in seen.text
    assert (seen.shards, seen.view.master, seen.view.masters, seen.view.replicas) == ({}, "", (), ())


def test_the_view_has_the_first_shards_master_and_replicas_all_masters_and_all_members() -> None:
    view = survey_cluster(Cluster()).view
    assert (view.master, view.replicas) == ("redis-1", ("redis-3",))
    assert (view.masters, view.members, view.sentinels) == (("redis-1", "redis-2"), PODS, ())


def test_the_first_shard_is_that_of_the_first_slots_whoever_serves_it() -> None:
    seen = survey_cluster(Cluster(rows=REPLACED, roles={"redis-1": replica("redis-3"), "redis-3": master()}))
    assert seen.whole, seen.text
    assert (seen.view.master, seen.view.replicas) == ("redis-3", ("redis-1",))
    assert seen.view.masters == ("redis-3", "redis-2")


def test_who_does_not_answer_is_a_member_and_nothing_else_in_the_view() -> None:
    view = survey_cluster(Cluster(roles={"redis-1": DEAD, "redis-2": replica("redis-4")})).view
    assert (view.master, view.replicas, view.masters) == ("", ("redis-3",), ("redis-2",))
    view = survey_cluster(Cluster(roles={"redis-3": DEAD})).view
    assert (view.master, view.replicas, view.members) == ("redis-1", (), PODS)


def test_who_tells_no_role_is_not_in_the_view_though_its_table_is_read() -> None:
    view = survey_cluster(Cluster(roles={"redis-1": Answer(), "redis-3": Answer()})).view
    assert (view.master, view.replicas, view.masters) == ("", (), ("redis-2",))


def test_of_two_dead_masters_the_first_ones_replicas_are_those_in_the_view() -> None:
    seen = survey_cluster(Cluster(roles={"redis-1": DEAD, "redis-2": DEAD, "redis-3": master()}))
    assert (seen.view.master, seen.view.replicas, seen.view.masters) == ("", ("redis-3",), ())
    assert "redis-3: master" in seen.text.split("; ")


def test_a_spare_is_a_member_without_slots_and_nothing_is_wrong_with_that() -> None:
    seen = survey_cluster(Cluster(pods=(*PODS, "redis-5"), roles={"redis-5": master(replicas=0)}))
    assert seen.whole, seen.text
    assert seen.view.members == (*PODS, "redis-5")
    assert seen.view.masters == ("redis-1", "redis-2")
    assert "redis-5" not in {pod for pods in seen.shards.values() for pod in pods}


def test_one_that_has_grown_is_not_what_it_was_though_all_agree() -> None:
    """Seen: a way back that failed half-way left four masters, and the next trial took them for a new deployment."""
    cluster = Cluster()
    cluster.topology = replace(cluster.topology, shards=1)

    seen = survey_cluster(cluster)

    assert not seen.whole
    assert seen.text == "2 masters have slots, 1 had at the beginning"


def test_the_shards_are_pods_by_slots_each_master_first() -> None:
    assert survey_cluster(Cluster()).shards == {LOWER: ("redis-1", "redis-3"), UPPER: ("redis-2", "redis-4")}
    two = {"redis-4": "slave id-redis-1 0 0 1 connected"}
    assert survey_cluster(Cluster(rows=two)).shards == {LOWER: ("redis-1", "redis-3", "redis-4"), UPPER: ("redis-2",)}


def test_a_shard_of_several_ranges_is_one_shard() -> None:
    rows = {
        "redis-1": "master - 0 0 1 connected 0-99 200-8191",
        "redis-2": "master - 0 0 2 connected 100-199 8192-16383",
    }
    seen = survey_cluster(Cluster(rows=rows))
    assert seen.text == "0-99 200-8191: redis-1 of redis-3; 100-199 8192-16383: redis-2 of redis-4"
    assert list(seen.shards) == [((0, 99), (200, 8191)), ((100, 199), (8192, 16383))]


def plan(*faults: Fault) -> Plan:
    return Plan(
        trial="t1",
        scenario="story",
        topology="cluster",
        profile="fast",
        backend="memory",
        seed=1,
        load=Load(),
        faults=tuple(Scheduled(fault=each) for each in faults),
        expect=Expect(),
        windows=Windows(),
    )


def nodes(**config: str) -> tuple[Server, ...]:
    return tuple(Server(name=pod, address=str(ENDPOINTS[pod]), role="", run_id="", config=dict(config)) for pod in PODS)


def test_shards_are_described_by_their_slots_with_what_must_happen_to_each() -> None:
    cluster = Cluster()
    lower, upper = describe_shards(cluster, survey_cluster(cluster), nodes(), plan(kill("redis-2")))
    assert (lower.name, lower.slots, lower.master, lower.servers) == (
        "0-8191",
        LOWER,
        "redis-1",
        ("redis-1", "redis-3"),
    )
    assert lower.prediction.failover is False
    assert (upper.name, upper.servers) == ("8192-16383", ("redis-2", "redis-4"))


def test_a_node_that_is_switched_off_takes_its_pods_of_every_shard() -> None:
    """Of the first shard the master, of the second the replica; a kill takes no co-located pods."""

    def hit(fault: Fault) -> list[bool]:
        cluster = Cluster()
        described = describe_shards(cluster, survey_cluster(cluster), nodes(), plan(fault))
        return [shard.prediction.because != "no fault hits this shard's master" for shard in described]

    assert hit(stop_node("master")) == hit(stop_node("redis-4")) == [True, False]
    assert hit(stop_node("replica")) == [False, True]
    assert hit(kill("redis-4")) == [False, False]


def test_a_replica_that_is_hit_is_no_master() -> None:
    cluster = Cluster()
    described = describe_shards(cluster, survey_cluster(cluster), nodes(), plan(kill("replica")))
    assert {shard.prediction.because for shard in described} == {"no fault hits this shard's master"}


@pytest.mark.parametrize(("config", "timeout_ms"), [({"cluster-node-timeout": "1000"}, "1000"), ({}, "15000")])
def test_a_shard_is_predicted_by_its_masters_own_node_timeout(config: dict[str, str], timeout_ms: str) -> None:
    cluster = Cluster()
    lower, _ = describe_shards(cluster, survey_cluster(cluster), nodes(**config), plan(pause("master", for_s=0.5)))
    assert lower.prediction.because.endswith(f"before the node timeout of {timeout_ms} ms")


def test_without_a_cluster_there_are_no_shards_to_describe() -> None:
    seen = SimpleNamespace(shards={})
    assert describe_shards(Cluster(), seen, (), plan()) == ()


def shard(name: str, *servers: str, failover: bool | None) -> Shard:
    prediction = Prediction(failover=failover, because="so")
    return Shard(name=name, slots=(), master=servers[0], servers=servers, prediction=prediction)


SHARDS = (
    shard("0-8191", "redis-1", "redis-3", failover=True),
    shard("8192-16383", "redis-2", "redis-4", failover=False),
)
ALIVE = {"redis-2", "redis-3", "redis-4"}
FOUND, FOUND_UPPER = (
    Connected(at_ns=9, source="probe", connection=1, client=1, server=server, address="", run_id="")
    for server in ("redis-3", "redis-4")
)


def owner(node: str, *, old: str = "redis-1", new: str = "redis-3") -> Event:
    return Owner(at_ns=5, source=f"node:{node}", slots=(0, 8191), owner=new, before=old, epoch=1)


TOLD = tuple(owner(node) for node in sorted(ALIVE))


def test_a_failover_is_announced_once_every_living_node_told_it_and_a_client_found_the_new_master() -> None:
    assert all_announced((*TOLD, FOUND), SHARDS, ALIVE)


@pytest.mark.parametrize(
    "events",
    [
        (),
        TOLD,
        (*TOLD[1:], FOUND),
        (*TOLD[1:], owner("redis-2", old="redis-4"), FOUND),
        (*TOLD, owner("redis-2", old="redis-2", new="redis-4"), FOUND),
    ],
    ids=["nobody told", "no client there", "a node is silent", "a node told of another", "a second is not found"],
)
def test_a_failover_that_a_node_or_a_client_does_not_know_yet_is_not_announced(events: tuple[Event, ...]) -> None:
    assert not all_announced(events, SHARDS, ALIVE)


def test_every_shard_that_must_get_a_new_master_is_waited_for() -> None:
    both = (SHARDS[0], shard("8192-16383", "redis-2", "redis-4", failover=True))
    alive = {"redis-3", "redis-4"}
    upper = tuple(owner(node, old="redis-2", new="redis-4") for node in sorted(alive))
    assert not all_announced((*TOLD, FOUND, FOUND_UPPER), both, alive)
    assert all_announced((*TOLD, *upper, FOUND, FOUND_UPPER), both, alive)


def test_without_a_shard_that_must_get_a_new_master_there_is_nothing_to_announce() -> None:
    assert not all_announced((), SHARDS[1:], ALIVE)
