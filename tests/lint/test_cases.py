"""Whole inputs, each of one kind: what lint has to find in it, what not, and what it has to report as not seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.command.lint import lint_files
from redis_resilience.model.errors import UsageError
from redis_resilience.model.lint import LintReport, Severity

CASES = Path(__file__).parent / "cases"
SHARED = Path(__file__).parents[3] / "shared" / "cases"
BY_DIRECTIVES = {"wipe-no-persistence", "snapshots-only", "no-password", "password-half-set", "protected-mode"}
BY_TIMES = {"down-after-long", "retry-late", "quorum-above-survivors", "addresses-for-names"}


def lint(name: str) -> LintReport:
    return lint_files([CASES / f"{name}.yaml"], [])


def rules(report: LintReport) -> set[str]:
    return {finding.rule for finding in report.findings}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("file-by-items", "wipe-no-persistence"),
        ("file-projected", "wipe-no-persistence"),
        ("file-by-sub-path", "wipe-no-persistence"),
        ("save-of-nothing", "wipe-no-persistence"),
        ("arguments-of-the-official-image", "wipe-no-persistence"),
        ("tabs-and-capitals", "wipe-no-persistence"),
        ("two-namespaces", "wipe-no-persistence"),
        ("units", "memory-limit-without-maxmemory"),
        ("official-image", "no-password"),
        ("official-image-says-yes", "protected-mode"),
        ("image-of-somebody", "protected-mode"),
        ("function-under-a-condition", "never-synced"),
        ("two-masters", "quorum-above-survivors"),
        ("two-masters", "down-after-long"),
        ("renamed-otherwise", "command-renamed"),
        ("one-myid", "sentinel-myid-shared"),
        ("tls-without-a-tls-port", "tls-on-plain-port"),
        ("names-not-announced", "hostnames-not-announced"),
        ("restart-window", "down-after-in-restart-window"),
        ("loopback", "bind-loopback"),
        ("one-announced-address", "announced-name-shared"),
        ("every-pod-master", "every-pod-master"),
        ("every-pod-replica", "no-master-at-all"),
        ("asks-else-master", "asks-else-becomes-master"),
        ("only-one-may-be-master", "no-promotable-replica"),
        ("selected-by-expressions", "service-any-server"),
        ("hook-and-probe", "pre-stop-longer-than-grace"),
        ("hook-and-probe", "ready-before-synced"),
    ],
)
def test_it_is_found(name, found):
    assert found in rules(lint(name))


@pytest.mark.parametrize(
    ("name", "not_found"),
    [
        ("file-by-items", "no-password"),
        ("tabs-and-capitals", "no-password"),
        ("password-by-printf", "no-password"),
        ("official-image", "protected-mode"),
        ("function-under-a-condition", "no-promotable-replica"),
        ("renamed-and-mapped", "command-renamed"),
        ("password-of-one-server", "password-half-set"),
        ("password-of-one-server", "no-password"),
        ("two-masters", "sentinels-disagree"),
        ("every-pod-replica", "master-by-name"),
        ("owned-pods", "bare-pod"),
        ("pods-of-an-owner-elsewhere", "bare-pod"),
        ("selected-by-expressions", "no-disruption-budget"),
        ("asks-its-peers", "master-by-name"),
        ("asks-its-peers", "no-master-at-all"),
    ],
)
def test_it_is_no_false_alarm(name, not_found):
    report = lint(name)

    assert not_found not in rules(report), report


@pytest.mark.parametrize(
    "name",
    [
        "file-in-a-secret",
        "file-elsewhere",
        "file-that-nothing-writes",
        "file-copied-from-a-secret",
        "file-includes-what-is-not-here",
    ],
)
def test_a_file_that_is_out_of_reach_is_not_seen_rather_than_empty(name):
    """Neither a finding from defaults nor a clean bill."""
    report = lint(name)

    unseen = {each.rule for each in report.not_seen}
    if name == "file-includes-what-is-not-here":  # what stands after the include is sure
        assert "no-password" not in rules(report) | unseen
        assert "wipe-no-persistence" in unseen
    else:
        assert unseen >= BY_DIRECTIVES
    assert not rules(report) & BY_DIRECTIVES


def test_so_is_a_sentinel_s():
    report = lint("sentinel-file-unseen")

    assert {each.rule for each in report.not_seen} >= BY_TIMES
    assert not rules(report) & BY_TIMES


def test_the_order_of_a_sentinel_s_masters_makes_no_difference():
    """And the place names the master."""
    first, last = lint("two-masters"), lint("two-masters-turned")

    assert {(each.rule, each.seen) for each in first.findings} == {(each.rule, each.seen) for each in last.findings}
    (quorum,) = [each for each in first.findings if each.rule == "quorum-above-survivors"]
    assert "master orders" in quorum.where
    assert "3 Sentinels" in quorum.seen


def test_programs_beside_redis_are_no_servers():
    """User interfaces, clients with servers' names, proxies, watchers, Jobs, tests, operators."""
    with pytest.raises(UsageError, match="expected pods with Redis"):
        lint("programs-beside")


