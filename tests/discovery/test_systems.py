"""Which instances are one Redis, and how it can be named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redis_resilience.discovery.options import options_for
from redis_resilience.discovery.system import Answer, Monitored
from redis_resilience.model.cluster import parse_nodes
from tests.discovery.objects import EXPORTER, SENTINEL, SERVER, Object, container, pod, service, systems_of


def _three(name: str, **labels: str) -> list[Object]:
    own = {"app": name, "apps.kubernetes.io/pod-index": "0", **labels}
    return [pod(f"{name}-{number}", [SERVER, SENTINEL], labels=own, owner=("StatefulSet", name)) for number in range(3)]


def _watching(run_id: str, *servers: str) -> Answer:
    told = Monitored(
        name="mymaster", address="10.0.0.1:6379", quorum=2, down_after_ms=5000, servers=servers, sentinels=()
    )
    return Answer(run_id=run_id, role="sentinel", monitored=(told,))


def test_a_system_has_the_fewest_labels_that_choose_its_pods() -> None:
    """Not those of one pod only, and none that another pod has, too."""
    other = pod("job-0", [EXPORTER], labels={"tier": "data"}, owner=("Job", "job"))
    (found,) = systems_of(*_three("cache", tier="data"), other)
    assert (found.kind, found.selector) == ("Redis with Sentinel", "app=cache")
    assert found.sentinel_selector == ""


def test_pods_without_labels_of_their_own_are_chosen_by_name() -> None:
    """A StatefulSet gives each pod a label with its name."""
    label = "statefulset.kubernetes.io/pod-name"
    pods = [pod(f"a-{n}", [SERVER, SENTINEL], labels={"app": "x", label: f"a-{n}"}) for n in range(2)]
    (found,) = systems_of(*pods, pod("b-0", [EXPORTER], labels={"app": "x", label: "b-0"}))
    assert found.selector == f"{label} in (a-0,a-1)"


def test_two_systems_in_a_namespace_are_told_apart() -> None:
    """By release or controller."""
    found = systems_of(*_three("cache"), *_three("queue"))
    assert [(each.name, each.selector) for each in found] == [("cache", "app=cache"), ("queue", "app=queue")]


def test_sentinels_belong_to_the_servers_that_they_name() -> None:
    """By run_id: two pairs of controllers, whose names say nothing of it."""
    owners = [("StatefulSet", name) for name in ("red", "blue", "dog", "cat")]
    containers = [SERVER, SERVER, SENTINEL, SENTINEL]
    pods = [pod(f"{own}-0", [each], owner=(kind, own)) for each, (kind, own) in zip(containers, owners, strict=True)]
    answers = {
        "red-0/redis": Answer(run_id="r", role="master"),
        "blue-0/redis": Answer(run_id="b", role="master"),
        "dog-0/sentinel": _watching("d", "b"),
        "cat-0/sentinel": _watching("c", "r"),
    }
    found = systems_of(*pods, answers=answers)
    assert {each.name: [one.pod for one in each.sentinels] for each in found} == {"red": ["cat-0"], "blue": ["dog-0"]}
    assert found[0].sentinel_selector == "app=dog"


def _node(own: str, *others: str, slots: str = "", of: str = "-") -> Answer:
    """One that knows itself and others, as masters without slots."""
    role = "master" if of == "-" else "slave"
    epoch = 2 if slots else 1
    lines = [f"{own} 10.0.0.1:6379@16379 myself,{role} {of} 0 0 {epoch} connected {slots}".strip()]
    lines += [f"{other} 10.0.0.2:6379@16379 master - 0 0 1 connected" for other in others]
    return Answer(run_id=f"run-{own}", role=role, clustered=True, state="ok", table=parse_nodes("\n".join(lines)))


def test_nodes_of_a_cluster_belong_together_by_their_ids() -> None:
    """Each of a controller of its own; another cluster is beside it."""
    pods = [pod(f"{name}-0", [SERVER], owner=("StatefulSet", name)) for name in ("red", "blue", "dog")]
    answers = {
        "red-0/redis": _node("r", "b", slots="0-16383"),
        "blue-0/redis": _node("b", "r", of="r"),
        "dog-0/redis": _node("d", slots="0-9"),
    }
    blue, dog = systems_of(*pods, answers=answers)
    assert [each.pod for each in blue.servers] == ["blue-0", "red-0"]
    assert (blue.kind, blue.shards[0].master) == ("Redis Cluster", "red-0")
    assert [each.pod for each in dog.servers] == ["dog-0"]


def test_a_cluster_is_attached_to_by_its_pods() -> None:
    """It has neither Sentinels nor a master's name."""
    pods = [pod(f"red-{number}", [SERVER], owner=("StatefulSet", "red")) for number in range(2)]
    answers = {"red-0/redis": _node("a", "b", slots="0-16383"), "red-1/redis": _node("b", "a", of="a")}
    (found,) = systems_of(*pods, answers=answers)
    assert options_for(found).options == {"attach": "app=red", "container": "redis"}
    assert found.not_known == ()


def test_what_of_a_cluster_is_not_known() -> None:
    """Slots that no node serves, and a node that no pod of the namespace is."""
    (found,) = systems_of(pod("red-0", [SERVER]), answers={"red-0/redis": _node("a", "b", slots="0-99")})
    assert found.not_known == (
        "who serves all hash slots: 100 of 16384 have a master; is the cluster formed?",
        "which pod is its node b at 10.0.0.2:6379 (master)",
    )


