"""An endpoint is written as Redis users write it."""

from redis_resilience.model.endpoint import Endpoint


def test_host_and_port_are_joined_by_a_colon() -> None:
    assert str(Endpoint("redis-0.redis", 6379)) == "redis-0.redis:6379"


def test_endpoints_are_in_order_of_host_then_port() -> None:
    assert sorted([Endpoint("b", 1), Endpoint("a", 2), Endpoint("a", 1)]) == [
        Endpoint("a", 1),
        Endpoint("a", 2),
        Endpoint("b", 1),
    ]
