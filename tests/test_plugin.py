"""The plugin as a user meets it: pytest run on a scenario file, with the simulated deployment behind it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from tests.processes import pytest_in

SCENARIO = """
    from redis_resilience import MASTER, kill

    def test_master_kill(trial):
        '''SIGKILL the master.'''
        trial.inject(kill(MASTER))
        trial.expect(failover=True)
        outcome = trial.run()
        assert outcome.failover.first_switch_ms < outcome.predicted("first_switch_at").upper_ms
        assert outcome.writes.lost == 0, outcome.explain()
"""
PLANTED = """
    import pytest
    from redis_resilience.deployments.memory.deployment import MemoryDeployment
    from redis_resilience.deployments.memory.world import Bug
    from redis_resilience import MASTER, kill
    from redis_resilience.trials.keeper import Keeper

    @pytest.fixture(autouse=True)
    def planted(monkeypatch):
        def make(self, topology, profile):
            return MemoryDeployment(topology, profile, bugs=[Bug("{bug}")])

        monkeypatch.setattr(Keeper, "_make", make)

    def test_master_kill(trial):
        trial.inject(kill(MASTER))
        trial.expect(failover=True)
        trial.run()
"""
MEMORY = "--redis-backend=memory"


@pytest.fixture
def scenario(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(test_scenario=SCENARIO)
    return pytester


def test_the_controller_of_xdist_is_part_of_a_run_on_kind(pytester: pytest.Pytester):
    """From before its first worker until after its last: a late one never finds the cluster deleted."""
    pytester.makepyfile(
        test_run="""
        from pathlib import Path
        from redis_resilience.deployments.journal import is_held, journals

        def test_is_held():
            [path] = journals(Path("state").absolute())
            assert is_held(path)
        """
    )

    result = pytest_in(pytester.path, "--redis-backend=kind", "--redis-state=state", "-n", "1")

    result.assert_outcomes(passed=1)
    assert list((pytester.path / "state").glob("*.journal")) == []


def test_what_stays_behind_fails_the_run_in_words(pytester: pytest.Pytester):
    """No traceback of pytest's own; all tests may have passed."""
    pytester.makeconftest(
        """
        from redis_resilience import DeploymentError
        from redis_resilience.trials.keeper import Keeper

        def close(self):
            raise DeploymentError("still there: namespace x; `redis-resilience heal` tries again")

        Keeper.close = close
        """
    )
    pytester.makepyfile("def test_it(trial): trial.run()")

    result = pytest_in(pytester.path, MEMORY)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stderr.fnmatch_lines(["redis-resilience: still there: namespace x; `redis-resilience heal` tries again"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_a_scenario_passes_and_the_table_shows_it(scenario):
    """One header line, a table, the path of the page."""
    result = pytest_in(scenario.path, MEMORY, "--redis-seed=7")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "redis-resilience: backend memory, topology sidecar, profile fast, seed 7, results results/*",
            "*= redis-resilience =*",
            "*master-kill*",
            "reports: results/*/master-kill/report.html",
        ]
    )
    assert (scenario.path / "results" / "latest" / "master-kill" / "report.html").stat().st_size > 1000


def test_trials_repeat_a_scenario_with_a_folder_each(scenario):
    """--redis-trials makes tests of their own; the summary is for all of them."""
    result = pytest_in(scenario.path, MEMORY, "--redis-trials=3", "-v")

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*test_master_kill?1of3? PASSED*", "*test_master_kill?3of3? PASSED*", "*n = 3*"])
    folders = sorted(path.name for path in (scenario.path / "results" / "latest").iterdir() if path.is_dir())
    assert folders == ["master-kill-1of3", "master-kill-2of3", "master-kill-3of3"]


def test_every_trial_has_an_id_of_its_own(scenario):
    """In one run, and in the same run again: the seed repeats a trial, the id tells its keys from all others."""
    for _ in range(2):
        pytest_in(scenario.path, MEMORY, "--redis-trials=2", "--redis-seed=7")

    plans = [json.loads(path.read_bytes()) for path in scenario.path.glob("results/2*/*/plan.json")]
    assert len({plan["trial"] for plan in plans}) == 4
    assert len({plan["seed"] for plan in plans}) == 2


