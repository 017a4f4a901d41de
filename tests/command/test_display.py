"""What moves on a terminal: seconds pass on it although nothing is reported."""

from __future__ import annotations

import io

from rich.console import Console

from redis_resilience.command.display import Display, minutes
from redis_resilience.trials.observer import Progress


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def shown(display: Display, width: int = 100) -> list[str]:
    """Without the spinner's sign."""
    out = Console(file=io.StringIO(), width=width)
    with out.capture() as text:
        out.print(display)
    first, *lines = [line.rstrip() for line in text.get().splitlines()]
    return [first[2:], *lines]


def test_seconds_pass_while_nothing_is_reported():
    """From the very start, and in every step of a deployment."""
    clock = Clock()
    display = Display(1, clock=clock)

    assert shown(display) == ["starting 0 s  0:00"]
    clock.now += 2
    assert shown(display) == ["starting 2 s  0:02"]
    display.progress(Progress(trial="master-kill", phase="deploy", doing="node on kind"))
    display.progress(Progress(trial="master-kill", phase="deploy", doing="cluster"))
    clock.now += 33.25
    assert shown(display) == ["0 of 1 trials judged  0:35", "  trial  deploy 33.2 s  cluster"]


def test_trials_side_by_side_and_the_time_that_is_left():
    """By the time that the judged ones took."""
    clock = Clock()
    display = Display(4, clock=clock)
    for number in (1, 2):
        display.progress(Progress(trial=f"master-kill-{number}of4", phase="observe", issued=9, acknowledged=8))
    clock.now += 10
    display.judged("master-kill-1of4")

    assert shown(display) == [
        "1 of 4 trials judged  0:10, about 0:30 left",
        "  trial 2 of 4  observe 10.0 s  8 of 9 writes acknowledged",
    ]
    assert all(len(line) <= 40 for line in shown(display, width=40))
    display.stage("removing what was deployed")
    clock.now += 3
    assert shown(display)[0].startswith("removing what was deployed 3 s  0:13")


def test_minutes():
    assert [minutes(seconds) for seconds in (7.9, 750, 3723)] == ["0:07", "12:30", "1:02:03"]
