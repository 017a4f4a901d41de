"""`redis-resilience compare`: is B worse than A, by trials that are run for it or by two stored runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import gmtime, strftime

from redis_resilience.campaigns.comparing import (
    Side,
    Trials,
    arms_of,
    brings,
    cells_of,
    left_out,
    must_have_effect,
    of_sides,
    pairs_of,
    setups,
    side_of,
    unlike,
)
from redis_resilience.campaigns.pilot import ABOUT, shipped_pilot
from redis_resilience.campaigns.schedule import Cell, Unit
from redis_resilience.campaigns.store import Definition
from redis_resilience.command.campaigning import (
    Campaigning,
    checked,
    chosen_for_all,
    expected_text,
    folder_of,
    kept_seed,
    seconds_of,
)
from redis_resilience.command.campaigning import left_out as not_run
from redis_resilience.command.chosen import parsed
from redis_resilience.command.everywhere import Session
from redis_resilience.command.exits import Exit
from redis_resilience.model.errors import UsageError
from redis_resilience.model.run import TrialRecord
from redis_resilience.model.verdict import Verdict
from redis_resilience.options import positive_int, side_by_side, whole_number
from redis_resilience.pages.comparison import View, decided, refused_text, render, tested_row
from redis_resilience.pages.script import write_shared_script
from redis_resilience.pages.summary import budget_text
from redis_resilience.plugin.naming import shown
from redis_resilience.results.budgets import judge_budgets
from redis_resilience.results.publishing import add_to_job_page, tried
from redis_resilience.results.recording import record_trial
from redis_resilience.results.run_file import RUN, read_run
from redis_resilience.statistics.arm import Arm, arm
from redis_resilience.statistics.budgets import Budget, parse_budget
from redis_resilience.statistics.comparison import TESTS, Compared, Terms, compare, parse_margin
from redis_resilience.statistics.comparison_plan import Asked, plan_comparison
from redis_resilience.statistics.gate import Answer
from redis_resilience.statistics.sequential import Look, looks
from redis_resilience.trials.documents import encode_json
from redis_resilience.trials.folder import TrialFolder, must_take_results, write_whole

MOST_MARGIN = 10.0
_VERDICTS = {Answer.NO_WORSE: Verdict.PASS, Answer.WORSE: Verdict.FAIL, Answer.CANNOT_TELL: Verdict.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Shares as text ("10%"). trials: of each side, "" = planned. pilot: a run to plan by, None = the shipped one.

    find_loss: a share of losing trials that must be found. tests: comma-separated, "" = all.
    """

    a: str
    b: str
    scenarios: tuple[str, ...]
    results: Path
    name: str = ""
    margin: str = "10%"
    loss_margin: str = "5%"
    find_loss: str = ""
    tests: str = ""
    alpha: str = "5%"
    power: str = "80%"
    looks: int = 2
    trials: str = ""
    pilot: Path | None = None
    seed: str = ""
    parallel: str = "1"
    deadline: str = ""
    budgets: tuple[str, ...] = ()
    allow_unlike: bool = False
    dry_run: bool = False


def compare_sides(given: Mapping[str, str], question: Question, session: Session) -> Exit:
    """Of two stored runs where both are folders with a `run.json`, else of trials run for it.

    Exit code 0: no worse; 1: worse, or a budget of B is exceeded; 2: cannot tell. Raises UsageError.
    """
    asked, budgets = _asked(question)
    stored = [Path(text) for text in (question.a, question.b) if (Path(text) / RUN).is_file()]
    if len(stored) == 2:
        return _stored(stored[0], stored[1], asked, budgets, question)
    if stored:
        raise UsageError(f"expected two runs' folders, or two sides as KEY=VALUE; got one folder, {stored[0]}")
    return _live(given, asked, budgets, question, session)