def test_two_modules_may_have_a_scenario_of_the_same_name(scenario):
    scenario.makepyfile(test_other=SCENARIO)
    pytest_in(scenario.path, MEMORY, "--redis-results=out").assert_outcomes(passed=2)
    assert sorted(path.parent.name for path in scenario.path.glob("out/latest/*/verdict.json")) == [
        "other-py-test-master-kill",
        "scenario-py-test-master-kill",
    ]


def test_four_workers_share_one_results_folder_and_one_table(scenario):
    """Under pytest-xdist the controller shows all trials, once."""
    result = pytest_in(scenario.path, MEMORY, "--redis-trials=8", "-n", "4")

    result.assert_outcomes(passed=8)
    assert result.stdout.str().count("= redis-resilience =") == 1
    result.stdout.fnmatch_lines(["*n = 8*"])
    runs = [path for path in (scenario.path / "results").iterdir() if path.is_dir() and not path.is_symlink()]
    assert len(runs) == 1


def test_numbers_land_in_junit(scenario):
    """The properties of a test carry the glossary's words."""
    pytest_in(scenario.path, MEMORY, "--junitxml=junit.xml")

    properties = {
        item.get("name"): item.get("value")
        for item in ET.parse(scenario.path / "junit.xml").iter("property")  # noqa: S314 - own file
    }
    assert properties["redis_verdict"] == "pass"
    assert properties["redis_lost"] == "0"
    assert float(properties["redis_first_switch_ms"]) > 300


def test_a_failing_verdict_fails_the_test_without_an_assert(pytester):
    """A test that forgets to assert is reported all the same: what, where, how to repeat it."""
    pytester.makepyfile(test_scenario=PLANTED.format(bug="lose-tail"))

    result = pytest_in(pytester.path, MEMORY, "--redis-seed=7")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "verdict fail of master-kill",
            "*fail: ledger.lost: *",
            "*lost rr:*: acknowledged by redis-0, *",
            "folder: results/*/master-kill",
            "repeat: *python -m pytest test_scenario.py::test_master_kill --redis-seed=7 --redis-backend=memory",
        ]
    )


def test_a_weakness_that_a_scenario_is_there_to_show_is_an_expected_failure(pytester):
    """By exactly that finding: where it holds after all, a developer has to look."""
    weak = PLANTED.format(bug="lose-tail") + "\n    pytestmark = pytest.mark.redis(fails='FINDING')\n"
    pytester.makepyfile(
        test_shown=weak.replace("FINDING", "ledger.lost"),
        test_other=weak.replace("FINDING", "convergence.final_master").replace("test_master", "test_other_master"),
        test_either=weak.replace("'FINDING'", "('ledger.unexpected', 'ledger.lost')").replace(
            "test_master", "test_either"
        ),
    )

    result = pytest_in(pytester.path, MEMORY, "-rx")

    result.assert_outcomes(xfailed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "expected convergence.final_master to fail, which *; got *: pass; besides, ledger.lost failed",
            "XFAIL test_shown.py*ledger.lost: expected *",
        ]
    )


def test_a_weakness_hides_no_failure_that_it_does_not_name(pytester):
    """A second bug beside the one that the scenario shows fails the test, by its name."""
    both = 'lose-tail"), Bug("stale-replica'
    weak = PLANTED.format(bug=both) + "\n    pytestmark = pytest.mark.redis(fails='ledger.lost')\n"
    pytester.makepyfile(test_scenario=weak)

    result = pytest_in(pytester.path, MEMORY)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["expected ledger.lost to fail, which *; got ledger.lost: fail; besides, ledger.diverged failed"]
    )


def test_unknown_is_no_pass_unless_it_is_allowed(pytester):
    """A slow switch that cannot be explained is unknown."""
    pytester.makepyfile(test_scenario=PLANTED.format(bug="slow-switch"))

    strict = pytest_in(pytester.path, MEMORY)
    lenient = pytest_in(pytester.path, MEMORY, "--redis-allow-unknown=yes")

    strict.assert_outcomes(failed=1)
    strict.stdout.fnmatch_lines(["verdict unknown of master-kill"])
    lenient.assert_outcomes(passed=1)


