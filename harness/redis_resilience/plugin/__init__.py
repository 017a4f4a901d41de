"""The pytest plugin: options, the `trial` fixture, one line about the run, a table at the end.

It is loaded at every start of pytest where the package is installed, so it imports nothing but pytest and the table of
options; everything else is imported by the first test that asks for a trial.
"""

from __future__ import annotations

import os
import sys
import time
import zlib
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from redis_resilience.options import OF_THE_USERS, OPTIONS, Chosen, choose
from redis_resilience.plugin.marker import marked
from redis_resilience.plugin.naming import (
    SEEDS,
    folder_name,
    repeat_by_pytest,
    scenario_name,
    seed_of,
    shown,
    unused,
)
from redis_resilience.plugin.reports import BRING_UP_PROPERTY, ENDED_PROPERTY, MISSING_PROPERTY, TRIAL_PROPERTY, Reports
from redis_resilience.plugin.stopping import arm

if TYPE_CHECKING:
    from redis_resilience.trials.keeper import Keeper
    from redis_resilience.trials.observer import Observer
    from redis_resilience.trials.outcome import Outcome
    from redis_resilience.trials.settings import Settings
    from redis_resilience.trials.trial import Trial

_CHOSEN = pytest.StashKey[Mapping[str, Chosen]]()
_VALUES = pytest.StashKey[dict[str, Any]]()
_RESULTS = pytest.StashKey[Path]()
_KEEPER: pytest.StashKey[Keeper] = pytest.StashKey()
OBSERVER: pytest.StashKey[Observer] = pytest.StashKey()
ONLY_PLAN = pytest.StashKey[bool]()
_TRIAL: pytest.StashKey[Trial] = pytest.StashKey()
_REPEAT: pytest.StashKey[str] = pytest.StashKey()
REPEAT_WORDS: pytest.StashKey[str] = pytest.StashKey()
"""Set by the command: the shell command that runs this scenario again, without the seed."""
PROGRESS_ADDRESS: pytest.StashKey[str] = pytest.StashKey()
"""Set by the command: where workers of pytest-xdist send the progress of their trials."""
COLLECTOR = "redis-resilience-collector"