def _stored(a: Path, b: Path, asked: Asked, budgets: Sequence[Budget], question: Question) -> Exit:
    run_a, run_b = read_run(a), read_run(b)
    trials_a, trials_b = run_a.trials, run_b.trials
    differences = unlike(trials_a, trials_b)
    if differences and not question.allow_unlike:
        raise UsageError(
            f"expected runs in like environments; these differ in: {'; '.join(differences)}: a difference of the "
            "trials may be theirs; compare them all the same with --allow-unlike, or run both sides here: "
            "redis-resilience compare KEY=VALUE KEY=VALUE"
        )
    pairs = pairs_of(trials_a, trials_b)
    unread = (len(run_a.left_out), len(run_b.left_out))
    how = [f"two stored runs, tested once at alpha {asked.alpha:.3g}"]
    how += [f"unlike environments, compared as asked: {each}" for each in differences]
    how += [f"different setups: A {of_a}; B {of_b}" for of_a, of_b in setups(pairs).values()]
    how += [f"cannot be read, so refused: {n} trials of {name}" for n, name in zip(unread, "AB", strict=True) if n]
    how += [
        f"in no test, as the other side has none: {n} trials of {name}"
        for name, n in left_out(trials_a, trials_b, pairs).items()
    ]
    counts = [f"{name}: {len(of_a)} trials of A, {len(of_b)} of B" for name, (of_a, of_b) in pairs.items()]
    sys.stdout.write("\n".join((f"compare A: {a} with B: {b}", *how, *counts)) + "\n")
    if question.dry_run:
        return Exit.PASS
    arms = arms_of(pairs, dict.fromkeys(pairs, unread))
    compared = compare(arms, asked.terms, alpha=asked.alpha)
    must_take_results(question.results)
    page = question.results / f"comparison-{a.resolve().name}--{b.resolve().name}.html"
    links = {
        (side, trial.folder): os.path.relpath(folder.resolve() / trial.folder / trial.page, page.resolve().parent)
        for side, folder, trials in (("A", a, trials_a), ("B", b, trials_b))
        for trial in trials
        if trial.page
    }
    view = View(
        sides=(str(a), str(b)),
        compared=compared,
        terms=asked.terms,
        how=tuple(how),
        arms=arms,
        trials=pairs,
        links=links,
    )
    return _answered(view, page, budgets, results=question.results)


def _answered(view: View, page: Path, budgets: Sequence[Budget], *, results: Path) -> Exit:
    """The exit code; the answer is on the page of a CI job, too."""
    code = publish_comparison(view, page, budgets, results=results)
    a, b = view.sides
    text = f"**{view.compared.answer.upper()}**: {decided(view.compared)}\n\n- A: `{a}`\n- B: `{b}`\n"
    sys.stderr.write("".join(f"{problem}\n" for problem in add_to_job_page(text)))
    return code


def _live(
    given: Mapping[str, str], asked: Asked, budgets: Sequence[Budget], question: Question, session: Session
) -> Exit:
    a, b = question.a, question.b
    sides = side_of(a), side_of(b)
    deadline_s, parallel = seconds_of(question.deadline), parsed("--parallel", side_by_side, question.parallel)
    planned, plan_text = _planned(asked, question)
    folder = folder_of(question.results, question.name or strftime("%Y%m%dT%H%M%SZ-compare", gmtime()))
    definition = _definition(given, sides, planned, folder, question)
    total = len(definition.cells) * definition.trials
    how = [
        *plan_text,
        f"{planned[-1].trials} trials of each side and scenario at most, {total} in all, A B B A: "
        + expected_text(definition, total, parallel=parallel),
        "looks: " + ", ".join(f"after {each.trials} of each at alpha {each.alpha:.4f}" for each in planned),
    ]
    if question.dry_run:
        checked(definition)
        sys.stdout.write("\n".join((f"compare A: {a} with B: {b} in {folder}", *how)) + "\n")
        return Exit.PASS
    running = Campaigning(folder, definition, session, parallel=parallel, deadline_s=deadline_s)
    for line in (f"compare A: {a} with B: {b} in {folder}", *how):
        running.say(line)
    try:
        compared, missing = looked(running, planned, definition, asked.terms)
    except KeyboardInterrupt:
        if running.ran:
            running.publish()
        return running.stopped(f"the same command with --name {folder.name} goes on")
    if running.ran:
        running.publish()
    how += [*not_run(missing), *(f"not judged, so refused: {name}: {why}" for name, why in running.problems.items())]
    pairs = _pairs(running, definition)
    how.append(f"answered after {running.judged} of {total} trials")
    view = View(
        sides=(a, b),
        compared=compared,
        terms=asked.terms,
        how=tuple(how),
        arms=_arms(running, definition),
        trials=pairs,
        links=links_beside(pairs),
    )
    return _answered(view, folder / "comparison.html", budgets, results=question.results)


