from __future__ import annotations

from typing import Any

from redis_resilience.pages.properties import properties


def test_names_are_the_glossarys_words_with_units(make: Any) -> None:
    """This list is an interface: dashboards read JUnit files by these names."""
    assert list(properties(make.judgement())) == [
        "redis_trial",
        "redis_scenario",
        "redis_verdict",
        "redis_failover",
        "redis_old_master",
        "redis_new_master",
        "redis_outage_ms",
        "redis_outage_censored",
        "redis_noise_ms",
        "redis_scheduling_delay_p99_ms",
        "redis_dead_ms",
        "redis_sdown_ms",
        "redis_odown_ms",
        "redis_elected_ms",
        "redis_promoted_ms",
        "redis_first_switch_ms",
        "redis_quorum_switch_ms",
        "redis_last_switch_ms",
        "redis_first_write_ms",
        "redis_redundant_ms",
        "redis_acknowledged",
        "redis_failed",
        "redis_info",
        "redis_lost",
        "redis_recovered",
        "redis_unexpected",
        "redis_diverged",
    ]


def test_values_are_plain_and_in_milliseconds(make: Any) -> None:
    told = properties(make.judgement(writes=make.writes(3)))

    assert (told["redis_verdict"], told["redis_first_switch_ms"], told["redis_lost"]) == ("pass", 2260.0, 3)
    assert {type(value) for value in told.values()} == {str, int, float, bool}


def test_what_did_not_happen_has_no_property(make: Any) -> None:
    told = properties(
        make.judgement(timeline=make.timeline({"fault_at": 0.0}), availability=make.availability(0.0, gap=None))
    )

    assert not {"redis_first_switch_ms", "redis_new_master", "redis_outage_ms"} & set(told)
    assert told["redis_failover"] is False


def test_a_loss_that_nobody_knows_has_no_property(make: Any) -> None:
    assert "redis_lost" not in properties(make.judgement(findings=()))