def pytest_addoption(parser: pytest.Parser) -> None:
    """All options in one group; each has an ini twin of the same meaning."""
    group = parser.getgroup("redis-resilience", "breaking Redis on purpose (redis-resilience)")
    for option in OPTIONS:
        shown = f" (default: {option.default})" if option.default else ""
        group.addoption(option.flag, dest=option.name, default=None, metavar=option.metavar, help=option.help + shown)
        parser.addini(option.name, f"default value for {option.flag}", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Decide every option once, and where the results go; a worker of pytest-xdist gets both from its controller.

    Raises pytest.UsageError for a wrong value.
    """
    config.addinivalue_line(
        "markers",
        "redis(topology=, profile=, trials=, fresh=, fails=, backends=): what this scenario needs whatever was chosen "
        "for the run; the findings by which it shows that a document no longer holds; where alone it can run",
    )
    chosen: dict[str, Chosen] = {}
    values: dict[str, Any] = {}
    for option in OPTIONS:
        chosen[option.name] = choose(option, config.getoption(option.name), config.getini(option.name))
        try:
            values[option.name] = option.value(chosen[option.name].text)
        except ValueError as error:
            where = {"option": option.flag, "environment": option.variable}.get(chosen[option.name].source, option.name)
            raise pytest.UsageError(f"{where}: {error}") from error
    told = getattr(config, "workerinput", {})
    if values["redis_seed"] is None:
        values["redis_seed"] = told.get("redis_seed", int.from_bytes(os.urandom(4)) % SEEDS)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    folder = values["redis_results"] / f"{stamp}-{os.urandom(2).hex()}"
    config.stash[_RESULTS] = Path(told.get("redis_folder", folder))
    config.stash[_CHOSEN] = chosen
    config.stash[_VALUES] = values
    if "redis_repeat" in told:
        config.stash[REPEAT_WORDS] = told["redis_repeat"]
    if "redis_progress" in told:
        from redis_resilience.trials.relay import Sender  # noqa: PLC0415 - see the module's docstring

        config.stash[OBSERVER] = Sender(told["redis_progress"])
    if not told:
        config.pluginmanager.register(Collector(config.stash[_RESULTS]), COLLECTOR)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Send a worker of pytest-xdist what was decided for the whole run, and stay in the run as long as any of them."""
    stash = node.config.stash
    _must_make_sense(node.config, [_where(stash[_VALUES])])
    arm(node.config)
    _join(node.config)
    node.workerinput["redis_folder"] = str(stash[_RESULTS])
    node.workerinput["redis_seed"] = stash[_VALUES]["redis_seed"]
    if REPEAT_WORDS in stash:
        node.workerinput["redis_repeat"] = stash[REPEAT_WORDS]
    if PROGRESS_ADDRESS in stash:
        node.workerinput["redis_progress"] = stash[PROGRESS_ADDRESS]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat every test that asks for a trial of this plugin; raises CollectError for options that make no sense."""
    if not asks_for_trial(metafunc.definition):
        return
    try:
        trials = _values(metafunc.config, metafunc.definition)["redis_trials"]
    except pytest.UsageError as error:
        raise pytest.Collector.CollectError(str(error)) from error
    if trials > 1:
        metafunc.parametrize("trial", range(trials), indirect=True, ids=[f"{n + 1}of{trials}" for n in range(trials)])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever prevents every trial ends the run before the first, in one line."""
    asking = [item for item in items if asks_for_trial(item)]
    if asking and not config.option.collectonly:
        _must_make_sense(config, [_where(_values(config, item)) for item in asking])
        arm(config)


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str | None:
    """One line about the run, where there is one."""
    used = any(asks_for_trial(item) for item in items)
    if not used and all(chosen.source == "default" for chosen in config.stash[_CHOSEN].values()):
        return None
    values = config.stash[_VALUES]
    return (
        f"redis-resilience: backend {values['redis_backend']}, topology {values['redis_topology']}, "
        f"profile {values['redis_profile']}, seed {values['redis_seed']}, results {shown(config.stash[_RESULTS])}"
    )


def make_trial(request: pytest.FixtureRequest) -> Trial:
    """One trial: add load, faults and expectations, then `run()`; its verdict decides the test."""
    from redis_resilience.model.errors import ResilienceError  # noqa: PLC0415 - see the module's docstring
    from redis_resilience.trials.keeper import Keeper  # noqa: PLC0415 - see the module's docstring
    from redis_resilience.trials.observer import SILENT  # noqa: PLC0415 - see the module's docstring
    from redis_resilience.trials.trial import Trial  # noqa: PLC0415 - see the module's docstring

    config, node = request.config, request.node
    values, backends = _values(config, node), marked(node).backends
    if backends and values["redis_backend"] not in backends:
        reason = f"expected --redis-backend={' or '.join(backends)} for this scenario; got {values['redis_backend']}"
        node.user_properties.append((MISSING_PROPERTY, reason))
        pytest.skip(reason)
    number = getattr(node, "callspec", None) and node.callspec.params.get("trial", 0)
    seed = seed_of(values["redis_seed"], number or 0)
    repeat = (
        f"{config.stash[REPEAT_WORDS]} --seed {seed}"
        if REPEAT_WORDS in config.stash
        else repeat_by_pytest(node, config.stash[_CHOSEN], seed=seed, trials=values["redis_trials"])
    )
    node.stash[_REPEAT] = repeat
    folder = unused(config.stash[_RESULTS] / folder_name(node))
    try:
        if _KEEPER not in config.stash:
            config.stash[_KEEPER] = Keeper(_settings(config, config.stash[_VALUES]))
        made = Trial(
            scenario=scenario_name(node),
            number=zlib.crc32(f"{folder.parent.name}/{folder.name}".encode()),
            folder=folder,
            settings=_settings(config, values | {"redis_seed": seed}),
            keeper=config.stash[_KEEPER],
            observer=config.stash.get(OBSERVER, SILENT),
            repeat=repeat,
            only_plan=config.stash.get(ONLY_PLAN, False),
        )
    except ResilienceError as error:
        pytest.fail(f"{type(error).__name__}: {error}", pytrace=False)
    node.stash[_TRIAL] = made
    return made


trial = pytest.fixture(name="trial")(make_trial)


def asks_for_trial(node: pytest.Item) -> bool:
    """Whether the test's `trial` is this plugin's, even by way of another fixture that overrides it and requests it."""
    fixtures = getattr(node, "_fixtureinfo", None)
    for fixture in reversed(fixtures.name2fixturedefs.get("trial", ()) if fixtures else ()):
        if fixture.func is make_trial:
            return True
        if "trial" not in fixture.argnames:
            return False
    return False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """The verdict decides; what this machine lacks is a skip that names the fix; a known error needs no traceback."""
    known: Exception | None = None
    try:
        result = yield
    except pytest.skip.Exception:
        made = item.stash.get(_TRIAL, None)
        if made is not None and made.outcome is not None and made.outcome.verdict == "fail":
            _must_be_good(item, made)
        raise
    except Exception as error:
        if _TRIAL not in item.stash or not _is_known(error):
            raise
        known = error
    finally:
        _keep_numbers(item)
    if known:
        _translate(item, known)
    if (made := item.stash.get(_TRIAL, None)) is not None:
        _must_be_good(item, made)
    return result


def _must_be_good(item: pytest.Item, made: Trial) -> None:
    """Fails the test by its trial's verdict, or for want of one."""
    if made.unjudged:
        pytest.fail(f"expected {item.name} to run its trial; {made.unjudged}", pytrace=False)
    if made.outcome is None:
        return
    allowed = ("pass", "unknown") if item.config.stash[_VALUES]["redis_allow_unknown"] else ("pass",)
    if fails := marked(item).fails:
        _show_weakness(made.outcome, fails)
    if made.outcome.verdict not in allowed:
        pytest.fail(made.outcome.explain(), pytrace=False)


def _show_weakness(outcome: Outcome, fails: tuple[str, ...]) -> None:
    """A verdict that fails by nothing but findings that the scenario is there to show is an expected failure."""
    judged = {finding.name: finding for finding in outcome.judgement.findings}
    failed = [name for name, finding in judged.items() if finding.verdict == "fail"]
    others = [name for name in failed if name not in fails]
    if outcome.verdict == "fail" and failed and not others:
        pytest.xfail("; ".join(f"{name}: {judged[name].text}" for name in failed))
    if outcome.verdict != "unknown":
        seen = ", ".join(f"{name}: {judged[name].verdict}" if name in judged else f"no {name}" for name in fails)
        besides = f"; besides, {', '.join(others)} failed" if others else ""
        pytest.fail(
            f"expected {' or '.join(fails)} to fail, which this scenario is there to show, and nothing else; got "
            f"{seen}{besides}\n{outcome.explain()}",
            pytrace=False,
        )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """How pytest ended the test is kept beside the verdict; a failure says where the evidence is and how to repeat."""
    report = yield
    made = item.stash.get(_TRIAL, None)
    if made is None:
        return report
    if made.outcome is not None and (report.when == "call" or report.failed):
        for properties in (item.user_properties, report.user_properties):
            properties[:] = [pair for pair in properties if pair[0] != ENDED_PROPERTY]
            properties.append((ENDED_PROPERTY, _ended(report)))
    if report.failed:
        lines = [f"folder: {shown(made.folder)}", f"repeat: {item.stash[_REPEAT]}"]
        report.sections.append(("redis trial", "\n".join(lines)))
    return report


def _ended(report: pytest.TestReport) -> str:
    """In pytest's own words, as its summary counts it."""
    if report.when != "call":
        return "error"
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    return report.outcome


class Collector:
    """Gathers the folders of all trials, those of pytest-xdist's workers too, and shows the table at the end."""

    def __init__(self, results: Path) -> None:
        self._results = results
        self.reports = Reports()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Before it is shown: a run that is stopped right then has what was shown."""
        self.reports.add(report)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The table of all trials, their pages, and where they are."""
        if not self.reports.ran:
            return
        from redis_resilience.pages.terminal import encodable  # noqa: PLC0415 - see the module's docstring
        from redis_resilience.results.publishing import publish  # noqa: PLC0415 - see the module's docstring

        terminal = terminalreporter._tw  # noqa: SLF001 - the only way to its width and colour
        ran = list(self.reports.ran.values())
        published = publish(ran, self._results, width=terminal.fullwidth, colour=terminal.hasmarkup)
        terminalreporter.section("redis-resilience")
        terminalreporter.write_line(encodable(published.table, sys.stdout.encoding))
        for bring_up in self.reports.bring_ups:
            terminalreporter.write_line(f"bring-up: {bring_up}")
        if published.problem:
            terminalreporter.write_line(published.problem)
        if published.index.exists():
            terminalreporter.write_line(f"reports: {shown(published.index)}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Take the deployment away, whatever happened; after the workers of pytest-xdist have ended."""
    if _KEEPER not in session.config.stash:
        return
    from redis_resilience.model.errors import ResilienceError  # noqa: PLC0415 - see the module's docstring

    keeper = session.config.stash[_KEEPER]
    del session.config.stash[_KEEPER]
    try:
        keeper.close()
    except ResilienceError as error:
        sys.stderr.write(f"\nredis-resilience: {error}\n")
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _join(config: pytest.Config) -> None:
    """The controller of pytest-xdist has no deployment, but must stay in the run until its last worker has left."""
    if config.stash[_VALUES]["redis_backend"] not in ("kind", "context") or _KEEPER in config.stash:
        return
    from redis_resilience.model.errors import ResilienceError  # noqa: PLC0415 - see the module's docstring
    from redis_resilience.trials.keeper import Keeper  # noqa: PLC0415 - see the module's docstring

    keeper = Keeper(_settings(config, config.stash[_VALUES]))
    try:
        keeper.join()
    except ResilienceError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[_KEEPER] = keeper


def _where(values: dict[str, Any]) -> tuple[str, str]:
    """The topology and profile of these choices; nothing where the Redis exists already."""
    return ("", "") if any(map(values.get, OF_THE_USERS)) else (values["redis_topology"], values["redis_profile"])


def _must_make_sense(config: pytest.Config, wanted: Iterable[tuple[str, str]]) -> None:
    """Raises pytest.UsageError where there is no such topology or profile, or no room for results."""
    from redis_resilience.model.errors import ResilienceError  # noqa: PLC0415 - see the module's docstring
    from redis_resilience.topologies.catalogue import topology  # noqa: PLC0415 - see the module's docstring
    from redis_resilience.trials.folder import must_take_results  # noqa: PLC0415 - see the module's docstring

    try:
        for name, profile in dict.fromkeys(wanted):
            if name:
                topology(name).profile(profile)
        must_take_results(config.stash[_RESULTS].parent)
    except ResilienceError as error:
        raise pytest.UsageError(str(error)) from error


def _values(config: pytest.Config, node: pytest.Item) -> dict[str, Any]:
    """The run's choices, overridden by the test's own marker; the command line's number of trials overrides both."""
    values = config.stash[_VALUES].copy()
    values.update(marked(node).choices)
    if config.stash[_CHOSEN]["redis_trials"].source == "option":
        values["redis_trials"] = config.stash[_VALUES]["redis_trials"]
    return values


def _settings(config: pytest.Config, values: dict[str, Any]) -> Settings:
    from redis_resilience.trials.settings import settings  # noqa: PLC0415 - see the module's docstring

    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    return settings(values, results=config.stash[_RESULTS], worker=worker)


def _is_known(error: Exception) -> bool:
    from redis_resilience.model.errors import ResilienceError  # noqa: PLC0415 - see the module's docstring

    return isinstance(error, ResilienceError)


def _translate(item: pytest.Item, error: Exception) -> NoReturn:
    from redis_resilience.model.errors import Unavailable  # noqa: PLC0415 - see the module's docstring

    if isinstance(error, Unavailable):
        item.user_properties.append((MISSING_PROPERTY, str(error)))
        if not item.config.stash[_VALUES]["redis_require"]:
            pytest.skip(str(error))
    pytest.fail(f"{type(error).__name__}: {error}", pytrace=False)


def _keep_numbers(item: pytest.Item) -> None:
    """The trial's numbers as properties of the test: they survive pytest-xdist and land in JUnit's XML."""
    outcome = item.stash[_TRIAL].outcome if _TRIAL in item.stash else None
    if outcome is None:
        return
    from redis_resilience.pages.properties import properties  # noqa: PLC0415 - see the module's docstring

    item.user_properties[:] = [pair for pair in item.user_properties if not pair[0].startswith("redis_")]
    item.user_properties.append((TRIAL_PROPERTY, str(outcome.folder)))
    if bring_up := item.stash[_TRIAL].bring_up:
        item.user_properties.append((BRING_UP_PROPERTY, bring_up))
    item.user_properties.extend(properties(outcome.judgement).items())