def test_a_trial_that_said_nothing_can_be_run_again_and_both_are_kept(pytester):
    """By pytest-rerunfailures, for a machine that is busy now and then; one that failed is not run again."""
    pytester.makepyfile(
        test_scenario="""
        from pathlib import Path
        from redis_resilience import MASTER, kill

        def test_unwatched_at_first(trial):
            if not Path("tried").exists():
                Path("tried").touch()
                trial.windows(control_s=0)
            trial.run()

        def test_that_fails(trial):
            trial.inject(kill(MASTER))
            trial.expect(failover=False)
            trial.run()
    """
    )

    result = pytest_in(pytester.path, MEMORY, "--reruns=2", "--only-rerun=verdict unknown of", "--junitxml=junit.xml")

    outcomes = result.parseoutcomes()
    assert {name: outcomes[name] for name in ("rerun", "passed", "failed")} == {"rerun": 1, "passed": 1, "failed": 1}
    result.stdout.re_match_lines(
        [
            r"unwatched-at-first +pass +1 ",
            r"sidecar +unknown +1 ",
            r"\(simulation\) +fail +0 ",
            "fast, n = 2 +1 passed",
            " +1 rerun",
        ]
    )
    told = ET.parse(pytester.path / "junit.xml").iter("property")  # noqa: S314 - own file
    folders = [item.get("value", "").rpartition("/")[2] for item in told if item.get("name") == "redis_folder"]
    assert folders == ["unwatched-at-first", "unwatched-at-first-again", "that-fails"]


def test_what_is_missing_is_a_skip_that_names_the_fix_or_a_failure_where_required(scenario):
    """A green run that ran nothing is a lie in CI."""
    missing = ("--redis-server=/nowhere/redis-server", "-rs")

    skipped = pytest_in(scenario.path, *missing)
    failed = pytest_in(scenario.path, *missing, "--redis-require=yes")

    skipped.assert_outcomes(skipped=1)
    skipped.stdout.fnmatch_lines(["*SKIPPED*expected Redis 6.2 or newer or Valkey*/nowhere/redis-server*"])
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["Unavailable: expected Redis 6.2 or newer or Valkey*"])


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--redis-trials=0", "--redis-trials: expected a whole number of 1 or more; got '0'"),
        ("--redis-rate=-5", "--redis-rate: expected operations per second from 0 *; got '-5'"),
        ("--redis-backend=moon", "--redis-backend: expected one of: local, kind, context, memory; got 'moon'"),
        ("--redis-fresh=maybe", "--redis-fresh: expected yes or no; got 'maybe'"),
    ],
)
def test_a_wrong_option_ends_with_usage(scenario, option, message):
    """Nothing is started for a number that makes no sense."""
    result = pytest_in(scenario.path, MEMORY, option)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}"])


def test_an_unknown_topology_names_the_nearest(scenario):
    """The message lists what there is."""
    result = pytest_in(scenario.path, MEMORY, "--redis-topology=sidcar")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: expected a topology of sidecar, *; got 'sidcar'; did you mean sidecar?"])
    assert len(result.stderr.lines) <= 2


def test_an_unknown_profile_names_those_of_the_topology(scenario):
    """Each topology has its own, a user's own topology too."""
    result = pytest_in(scenario.path, MEMORY, "--redis-profile=slow")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: topology sidecar has no profile 'slow'; it has: documented, fast, rapid"])


def test_the_command_line_beats_the_environment_beats_the_ini_file(scenario, monkeypatch):
    """One precedence for every option."""
    scenario.makeini("[pytest]\nredis_trials = 2\nredis_seed = 1\nredis_backend = memory\n")
    monkeypatch.setenv("REDIS_RESILIENCE_SEED", "2")

    result = pytest_in(scenario.path, "--redis-trials=1")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["redis-resilience: backend memory*seed 2,*"])