def _definition(
    given: Mapping[str, str], sides: tuple[Side, Side], planned: Sequence[Look], folder: Path, question: Question
) -> Definition:
    """Where one was begun in that folder, its seed is kept. A chart or manifests are deployed on kind, if not told."""
    common = chosen_for_all({**({"redis_backend": "kind"} if any(map(brings, sides)) else {}), **given})
    for side in sides:
        must_have_effect(side, common)
    return Definition(
        cells=cells_of(question.scenarios, *sides),
        trials=planned[-1].trials,
        seed=parsed("--seed", whole_number, question.seed) if question.seed else kept_seed(folder),
        common=common,
    )


def looked(
    running: Campaigning, planned: Sequence[Look], definition: Definition, terms: Terms
) -> tuple[Compared, tuple[Unit, ...]]:
    """The answer of the first clear look, or of the last; and the trials that did not fit before the deadline.

    A look that lacks trials answers nothing: held again with all of them, it would be one look more than planned.
    Where no first trial of any side ends with a verdict, no other one is begun.
    """
    first = [unit for unit in running.units if unit.number == 1]
    running.run(first)
    if len(running.problems) == len(first):
        compared = compare(_arms(running, definition), terms, alpha=planned[0].alpha)
        return replace(compared, because=f"the first trials of both sides, {len(first)} in all, have no verdict"), ()
    before = 0
    for number, look in enumerate(planned, 1):
        missing = running.run(
            [
                unit
                for unit in running.units
                if before < unit.number <= look.trials and unit.folder not in running.problems
            ]
        )
        compared = compare(_arms(running, definition), terms, alpha=look.alpha)
        if missing:
            because = f"{len(missing)} trials of look {number} of {len(planned)} were not run before the deadline"
            return replace(compared, answer=Answer.CANNOT_TELL, because=because), missing
        running.say(f"look {number} of {len(planned)}, {running.judged} trials judged: {compared.answer}")
        if compared.answer is not Answer.CANNOT_TELL:
            break
        before = look.trials
    return compared, ()


def _arms(running: Campaigning, definition: Definition) -> dict[str, tuple[Arm, Arm]]:
    return arms_of(_pairs(running, definition), of_sides(definition.cells, running.not_judged))


def _pairs(running: Campaigning, definition: Definition) -> dict[str, Trials]:
    def records(cell: Cell) -> tuple[TrialRecord, ...]:
        return tuple(record_trial(TrialFolder(ran.folder), tried(ran)) for ran in running.ran_in(cell))

    return of_sides(definition.cells, records)


def _planned(asked: Asked, question: Question) -> tuple[tuple[Look, ...], list[str]]:
    """The looks, and in words how they came about."""
    if question.trials:
        trials = parsed("--trials", positive_int, question.trials)
        return looks(trials, asked.looks, alpha=asked.alpha), ["trials as given by --trials"]
    if question.pilot:
        known = read_run(question.pilot).trials
        pilots = {name: arm(each for each in known if each.scenario == name) for name in question.scenarios}
        by = f"of {question.pilot}"
    else:
        pilots, by = dict.fromkeys(question.scenarios, shipped_pilot()), f"{ABOUT}; yours by --pilot RUN"
    planned = plan_comparison(pilots, asked)
    margin, longer = asked.terms.margin, planned.longer
    return planned.looks, [
        f"planned by simulation from trials: {by}",
        f"margin {margin:.0%}: B as A is `no worse` in {planned.same.no_worse:.0%} of simulated comparisons",
        f"B {2 * margin:.0%} longer is `worse` in {longer.worse:.0%}, after {longer.trials:.0f} of each on average",
    ]


