"""How long a master is missed: until it is healed, or until its restart policy brings it back."""

import math

import pytest

from redis_resilience.model.faults import delete_pod, kill, pause
from redis_resilience.topologies.restarts import STAYS_DOWN, Comeback, RestartPolicy, absence

KILL = kill("master")
DELETE = delete_pod("master")
KUBELET = Comeback(least_ms=0, most_ms=5000, by="the kubelet")
CONTROLLER = Comeback(least_ms=0, most_ms=60000, by="its controller")
PLAIN = RestartPolicy(restarted=KUBELET, recreated=CONTROLLER)
PATIENT = RestartPolicy(restarted=KUBELET, recreated=CONTROLLER, stays_away_ms=1500)


def test_without_care_it_stays_down_until_it_is_healed() -> None:
    forever = absence(KILL, STAYS_DOWN, 1000)
    healed = absence(kill("master", for_s=0.5), STAYS_DOWN, 1000)

    assert (forever.least_ms, forever.most_ms, forever.because) == (math.inf, math.inf, "nothing restarts it")
    assert (healed.least_ms, healed.most_ms) == (500, 500)


def test_a_killed_container_is_back_when_the_kubelet_says_so() -> None:
    away = absence(KILL, PLAIN, 1000)

    assert (away.least_ms, away.most_ms) == (0, 5000)
    assert away.because == "the kubelet brings it back after 0 to 5000 ms"


def test_a_pause_is_nobodys_to_end() -> None:
    away = absence(pause("master"), PATIENT, 1000)

    assert away.least_ms == math.inf


@pytest.mark.parametrize(
    ("down_after_ms", "least_ms", "most_ms"),
    [(1500, math.inf, math.inf), (1501, 0, math.inf), (6500, 0, math.inf), (6501, 0, 5000)],
)
def test_a_boot_rule_that_stays_away_decides_by_what_is_left_of_d(
    down_after_ms: float, least_ms: float, most_ms: float
) -> None:
    away = absence(KILL, PATIENT, down_after_ms)

    assert (away.least_ms, away.most_ms) == (least_ms, most_ms)


@pytest.mark.parametrize(
    ("policy", "least_ms", "words"),
    [
        (PLAIN, 0, "its controller brings it back after 0 to 60000 ms"),
        (
            RestartPolicy(recreated=CONTROLLER, found_again=False),
            math.inf,
            "at another address than the Sentinels look at",
        ),
        (PATIENT, math.inf, "at another address, where it waits until another is chosen"),
    ],
)
def test_a_deleted_pod_is_back_elsewhere(policy: RestartPolicy, least_ms: float, words: str) -> None:
    away = absence(DELETE, policy, 30_000)

    assert away.least_ms == least_ms
    assert words in away.because
