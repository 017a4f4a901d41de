"""The pytest plugin: options, the `trial` fixture, one line about the run, a table at the end.

It is loaded at every start of pytest where the package is installed, so it imports nothing but pytest and the table of
options; everything else is imported by the first test that asks for a trial.
"""

from __future__ import annotations

import itertools
import re
import secrets
import shlex
import sys
import time
import zlib
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from redis_resilience.options import OPTIONS, Chosen, choose

if TYPE_CHECKING:
    from redis_resilience.trials.keeper import Keeper
    from redis_resilience.trials.observer import Observer
    from redis_resilience.trials.outcome import Outcome
    from redis_resilience.trials.settings import Settings
    from redis_resilience.trials.trial import Trial

_CHOSEN = pytest.StashKey[dict[str, Chosen]]()
_VALUES = pytest.StashKey[dict[str, Any]]()
_RESULTS = pytest.StashKey[Path]()
_KEEPER: pytest.StashKey[Keeper] = pytest.StashKey()
OBSERVER: pytest.StashKey[Observer] = pytest.StashKey()
_TRIAL: pytest.StashKey[Trial] = pytest.StashKey()
TRIAL_PROPERTY = "redis_folder"
BRING_UP_PROPERTY = "redis_bring_up"
_MARKED = ("topology", "profile", "trials", "fresh")
_FAILS = "fails"
COLLECTOR = "redis-resilience-collector"