def test_tests_without_a_trial_see_nothing_of_the_plugin(pytester):
    """No line, no table, no folder for those who only have it installed."""
    pytester.makepyfile("def test_plain(): pass")

    result = pytest_in(pytester.path)

    result.assert_outcomes(passed=1)
    assert "redis-resilience:" not in result.stdout.str()
    assert not (pytester.path / "results").exists()


def test_start_up_imports_nothing_heavy(pytester):
    """pytest's own start must not pay for what a trial needs."""
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            heavy = {"numpy", "hiredis", "msgspec", "redis", "rich", "typer", "plotly", "jinja2", "tenacity", "asyncio"}
            assert "redis_resilience.plugin" in sys.modules
            assert heavy & set(sys.modules) == set()
        """
    )

    words = ("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:hypothesispytest")
    pytester.runpytest_subprocess(*words).assert_outcomes(passed=1)


def test_a_second_run_in_one_test_is_refused(pytester):
    """Repeating is an option, not a loop."""
    pytester.makepyfile("def test_twice(trial):\n    trial.run()\n    trial.run()\n")

    result = pytest_in(pytester.path, MEMORY)

    result.stdout.fnmatch_lines(["UsageError: expected one run() a trial; got a second; use --redis-trials*"])


def test_plan_carries_seed_and_repeat_command(scenario):
    """A folder alone is enough to do it again."""
    pytest_in(scenario.path, MEMORY, "--redis-seed=5")

    plan = json.loads((scenario.path / "results" / "latest" / "master-kill" / "plan.json").read_bytes())
    assert plan["seed"] == 5
    assert plan["repeat"].endswith(
        "python -m pytest test_scenario.py::test_master_kill --redis-seed=5 --redis-backend=memory"
    )
    assert 0 <= plan["faults"][0]["after_s"] <= 1


def test_a_marker_chooses_for_one_scenario(pytester):
    """Over whatever was chosen for the run; the registered marker passes --strict-markers."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.redis(topology="statefulset", profile="documented", trials=2)
        def test_marked(trial):
            assert (trial.topology.name, trial.profile.name) == ("statefulset", "documented")
            trial.run()
        """
    )

    pytest_in(pytester.path, MEMORY, "--strict-markers").assert_outcomes(passed=2)


def test_a_scenario_may_ask_for_a_deployment_that_no_trial_has_changed(pytester):
    """By its marker, for itself alone: the others go on sharing theirs."""
    pytester.makepyfile(
        """
        import pytest
        from redis_resilience import MASTER, kill

        @pytest.mark.redis(fresh="yes", trials=2)
        def test_new(trial):
            trial.inject(kill(MASTER))
            assert trial.run().environment.master == "redis-0"

        def test_shared(trial):
            assert trial.run().environment.master != "redis-0"
        """
    )

    pytest_in(pytester.path, MEMORY).assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        (
            "'statefulset'",
            "*expected the marker redis with topology=, *, fails=, backends=; got 'statefulset'",
        ),
        ("size=3", "*expected the marker redis with topology=, *, fails=, backends=; got size"),
        ("trials=0", "*marker redis, trials: expected a whole number of 1 or more; got '0'"),
    ],
)
def test_a_wrong_marker_says_what_it_takes(pytester, marker, message):
    """Before anything runs."""
    pytester.makepyfile(f"import pytest\n\n@pytest.mark.redis({marker})\ndef test_marked(trial): pass\n")

    result = pytest_in(pytester.path, MEMORY)

    assert result.ret != 0
    result.stdout.fnmatch_lines([message])


def test_a_trial_that_never_runs_fails_by_name(pytester):
    """With faults or without; one that is only used for manual steps has shown something."""
    pytester.makepyfile(
        """
        from redis_resilience import MASTER, kill

        def test_forgotten(trial):
            pass

        def test_injected_only(trial):
            trial.inject(kill(MASTER))

        def test_asked_by_hand(trial):
            assert trial.manual_steps().addresses()
        """
    )

    result = pytest_in(pytester.path, MEMORY)

    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["expected test_forgotten to run its trial; it never did*", "expected test_injected_only to run its trial; *"]
    )


def test_a_trial_that_raised_is_no_pass_where_the_test_caught_the_error(pytester):
    pytester.makepyfile(
        """
        import pytest
        from redis_resilience import MASTER, kill

        def test_caught(trial):
            trial.inject(kill("nosuch"))
            with pytest.raises(Exception):
                trial.run()

        def test_caught_and_repaired(trial):
            trial.inject(kill(MASTER))
            with pytest.raises(Exception):
                trial.load(rate=-1)
            trial.run()
        """
    )

    result = pytest_in(pytester.path, MEMORY)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["expected test_caught to run its trial; its run() raised an error, which the test *"])


def test_a_skip_hides_no_verdict(pytester):
    pytester.makepyfile(
        """
        import pytest
        from redis_resilience import MASTER, kill

        def test_fails(trial):
            trial.inject(kill(MASTER))
            trial.expect(failover=False)
            trial.run()
            pytest.skip("later")

        def test_passes(trial):
            trial.run()
            pytest.skip("later")
        """
    )

    result = pytest_in(pytester.path, MEMORY)

    result.assert_outcomes(skipped=1, failed=1)
    result.stdout.fnmatch_lines(["verdict fail of fails*"])


def test_a_fixture_of_the_same_name_of_somebody_else_is_left_alone(pytester):
    """Theirs wins as pytest's rules say, is not repeated, and a marker `redis` of theirs means what they want."""
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def trial():
            return "theirs"
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.redis("their", own="words")
        def test_theirs(trial):
            assert trial == "theirs"

        @pytest.mark.parametrize("trial", ["a", "b"])
        def test_given(trial):
            assert trial in "ab"
        """
    )

    result = pytest_in(pytester.path, "--redis-trials=3", "--strict-markers")

    result.assert_outcomes(passed=3)
    assert not (pytester.path / "results").exists()


def test_a_fixture_that_overrides_ours_and_asks_for_it_is_ours(pytester):
    """It is repeated and judged like any other."""
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def trial(trial):
            trial.load(writers=2, rate=100)
            return trial
        """
    )
    pytester.makepyfile("def test_it(trial): trial.run()")

    pytest_in(pytester.path, MEMORY, "--redis-trials=2").assert_outcomes(passed=2)


