"""A comparison as one HTML page: the answer, what decided it, both distributions, links to every trial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from redis_resilience.model.run import TrialRecord
from redis_resilience.pages.frame import GRID, Figure
from redis_resilience.pages.templating import template
from redis_resilience.pages.units import NOTHING, count_text, ms_text
from redis_resilience.statistics.arm import Arm
from redis_resilience.statistics.budgets import DURATIONS
from redis_resilience.statistics.comparison import LOSING, QUANTILES, Compared, Terms, Tested
from redis_resilience.statistics.differences import Difference
from redis_resilience.statistics.gate import Answer
from redis_resilience.statistics.survival import ecdf

_LOOKS = {Answer.NO_WORSE: "pass", Answer.WORSE: "fail", Answer.CANNOT_TELL: "unknown"}
_SIDES = (("A", "#2f6fb3", "solid"), ("B", "#d1495b", "dash"))
_DRAWN = ("outage", "first_switch")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """sides: how A and B are called. how: sentences about trials, looks and environments.

    arms, trials: of A and B, by scenario. links: of a trial's page, by side ("A") and folder; a trial without is listed
    without.
    """

    sides: tuple[str, str]
    compared: Compared
    terms: Terms
    how: tuple[str, ...]
    arms: Mapping[str, tuple[Arm, Arm]]
    trials: Mapping[str, tuple[Sequence[TrialRecord], Sequence[TrialRecord]]]
    links: Mapping[tuple[str, str], str]


def render(view: View, *, script: str) -> str:
    """script: plotly as an element; the tables stand without it too."""
    figures = [(f"ecdf-{number}", *each) for number, each in enumerate(_figures(view))]
    return template("comparison.html.j2").render(
        view=view,
        script=Markup(script),  # noqa: S704 - the caller's own element, from redis_resilience.pages.script
        answer=view.compared.answer.value,
        look=_LOOKS[view.compared.answer],
        decided=decided(view.compared),
        tests=[tested_row(each, view.terms) for each in view.compared.tested],
        looks=_LOOKS,
        figures={name: figure for name, _, _, figure in figures},
        pictures=[(name, scenario, quantity) for name, scenario, quantity, _ in figures],
        listed=list(_listed(view)),
    )


def decided(compared: Compared) -> str:
    """Which tests made the answer, in a sentence."""
    deciding = [each for each in compared.tested if each.decision.answer is compared.answer]
    if compared.because:
        return compared.because
    if compared.answer is Answer.NO_WORSE:
        return "every test that can show it shows that B is within the margin."
    if compared.answer is Answer.WORSE:
        return "decided by " + "; ".join(
            f"{each.test} of {each.scenario} (p = {each.decision.difference.p_above:.2g})"
            for each in deciding
            if each.decision.difference
        )
    unclear = [f"{each.test} of {each.scenario}: {each.decision.because}" for each in deciding if not each.one_sided]
    return f"open: {'; '.join(unclear)}" if unclear else "no trial counts: there is nothing to test."


def refused_text(view: View) -> Iterable[str]:
    """How many trials of each side are in no number, with the reason that most of them have; nothing where none is."""
    for scenario, arms in view.arms.items():
        for (name, _, _), arm, trials in zip(_SIDES, arms, view.trials[scenario], strict=True):
            if arm.refused:
                reasons = Counter(trial.refused.partition(":")[0] for trial in trials if trial.refused)
                reasons["no verdict"] = arm.refused - reasons.total()
                ((reason, count),) = reasons.most_common(1)
                yield (
                    f"refused, so in no number: {arm.refused} of {arm.n} trials of {name}, {scenario}; "
                    f"{count} of them for {reason}"
                )


def tested_row(tested: Tested, terms: Terms) -> tuple[str, ...]:
    """scenario, test, answer, B minus A with limits, margin, p above, p below, n of A and B, method, reason."""
    decision = tested.decision
    margin = f"{terms.margin_of(tested.test):.0%} of A" if tested.test in QUANTILES else NOTHING
    if tested.test == LOSING:
        margin = f"{terms.loss_margin:.1%} of trials"
    p = decision.difference
    return (
        tested.scenario,
        tested.test,
        "not more" if tested.one_sided and decision.answer is Answer.CANNOT_TELL and p else decision.answer.value,
        _interval(tested),
        margin,
        f"{p.p_above:.2g}" if p else NOTHING,
        f"{p.p_below:.2g}" if p and not tested.one_sided else NOTHING,
        f"{decision.n_a} / {decision.n_b}",
        p.method if p else NOTHING,
        decision.because,
    )


def _interval(tested: Tested) -> str:
    """B minus A, with one-sided limits."""
    seen: Difference | None = tested.seen
    if seen is None:
        return NOTHING
    if tested.test in QUANTILES:
        written = [
            NOTHING if each is None else f"{ms_text(each)} ms" for each in (seen.estimate, seen.lower, seen.upper)
        ]
    elif tested.test == LOSING:
        written = [NOTHING if each is None else f"{each:.1%}" for each in (seen.estimate, seen.lower, seen.upper)]
    else:
        return NOTHING if seen.estimate is None else f"{seen.estimate:+.1f} writes a trial"
    return f"{written[0]} ({written[1]} to {written[2]})"


def _figures(view: View) -> Iterable[tuple[str, str, Figure]]:
    for scenario, arms in view.arms.items():
        for quantity in _DRAWN:
            samples = [DURATIONS[quantity](arm) for arm in arms]
            if any(sample.n for sample in samples):
                data = []
                for (name, colour, dash), sample in zip(_SIDES, samples, strict=True):
                    steps = ecdf(sample).steps
                    data.append(
                        {
                            "type": "scatter",
                            "mode": "lines",
                            "name": f"{name}, {sample.n} trials"
                            + (f", {sample.censored} ended first" if sample.censored else ""),
                            "x": [round(step.ms, 1) for step in (*steps[:1], *steps)],
                            "y": [0, *(round(step.share, 4) for step in steps)] if steps else [],
                            "line": {"shape": "hv", "color": colour, "dash": dash, "width": 2},
                        }
                    )
                layout = {
                    "height": 340,
                    "margin": {"l": 56, "r": 16, "t": 16, "b": 48},
                    "xaxis": {
                        "title": {"text": f"{quantity.replace('_', ' ')}, ms after the fault"},
                        "gridcolor": GRID,
                    },
                    "yaxis": {"title": {"text": "share of trials"}, "range": [0, 1.02], "gridcolor": GRID},
                    "legend": {"orientation": "h", "y": 1.12},
                }
                yield scenario, quantity.replace("_", " "), {"data": data, "layout": layout}


def _listed(view: View) -> Iterable[tuple[str, str, list[tuple[str, ...]]]]:
    for scenario, sides in view.trials.items():
        for (name, _, _), trials in zip(_SIDES, sides, strict=True):
            yield (
                scenario,
                name,
                [
                    (
                        trial.folder,
                        view.links.get((name, trial.folder), ""),
                        trial.verdict.value,
                        ms_text(trial.outage.ms, censored=trial.outage.censored) if trial.outage else NOTHING,
                        ms_text(trial.first_switch.ms, censored=trial.first_switch.censored)
                        if trial.first_switch
                        else NOTHING,
                        NOTHING if trial.lost is None else count_text(trial.lost),
                        trial.refused,
                    )
                    for trial in trials
                ],
            )
