from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.records import NO_SERVER
from redis_resilience.probe.directory import Directory


def directory() -> Directory:
    made = Directory()
    made.replace({"redis-0": Endpoint("redis-0.redis", 6379), "redis-1": Endpoint("10.0.0.2", 6379)})
    return made


def test_a_server_is_known_by_its_endpoint() -> None:
    assert directory().number_at(Endpoint("10.0.0.2", 6379)) == 1


def test_a_server_is_known_by_the_address_that_its_name_led_to() -> None:
    learned = directory()
    assert learned.number_at(Endpoint("10.0.0.1", 6379)) == NO_SERVER

    learned.learn("redis-0", Endpoint("10.0.0.1", 6379))

    assert learned.number_at(Endpoint("10.0.0.1", 6379)) == 0


def test_a_server_is_known_by_its_pods_host_name() -> None:
    assert directory().number_at(Endpoint("redis-1.redis.default.svc.cluster.local", 6379)) == 1


def test_another_port_is_another_server() -> None:
    assert directory().number_at(Endpoint("redis-1.redis", 6380)) == NO_SERVER
    assert directory().number_at(None) == NO_SERVER


def test_what_was_learned_is_forgotten_with_the_endpoints() -> None:
    """A pod's old address may belong to another pod by now."""
    learned = directory()
    learned.learn("redis-0", Endpoint("10.0.0.1", 6379))
    learned.replace({"redis-0": Endpoint("10.0.0.9", 6379)})

    assert learned.number_at(Endpoint("10.0.0.1", 6379)) == NO_SERVER
    assert learned.name(0) == "redis-0"
    assert learned.name(NO_SERVER) == ""


def test_who_holds_the_servers_sees_where_they_are_today() -> None:
    """A client that asks any of a cluster's nodes must not go on asking at addresses that pods had before."""
    directory = Directory()
    directory.replace({"redis-1": Endpoint("10.0.0.1", 6379)})
    held = directory.servers
    directory.replace({"redis-1": Endpoint("10.0.0.9", 6379)})
    assert held["redis-1"] == Endpoint("10.0.0.9", 6379)
