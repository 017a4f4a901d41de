"""The metrics are an OpenMetrics text that Prometheus's own parser reads."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from redis_resilience.pages import openmetrics
from redis_resilience.statistics.quantiles import spread
from redis_resilience.statistics.trend import Trend, trend
from tests.statistics.test_trend import of, point

LABELS = (("scenario", 'a "b" \\ c'), ("topology", "sidecar"))


def samples(*trends: Trend) -> dict[str, float]:
    families = text_string_to_metric_families(openmetrics.render(trends))
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_the_last_run_counts() -> None:
    found = samples(trend("name", LABELS, [point(0), point(1, 2000.0, lost=7, refused=1)]))

    assert found["redis_resilience_outage_median_seconds"] == 2.001
    assert found["redis_resilience_lost_writes"] == 7
    assert found["redis_resilience_refused_trials"] == 1
    assert found["redis_resilience_alarm"] == 0


def test_labels_are_escaped() -> None:
    (family, *_) = text_string_to_metric_families(openmetrics.render([trend("name", LABELS, [point(0)])]))

    assert family.samples[0].labels == dict(LABELS)


def test_a_number_that_is_not_known_is_missing() -> None:
    found = samples(trend("name", (), [point(0, outage=spread([], [9000.0]))]))

    assert "redis_resilience_outage_median_seconds" not in found
    assert found["redis_resilience_trials"] == 5


def test_an_alarm_is_one() -> None:
    assert samples(replace(of([1900.0] * 20 + [2300.0] * 6), labels=LABELS))["redis_resilience_alarm"] == 1


def test_no_trend_is_an_empty_text() -> None:
    assert openmetrics.render(()).endswith("# EOF\n")