def test_sentinels_apart_belong_to_the_only_servers() -> None:
    """Also where no server was asked."""
    watch = pod("watch-0", [SENTINEL], owner=("Deployment", "watch"))
    (found,) = systems_of(pod("cache-0", [SERVER]), watch)
    assert [each.pod for each in found.sentinels] == ["watch-0"]
    assert "cache-0/redis was not asked" in found.not_known


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        ("NOAUTH x", "was asked and refused: NOAUTH x; name who may ask (--redis-user, --redis-password-secret)"),
        ("Connection refused", "was asked and did not answer: Connection refused"),
    ],
)
def test_a_server_that_wants_a_password_is_told_from_one_that_is_silent(refused: str, told: str) -> None:
    (found,) = systems_of(pod("cache-0", [SERVER]), answers={"cache-0/redis": Answer(refused=refused)})
    assert f"cache-0/redis {told}" in found.not_known


def test_a_sentinel_has_options_of_its_own() -> None:
    (found,) = systems_of(
        pod("cache-0", [SERVER, SENTINEL]), answers={"cache-0/sentinel": Answer(refused="WRONGPASS x")}
    )
    assert any("(--redis-sentinel-user, --redis-sentinel-password-secret)" in each for each in found.not_known)


def test_what_stands_in_front() -> None:
    """Services that lead to the servers, and a proxy by its image; no Service of other pods."""
    proxy = pod("proxy-0", [container("p", image="haproxytech/haproxy:3")], labels={"app": "p"})
    (found,) = systems_of(
        *_three("cache"), proxy, service("cache", {"app": "cache"}), service("web", {"app": "web"}), service("all", {})
    )
    assert found.fronts == (
        "pod proxy-0, container p: a proxy by its image haproxytech/haproxy:3",
        "Service cache (headless, ports 6379) leads to cache-0, cache-1, cache-2",
    )


def test_the_options_that_attach_to_it() -> None:
    """As they are typed, and those only that are needed."""
    three = _three("cache")
    answers = {f"cache-{number}/sentinel": _watching(f"s{number}", "m") for number in range(3)}
    (found,) = systems_of(*three, answers=answers)
    assert options_for(found).options == {
        "attach": "app=cache",
        "container": "redis",
        "sentinel_container": "sentinel",
        "master_name": "mymaster",
    }


def test_ports_are_named_where_they_are_not_the_usual_ones() -> None:
    """Of servers and of Sentinels."""
    server = container("redis", "redis-server", "--port", "7000")
    sentinel = container("sentinel", "redis-server", "--sentinel", "--port", "27000")
    (found,) = systems_of(pod("cache-0", [server, sentinel]))
    options = options_for(found).options
    assert (options["port"], options["sentinel_port"]) == ("7000", "27000")


def test_tls_is_turned_on_and_its_ca_left_to_the_user() -> None:
    """Which Secret or file proves a server is not seen from its pod."""
    server = container("redis", "redis-server", "--port", "0", "--tls-port", "6379")
    (found,) = systems_of(pod("cache-0", [server, SENTINEL]))
    chosen = options_for(found).options
    assert chosen["tls"] == "yes"
    assert "tls_secret" not in chosen


def test_what_cannot_be_attached_to_says_why() -> None:
    """A server alone, several masters."""
    (alone,) = systems_of(pod("cache-0", [SERVER]))
    assert "this is Redis without Sentinel" in options_for(alone).refusals[0]


def test_of_several_masters_the_user_may_name_one() -> None:
    two = replace(_watching("s"), monitored=tuple(replace(_watching("s").monitored[0], name=name) for name in "ab"))
    (found,) = systems_of(pod("cache-0", [SERVER, SENTINEL]), answers={"cache-0/sentinel": two})

    assert "name one with --redis-master-name" in options_for(found).refusals[0]
    assert "name one with --redis-master-name" in options_for(found, master_name="c").refusals[0]
    assert options_for(found, master_name="b").refusals == ()


def test_pods_of_a_finished_job_count_for_nothing() -> None:
    done = pod("init-x", [EXPORTER], labels={"app": "cache"}, owner=("Job", "init"), phase="Succeeded")

    assert systems_of(*_three("cache"), done)[0].selector == "app=cache"


def test_what_time_may_change_is_told_from_what_it_does_not() -> None:
    """A server that starts, and an image without a client."""
    silent, bare = Answer(refused="Could not connect"), Answer(refused="exec: redis-cli: executable file not found")
    pods = [pod(f"cache-{number}", [SERVER]) for number in range(2)]
    (found,) = systems_of(*pods, answers={"cache-0/redis": silent, "cache-1/redis": bare})

    assert found.forming == ("cache-0/redis was asked and did not answer: Could not connect",)
    assert any("its image has no client" in each for each in found.not_known)


def test_pods_that_announce_a_services_address() -> None:
    """Only where the Sentinels do know a server by it: a Service for one pod may be for something else."""
    label = "statefulset.kubernetes.io/pod-name"
    pods = [pod(f"a-{n}", [SERVER, SENTINEL], labels={"app": "a", label: f"a-{n}"}) for n in range(2)]
    services = [service(f"announce-{n}", {label: f"a-{n}"}, address=f"10.96.0.{n + 1}") for n in range(2)]
    watching = _watching("s", "m")
    by_service = replace(watching, monitored=(replace(watching.monitored[0], address="10.96.0.1:6379"),))

    (announced,) = systems_of(*pods, *services, answers={"a-0/sentinel": by_service})
    (by_pod,) = systems_of(*pods, *services, answers={"a-0/sentinel": watching})

    assert announced.announced == {"a-0": "10.96.0.1", "a-1": "10.96.0.2"}
    assert by_pod.announced == {}
