"""Documents of earlier releases are read under the names of today."""

from __future__ import annotations

from redis_resilience.model.renamed import may_have_old_names, with_names_of_today


def test_keys_have_the_names_of_today_at_any_depth() -> None:
    old = {
        "shards": [{"handed_over": True, "writes": {"causes": {"BUSY": 3}}}],
        "load": {"max_lateness_ms": 20.0},
        "hand_over": ["hand_over"],
    }

    assert with_names_of_today(old) == {
        "shards": [{"planned_failover": True, "writes": {"causes": {"WAITING": 3}}}],
        "load": {"max_scheduling_delay_ms": 20.0},
        "planned_failover": ["hand_over"],
    }


def test_what_has_the_names_of_today_stays_as_it_is() -> None:
    assert with_names_of_today({"load": {"rate": 1.0}, "n": None}) == {"load": {"rate": 1.0}, "n": None}


def test_an_old_name_is_seen_in_a_document_s_text() -> None:
    assert may_have_old_names(b'{"load": {"max_lateness_ms": 20.0}}')
    assert not may_have_old_names(b'{"load": {"max_scheduling_delay_ms": 20.0}}')