def pytest_addoption(parser: pytest.Parser) -> None:
    """All options in one group; each has an ini twin of the same meaning."""
    group = parser.getgroup("redis-resilience", "breaking Redis on purpose (redis-resilience)")
    for option in OPTIONS:
        shown = f" (default: {option.default})" if option.default else ""
        group.addoption(option.flag, dest=option.name, default=None, metavar=option.metavar, help=option.help + shown)
        parser.addini(option.name, f"default value for {option.flag}", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Decide every option once, and where the results go; a worker of pytest-xdist is told by its controller."""
    config.addinivalue_line(
        "markers",
        "redis(topology=, profile=, trials=, fresh=, fails=): what this scenario needs whatever was chosen for the "
        "run; the finding, or any of several, by which it shows that a document no longer holds",
    )
    chosen: dict[str, Chosen] = {}
    values: dict[str, Any] = {}
    for option in OPTIONS:
        chosen[option.name] = choose(option, config.getoption(option.name), config.getini(option.name))
        try:
            values[option.name] = option.parse(chosen[option.name].text) if chosen[option.name].text else None
        except ValueError as error:
            where = {"option": option.flag, "environment": option.variable}.get(chosen[option.name].source, option.name)
            raise pytest.UsageError(f"{where}: {error}") from error
    told = getattr(config, "workerinput", {})
    if values["redis_seed"] is None:
        values["redis_seed"] = told.get("redis_seed", secrets.randbelow(1_000_000))
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    folder = Path(values["redis_results"]).absolute() / f"{stamp}-{secrets.token_hex(2)}"
    config.stash[_RESULTS] = Path(told.get("redis_folder", folder))
    config.stash[_CHOSEN] = chosen
    config.stash[_VALUES] = values
    if not told:
        config.pluginmanager.register(Collector(config.stash[_RESULTS]), COLLECTOR)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist what was decided for the whole run, and stay in the run as long as any of them."""
    _join(node.config)
    node.workerinput["redis_folder"] = str(node.config.stash[_RESULTS])
    node.workerinput["redis_seed"] = node.config.stash[_VALUES]["redis_seed"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat every test that asks for a trial."""
    if "trial" not in metafunc.fixturenames:
        return
    trials = _values(metafunc.config, metafunc.definition)["redis_trials"]
    if trials > 1:
        metafunc.parametrize("trial", range(trials), indirect=True, ids=[f"{n + 1}of{trials}" for n in range(trials)])


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str | None:
    """One line about the run, where there is one."""
    used = any("trial" in getattr(item, "fixturenames", ()) for item in items)
    if not used and all(chosen.source == "default" for chosen in config.stash[_CHOSEN].values()):
        return None
    values = config.stash[_VALUES]
    return (
        f"redis-resilience: backend {values['redis_backend']}, topology {values['redis_topology']}, "
        f"profile {values['redis_profile']}, seed {values['redis_seed']}, results {_shown(config.stash[_RESULTS])}"
    )


@pytest.fixture
def trial(request: pytest.FixtureRequest) -> Trial:
    """One trial: add load, faults and expectations, then `run()`; its verdict decides the test."""
    from redis_resilience.model.errors import ResilienceError  # noqa: PLC0415 - see the module's docstring
    from redis_resilience.trials.keeper import Keeper  # noqa: PLC0415 - idem
    from redis_resilience.trials.observer import SILENT  # noqa: PLC0415 - idem
    from redis_resilience.trials.trial import Trial  # noqa: PLC0415 - idem

    config, node = request.config, request.node
    try:
        if _KEEPER not in config.stash:
            config.stash[_KEEPER] = Keeper(_settings(config, config.stash[_VALUES]))
        made = Trial(
            scenario=_scenario(node),
            number=zlib.crc32(node.nodeid.encode()),
            folder=_unused(config.stash[_RESULTS] / _folder(node)),
            settings=_settings(config, _values(config, node)),
            keeper=config.stash[_KEEPER],
            observer=config.stash.get(OBSERVER, SILENT),
            repeat=_repeat(config, node),
        )
    except ResilienceError as error:
        raise pytest.UsageError(str(error)) from error
    node.stash[_TRIAL] = made
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """The verdict decides; what this machine lacks is a skip that names the fix; a known error needs no traceback."""
    known: Exception | None = None
    try:
        result = yield
    except Exception as error:
        if _TRIAL not in item.stash or not _is_known(error):
            raise
        known = error
    finally:
        _keep_numbers(item)
    if known:
        _translate(item.config, known)
    outcome = item.stash[_TRIAL].outcome if _TRIAL in item.stash else None
    if outcome is not None:
        allowed = ("pass", "unknown") if item.config.stash[_VALUES]["redis_allow_unknown"] else ("pass",)
        if fails := _marked(item).get(_FAILS):
            _show_weakness(outcome, fails if isinstance(fails, tuple) else (str(fails),))
        if outcome.verdict not in allowed:
            pytest.fail(outcome.explain(), pytrace=False)
    return result


def _show_weakness(outcome: Outcome, fails: tuple[str, ...]) -> None:
    """A verdict that fails by a finding that the scenario is there to show is an expected failure, with its text."""
    judged = {finding.name: finding for finding in outcome.judgement.findings if finding.name in fails}
    shown = [f"{finding.name}: {finding.text}" for finding in judged.values() if finding.verdict == "fail"]
    if outcome.verdict == "fail" and shown:
        pytest.xfail("; ".join(shown))
    if outcome.verdict != "unknown":
        seen = ", ".join(judged[name].verdict if name in judged else "nothing of it" for name in fails)
        pytest.fail(
            f"expected {' or '.join(fails)} to fail, which this scenario is there to show; got {seen}\n"
            f"{outcome.explain()}",
            pytrace=False,
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure says where the evidence is and how to do it again."""
    report = yield
    if report.failed and _TRIAL in item.stash:
        made = item.stash[_TRIAL]
        lines = [f"folder: {_shown(made.folder)}", f"repeat: {_repeat(item.config, item)}"]
        report.sections.append(("redis trial", "\n".join(lines)))
    return report


class Collector:
    """Gathers the folders of all trials, those of pytest-xdist's workers too, and shows the table at the end."""

    def __init__(self, results: Path) -> None:
        self._results = results
        self.folders: list[Path] = []
        self._bring_ups: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Every report of a call brings its trial's folder among its properties."""
        if report.when == "call":
            self.folders.extend(Path(str(value)) for name, value in report.user_properties if name == TRIAL_PROPERTY)
            # Trials that share a deployment share its line.
            self._bring_ups |= {str(value): None for name, value in report.user_properties if name == BRING_UP_PROPERTY}

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The table of all trials, their pages, and where they are."""
        if not self.folders:
            return
        from redis_resilience.trials.publishing import publish  # noqa: PLC0415 - see the module's docstring

        terminal = terminalreporter._tw  # noqa: SLF001 - the only way to its width and colour
        published = publish(self.folders, self._results, width=terminal.fullwidth, colour=terminal.hasmarkup)
        terminalreporter.section("redis-resilience")
        terminalreporter.write_line(published.table)
        for bring_up in self._bring_ups:
            terminalreporter.write_line(f"bring-up: {bring_up}")
        terminalreporter.write_line(published.problem or f"reports: {_shown(published.index)}")


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
    """The controller of pytest-xdist has no deployment, but a late worker must not outlive what it stands on."""
    if config.stash[_VALUES]["redis_backend"] not in ("kind", "context") or _KEEPER in config.stash:
        return
    from redis_resilience.model.errors import ResilienceError  # noqa: PLC0415 - see the module's docstring
    from redis_resilience.trials.keeper import Keeper  # noqa: PLC0415 - idem

    keeper = Keeper(_settings(config, config.stash[_VALUES]))
    try:
        keeper.join()
    except ResilienceError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[_KEEPER] = keeper


def _values(config: pytest.Config, node: pytest.Item) -> dict[str, Any]:
    """The run's choices, and over them those of the test's own marker."""
    values = config.stash[_VALUES].copy()
    parsers = {option.name: option.parse for option in OPTIONS}
    for name, value in _marked(node).items():
        if name == _FAILS:
            continue
        try:
            values[f"redis_{name}"] = parsers[f"redis_{name}"](str(value))
        except ValueError as error:
            raise pytest.UsageError(f"{node.nodeid}: marker redis, {name}: {error}") from error
    return values


def _marked(node: pytest.Item) -> dict[str, object]:
    """What the test's own marker says."""
    marker = node.get_closest_marker("redis")
    if marker is None:
        return {}
    known = (*_MARKED, _FAILS)
    if marker.args or not set(marker.kwargs) <= set(known):
        given = [*map(repr, marker.args), *marker.kwargs]
        raise pytest.UsageError(
            f"{node.nodeid}: expected the marker redis with {', '.join(f'{name}=' for name in known)}; "
            f"got {', '.join(given)}"
        )
    return dict(marker.kwargs)


def _settings(config: pytest.Config, values: dict[str, Any]) -> Settings:
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    return settings_of(values, results=config.stash[_RESULTS], worker=worker)


def settings_of(values: dict[str, Any], *, results: Path, worker: str = "main") -> Settings:
    """The parsed values of the options as the trials take them."""
    from redis_resilience.trials.settings import Settings  # noqa: PLC0415 - see the module's docstring

    return Settings(
        results=results,
        state=Path(values["redis_state"]).absolute() if values["redis_state"] else None,
        run=worker,
        backend=values["redis_backend"],
        topology=values["redis_topology"],
        profile=values["redis_profile"],
        isolation=values["redis_isolation"],
        redis_server=values["redis_server"],
        cluster=values["redis_cluster"] or "",
        keep_cluster=values["redis_keep_cluster"],
        cluster_workers=values["redis_workers"],
        node_image=values["redis_node_image"] or "",
        redis_image=values["redis_image"] or "",
        probe_image=values["redis_probe_image"] or "",
        kubeconfig=Path(values["redis_kubeconfig"]).absolute() if values["redis_kubeconfig"] else None,
        context=values["redis_context"] or "",
        namespace=values["redis_namespace"] or "",
        allow_context=values["redis_allow_context"] or "",
        node_helper=values["redis_node_helper"],
        attach=values["redis_attach"] or "",
        sentinel_selector=values["redis_sentinel_selector"] or "",
        container=values["redis_container"] or "",
        sentinel_container=values["redis_sentinel_container"] or "",
        master_name=values["redis_master_name"] or "",
        password_secret=values["redis_password_secret"],
        seed=values["redis_seed"],
        fresh=values["redis_fresh"],
        rate=values["redis_rate"],
        writers=values["redis_writers"],
    )


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name.removeprefix("test_")).strip("-")


def _folder(node: pytest.Item) -> str:
    """By the test's own name; where another one has the same, by its module's, too."""
    alone = sum(item.name == node.name for item in node.session.items) == 1
    return _slug(node.name if alone else node.nodeid)


def _unused(folder: Path) -> Path:
    """A test that is run again, as pytest-rerunfailures does, keeps the trial before; its own is beside it."""
    again = (folder.with_name(f"{folder.name}-again{count or ''}") for count in itertools.count())
    return next(each for each in itertools.chain([folder], again) if not each.exists())


def _scenario(node: pytest.Item) -> str:
    return _slug(re.sub(r"\[(\d+of\d+)\]|(\d+of\d+)-|-(\d+of\d+)", "", node.name))


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _repeat(config: pytest.Config, node: pytest.Item) -> str:
    """The command that runs this one test again with the same choices."""
    values, chosen = config.stash[_VALUES], config.stash[_CHOSEN]
    words = ["pytest", node.nodeid, f"--redis-seed={values['redis_seed']}"]
    words += [
        f"{option.flag}={chosen[option.name].text}"
        for option in OPTIONS
        if chosen[option.name].source in ("option", "environment")
        and option.name not in ("redis_seed", "redis_results")
    ]
    return shlex.join(words)


def _is_known(error: Exception) -> bool:
    from redis_resilience.model.errors import ResilienceError  # noqa: PLC0415 - see the module's docstring

    return isinstance(error, ResilienceError)


def _translate(config: pytest.Config, error: Exception) -> NoReturn:
    from redis_resilience.model.errors import Unavailable  # noqa: PLC0415 - see the module's docstring

    if isinstance(error, Unavailable) and not config.stash[_VALUES]["redis_require"]:
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