def test_a_script_that_is_elsewhere_is_no_second_server():
    """Where the server of the pod is known."""
    assert lint("watcher-of-another-file").findings == lint("every-pod-master").findings


def test_a_server_is_known_by_what_runs():
    """The official image as it is, a server's port, a program of somebody's own on it, a sidecar that is an init
    container.
    """
    report = lint("servers-by-what-runs")

    places = " ".join(each.where for each in (*report.findings, *report.not_seen))
    for name in ("plain", "by-port", "by-program", "beside"):
        assert f"Deployment {name}, container" in places
    assert "container early" in places


def test_pods_that_an_object_here_owns_are_no_second_ones():
    owned, alone = lint("owned-pods"), lint("every-pod-master")

    assert rules(owned) == rules(alone)
    (budget,) = [each for each in owned.findings if each.rule == "no-disruption-budget"]
    assert budget.seen.startswith("3 pods")


def test_each_namespace_is_a_set_up_of_its_own():
    (finding,) = [each for each in lint("two-namespaces").findings if each.rule == "wipe-no-persistence"]

    assert finding.where.startswith("namespace live: ")


SOUND = "09-programs-beside-redis/sound"
EXPECTED: dict[str, tuple[set[str], set[str]]] = {
    "06-configuration-out-of-reach/items": ({"wipe-no-persistence"}, {"no-password", "protected-mode"}),
    "06-configuration-out-of-reach/projected": ({"wipe-no-persistence"}, {"no-password", "protected-mode"}),
    "06-configuration-out-of-reach/no-suffix": ({"wipe-no-persistence"}, {"no-password", "protected-mode"}),
    "06-configuration-out-of-reach/plain": ({"wipe-no-persistence"}, {"no-password", "protected-mode"}),
    "06-configuration-out-of-reach/secret": (set(), BY_DIRECTIVES),
    "06-configuration-out-of-reach/elsewhere": (set(), BY_DIRECTIVES),
    "07-values-as-redis-reads-them/empty-save": ({"wipe-no-persistence"}, set()),
    "07-values-as-redis-reads-them/tabs": ({"wipe-no-persistence"}, {"no-password"}),
    "07-values-as-redis-reads-them/upper-case": ({"wipe-no-persistence"}, {"no-password"}),
    "07-values-as-redis-reads-them/maxmemory": ({"memory-limit-without-maxmemory"}, set()),
    "08-official-images-have-no-protected-mode/official": ({"no-password"}, {"protected-mode"}),
    "08-official-images-have-no-protected-mode/says-yes": ({"protected-mode"}, set()),
    "08-official-images-have-no-protected-mode/other-image": ({"protected-mode"}, set()),
    "10-sentinel-with-two-masters/bad-first": ({"quorum-above-survivors", "down-after-long"}, {"password-half-set"}),
    "10-sentinel-with-two-masters/bad-last": ({"quorum-above-survivors", "down-after-long"}, {"password-half-set"}),
    "10-sentinel-with-two-masters/mapped": (set(), {"command-renamed"}),
    "11-the-same-pods-twice/two-namespaces": ({"wipe-no-persistence", "quorum-above-survivors"}, set()),
    "12-settings-that-cut-everybody-off/one-myid": ({"sentinel-myid-shared"}, set()),
    "12-settings-that-cut-everybody-off/tls-plain-port": ({"tls-on-plain-port"}, set()),
    "12-settings-that-cut-everybody-off/loopback": ({"bind-loopback"}, set()),
    "12-settings-that-cut-everybody-off/same-announced-name": ({"announced-name-shared"}, set()),
    "12-settings-that-cut-everybody-off/replicas-priority-0": ({"no-promotable-replica"}, set()),
    "13-lint-of-real-charts/r3-function": (set(), {"no-promotable-replica"}),
    "13-lint-of-real-charts/r4-conf-in-secret": (set(), BY_DIRECTIVES),
    "13-lint-of-real-charts/r4b-conf-in-emptydir": (set(), BY_DIRECTIVES),
    "13-lint-of-real-charts/r6-all-masters": ({"every-pod-master"}, set()),
    "13-lint-of-real-charts/r7-printf": (set(), {"no-password", "protected-mode"}),
    "13-lint-of-real-charts/r9-standalone": (set(), {"password-half-set", "no-password"}),
    "13-lint-of-real-charts/r10-hostnames-without-announce-ip": ({"hostnames-not-announced"}, set()),
    "13-lint-of-real-charts/r11-d-in-restart-window": ({"down-after-in-restart-window"}, set()),
    "13-lint-of-real-charts/r12-asks-else-master": ({"asks-else-becomes-master"}, set()),
    "13-lint-of-real-charts/r13-no-master-at-all": ({"no-master-at-all"}, {"master-by-name"}),
}
SAME = {
    **{
        f"09-programs-beside-redis/{name}": SOUND
        for name in ("web-server", "php-redis", "redisinsight", "haproxy", "operator", "job", "shell")
    },
    "11-the-same-pods-twice/get-all": SOUND,
    "13-lint-of-real-charts/r2-sidecar": "13-lint-of-real-charts/r2-without",
    "13-lint-of-real-charts/r7-printf": "13-lint-of-real-charts/r7b-echo",
}
NO_REDIS = (
    "09-programs-beside-redis/no-redis",
    "13-lint-of-real-charts/r1-api-server",
    "13-lint-of-real-charts/r1b-php-redis",
    "13-lint-of-real-charts/r8-helm-test",
)


def there(names):
    """Those of the reports' own inputs that are beside this checkout."""
    return [name for name in names if (SHARED / f"{name}.yaml").is_file()]


def shared(name: str) -> LintReport:
    return lint_files([SHARED / f"{name}.yaml"], [])


@pytest.mark.parametrize("name", there(EXPECTED))
def test_a_reported_input_is_as_its_report_expects(name):
    found, not_found = EXPECTED[name]
    report = shared(name)

    assert found <= rules(report)
    assert not rules(report) & not_found


@pytest.mark.parametrize("name", there(SAME))
def test_two_reported_inputs_are_the_same(name):
    ours, theirs = shared(name), shared(SAME[name])

    assert [(each.rule, each.seen) for each in ours.findings] == [(each.rule, each.seen) for each in theirs.findings]


@pytest.mark.parametrize("name", there([SOUND]))
def test_the_reported_sound_set_up_is_one_note(name):
    assert [each.severity for each in shared(name).findings] == [Severity.NOTE]


@pytest.mark.parametrize("name", there(NO_REDIS))
def test_a_reported_input_without_redis_is_refused(name):
    with pytest.raises(UsageError, match="expected pods with Redis"):
        shared(name)
