"""The page of a comparison: the answer and what decided it, both distributions, every difference, every trial."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from redis_resilience.campaigns.comparing import arms_of
from redis_resilience.model.run import Measured, TrialRecord
from redis_resilience.pages import comparison as shown
from redis_resilience.pages.comparison import View, decided, refused_text, render
from redis_resilience.statistics.comparison import Terms, compare
from tests.campaigns.conftest import record

__all__ = ["record"]

TERMS = Terms(tests=("outage.median", "losing", "lost"))


@pytest.fixture
def view(record: Any) -> View:
    """Ten trials of A from 1000 ms on, twice as long ones of B; its last one ended first, another one is refused."""

    def trial(number: int, factor: int) -> TrialRecord:
        ms = factor * (1000.0 + number)
        outage = Measured(ms=ms, least_ms=ms, most_ms=ms)
        return record(folder=f"kill-{number}", outage=outage, first_switch=None, lost=0)

    a, b = ([trial(number, factor) for number in range(10)] for factor in (1, 2))
    b[9] = replace(b[9], outage=Measured(ms=2100.0, least_ms=2100.0, most_ms=None, censored=True))
    b.append(replace(trial(10, 2), refused="assumption.delay: <busy>"))
    pairs = {"kill": (tuple(a), tuple(b))}
    arms = arms_of(pairs, {})
    return View(
        sides=("image=<old>", "image=new"),
        compared=compare(arms, TERMS),
        terms=TERMS,
        how=("two looks",),
        arms=arms,
        trials=pairs,
        links={("A", "kill-3"): "../monday/kill-3/report.html"},
    )


def test_the_answer_is_first_with_the_test_that_decided_it(view: View) -> None:
    page = render(view, script="")

    assert "<h1>B compared with A: worse</h1>" in page
    assert decided(view.compared).startswith("decided by outage.median of kill (p = ")
    assert decided(view.compared) in page
    assert "image=&lt;old&gt;" in page
    assert "two looks" in page


def test_each_difference_has_its_limits_margin_and_method(view: View) -> None:
    rows = {row[1]: row for row in (shown.tested_row(each, TERMS) for each in view.compared.tested)}

    assert re.fullmatch(r"10\d\d ms \(\d+ ms to \d+ ms\)", rows["outage.median"][3])
    assert rows["outage.median"][2:8:2] == ("worse", "10% of A", "1")
    assert rows["outage.median"][7:9] == ("10 / 10", "order statistics of the quantile 0.5")
    assert rows["losing"][4] == "5.0% of trials"
    assert rows["lost"][2] == "not more"


def test_both_distributions_are_drawn_and_the_censored_trial_is_counted(view: View) -> None:
    page = render(view, script="")
    figures = json.loads(re.search(r'id="figures">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]

    assert list(figures) == ["ecdf-0"]
    a, b = figures["ecdf-0"]["data"]
    assert (a["name"], b["name"]) == ("A, 10 trials", "B, 10 trials, 1 ended first")
    assert (a["x"][0], a["y"][0]) == (1000.0, 0)
    assert (a["x"][-1], a["y"][-1]) == (1009.0, 1.0)
    assert max(b["y"]) < 1


def test_every_trial_is_listed_and_linked_where_it_has_a_page(view: View) -> None:
    page = render(view, script="")

    assert page.count("<td>kill-") + page.count(">kill-3</a>") == 21
    assert '<a href="../monday/kill-3/report.html">kill-3</a>' in page
    assert "assumption.delay: &lt;busy&gt;" in page
    assert "&gt;2100<" in page


def test_refused_trials_are_counted_with_the_reason_that_most_of_them_have(view: View, record: Any) -> None:
    """Nothing of A was refused; a trial that ended without a verdict counts, too."""
    a, b = view.trials["kill"]
    pairs = {"kill": (a, (*b, record(refused="assumption.delay: late")))}
    assert list(refused_text(view)) == [
        "refused, so in no number: 1 of 11 trials of B, kill; 1 of them for assumption.delay"
    ]
    assert list(refused_text(replace(view, trials=pairs, arms=arms_of(pairs, {"kill": (0, 1)})))) == [
        "refused, so in no number: 3 of 13 trials of B, kill; 2 of them for assumption.delay"
    ]


def test_without_a_trial_that_counts_there_is_nothing_to_test() -> None:
    assert decided(compare(arms_of({"kill": ((), ())}, {}), Terms(tests=("outage.median",)))) == (
        "no trial counts: there is nothing to test."
    )
