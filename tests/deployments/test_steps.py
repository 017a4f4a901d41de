"""Where the time of a bring-up goes."""

from redis_resilience.deployments.steps import Steps


def test_each_step_begins_where_the_one_before_ended() -> None:
    clock = iter((0, 35_060_000_000, 47_060_000_000))
    steps = Steps(lambda: next(clock))

    steps.took("cluster")
    steps.took("images")

    assert str(steps) == "cluster 35.1 s, images 12.0 s"


def test_a_step_that_is_taken_twice_is_one() -> None:
    clock = iter((0, 1_000_000_000, 3_000_000_000, 6_000_000_000))
    steps = Steps(lambda: next(clock))

    for name in ("ready", "deploy", "ready"):
        steps.took(name)

    assert steps.taken_s == {"ready": 4.0, "deploy": 2.0}
