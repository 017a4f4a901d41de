"""The page of trends puts alarms first, and links the runs on both sides of each change."""

from __future__ import annotations

from dataclasses import replace

from redis_resilience.pages import trends_page
from redis_resilience.statistics.trend import Trend, trend
from tests.statistics.test_trend import of, point


def page(*trends: Trend) -> str:
    return trends_page.render(trends)


def test_an_alarm_comes_first_and_links_both_sides() -> None:
    made = page(replace(of([1900.0] * 20), name="a"), replace(of([1900.0] * 20 + [2300.0] * 6), name="b"))

    assert made.index("<b>b</b> alarm") < made.index("<b>a</b> no change")
    assert 'last run before: <a href="r19/index.html">' in made
    assert 'first run after: <a href="r20/index.html">' in made
    assert "median outage, ms: 1903 before, 2302 after" in made


def test_of_many_trends_those_without_a_change_are_closed() -> None:
    quiet = [replace(of([1900.0] * 20), name=str(number)) for number in range(9)]

    assert page(*quiet).count("<details open") == 0
    assert page(*quiet, of([1900.0] * 20 + [1500.0] * 6)).count("<details open") == 1


def test_the_rule_of_alarms_is_stated() -> None:
    assert "with a probability of 1% or less" in page(of([1900.0]))


def test_the_page_opens_without_the_pictures_script() -> None:
    """4.8 MB: it is loaded once a picture is near."""
    made = page(of([1900.0]))

    assert "<script src" not in made
    assert 'script.src = "plotly.min.js"' in made


def test_another_version_is_marked() -> None:
    points = [point(0), point(1), replace(point(2), software="Redis 8.0.2")]

    layout = trends_page.figure(trend("name", (), points))["layout"]

    assert [(each["x"], each["text"]) for each in layout["annotations"]] == [(points[2].started, "Redis 8.0.2")]
    assert [each["line"]["dash"] for each in layout["shapes"]] == ["dot"]


def test_a_p95_of_too_few_trials_is_not_drawn() -> None:
    median, p95, *_ = trends_page.figure(of([1900.0, 1900.0]))["data"]

    assert median["y"] == [1900.0, 1901.0]
    assert p95["y"] == [None, None]


def test_a_folder_without_trends_has_a_page() -> None:
    assert "No run has a time" in page()