def test_summary_and_pytest_agree(pytester):
    """A test's own failed assertion is no pass; an expected failure is none; both stand beside the verdict."""
    pytester.makepyfile(
        test_own="""
        import pytest

        def test_asserts(trial):
            assert trial.run().writes.acknowledged == 0

        def test_torn_down(trial, request):
            trial.run()
            request.addfinalizer(lambda: 1 / 0)
        """
    )

    result = pytest_in(pytester.path, MEMORY, "--junitxml=junit.xml")

    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*fail    0*", "*1 failed*", "*fail    0*", "*1 error*"])
    summary = (pytester.path / "results" / "latest" / "summary.md").read_text()
    assert summary.startswith("## FAIL: 2 trials, 2 pass, 0 unknown, 0 fail; tests: 1 failed, 1 error\n")
    assert "- fail: the test's own assertion in 1 trial of asserts" in summary
    told = ET.parse(pytester.path / "junit.xml").iter("property")  # noqa: S314 - own file
    assert [item.get("value") for item in told if item.get("name") == "redis_test"] == ["failed", "error"]


@pytest.mark.parametrize("results", ["/proc/nowhere", "taken"])
def test_no_room_for_results_is_said_before_anything_runs(scenario, results):
    (scenario.path / "taken").touch()

    result = pytest_in(scenario.path, MEMORY, f"--redis-results={results}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: expected a folder for results that can be written to; got *{results}: *"])


def test_a_scenario_may_name_the_backends_that_it_needs(pytester):
    """Elsewhere it is skipped, also where nothing may be missing: it was not asked for there."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.redis(backends=("kind", "context"))
        def test_on_a_cluster(trial):
            trial.run()
        """
    )

    result = pytest_in(pytester.path, MEMORY, "-rs", "--redis-require=yes")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*expected --redis-backend=kind or context for this scenario; got memory"])
