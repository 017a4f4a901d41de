"""Where the time of a bring-up goes, and what it is doing now."""

from redis_resilience.deployments.steps import Steps


def test_each_step_begins_where_the_one_before_ended() -> None:
    clock = iter((0, 35_060_000_000, 35_060_000_000, 47_060_000_000))
    told: list[str] = []
    steps = Steps(told.append, lambda: next(clock))

    steps.begin("cluster")
    assert told == ["cluster"]
    steps.begin("images")
    steps.end()

    assert str(steps) == "cluster 35.1 s, images 12.0 s"
    assert told == ["cluster", "images"]


def test_a_step_that_is_taken_twice_is_one() -> None:
    clock = iter(second * 1_000_000_000 for second in (0, 1, 1, 3, 3, 6))
    steps = Steps(clock_ns=lambda: next(clock))

    for name in ("ready", "deploy", "ready"):
        steps.begin(name)
    steps.end()

    assert steps.taken_s == {"ready": 4.0, "deploy": 2.0}