def _asked(question: Question) -> tuple[Asked, list[Budget]]:
    margins, budgets = {}, []
    for text in question.budgets:
        if relative := parse_margin(text):
            margins[relative[0]] = relative[1]
        else:
            budgets.append(parse_budget(text))
    tests = tuple(each.strip() for each in question.tests.split(",")) if question.tests else TESTS
    if unknown := [each for each in tests if each not in TESTS]:
        raise UsageError(f"--tests: expected any of: {', '.join(TESTS)}; got {unknown[0]!r}")
    loss = share_of("--find-loss", question.find_loss) if question.find_loss else None
    loss_margin = share_of("--loss-margin", question.loss_margin)
    terms = Terms(
        margin=share_of("--margin", question.margin, zero=True),
        margins=margins,
        loss_margin=min(loss_margin, loss) if loss else loss_margin,
        tests=tuple(each for each in TESTS if each in tests),
    )
    asked = Asked(
        terms=terms,
        alpha=share_of("--alpha", question.alpha),
        power=share_of("--power", question.power),
        looks=question.looks,
        loss=loss,
    )
    return asked, budgets


def share_of(flag: str, text: str, *, zero: bool = False) -> float:
    """Of "10%"; zero: whether 0 or more than all is allowed. Raises UsageError that begins with the flag."""
    try:
        share = float(text.removesuffix("%")) / 100 if text.endswith("%") else -1.0
    except ValueError:
        share = -1.0
    if not (0 <= share < MOST_MARGIN if zero else 0 < share < 1):
        raise UsageError(f"{flag}: expected a share in percent, as in 10%; got {text!r}")
    return share


def links_beside(pairs: Mapping[str, Trials]) -> dict[tuple[str, str], str]:
    """To the pages of trials, by side and folder, from a page in the folder that their own folders are relative to."""
    return {
        (side, trial.folder): f"{trial.folder}/{trial.page}"
        for some in pairs.values()
        for side, trials in zip("AB", some, strict=True)
        for trial in trials
        if trial.page
    }


def publish_comparison(view: View, page: Path, wanted: Sequence[Budget], *, results: Path) -> Exit:
    """Page, JSON beside it, and the answer on the terminal. wanted: of B's trials. results: where its script is."""
    compared = view.compared
    budgets = judge_budgets(wanted, [trial for _, of_b in view.trials.values() for trial in of_b])
    budget_lines = tuple(f"budget of B {budget_text(each)}" for each in budgets)
    refused = tuple(refused_text(view))
    view = replace(view, how=(*view.how, *refused, *budget_lines))
    script = write_shared_script(results, f"{os.path.relpath(results, page.parent)}/")
    write_whole(page, render(view, script=script).encode())
    told = {
        "schema": 1,
        "a": view.sides[0],
        "b": view.sides[1],
        "terms": view.terms,
        "how": view.how,
        "compared": compared,
    }
    write_whole(page.with_suffix(".json"), encode_json(told))
    lines = []
    for each in compared.tested:
        scenario, test, answer, difference, margin, *_ = tested_row(each, view.terms)
        lines.append(f"{answer:<12}{test:<20}{scenario}: B minus A {difference}, margin {margin}")
    lines += [*refused, *budget_lines]
    lines += [f"{compared.answer.upper()}: {decided(compared)}", f"report: {shown(page)}"]
    sys.stdout.write("\n".join(lines) + "\n")
    return Exit.of([_VERDICTS[compared.answer], *(each.verdict for each in budgets)])
