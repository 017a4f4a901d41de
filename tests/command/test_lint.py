"""The command finds what its arguments mean, and says what it expected where it cannot."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from redis_resilience.cli import app
from redis_resilience.command.lint import doubt, lint_brought, lint_files, lint_topology
from redis_resilience.model.errors import UsageError
from redis_resilience.model.lint import Severity
from redis_resilience.trials.settings import settings

POD = "kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: redis, image: redis, command: [redis-server]}]}\n"
SENTINELS = """
kind: Deployment
metadata: {name: s}
spec:
  replicas: 2
  template: {spec: {containers: [{name: s, image: redis:8, command: [redis-sentinel, /x]}]}}
"""


def test_all_files_of_a_folder_are_one_set_up(tmp_path):
    """Those below it too; what is not YAML is left alone."""
    (tmp_path / "pods").mkdir()
    (tmp_path / "pods" / "redis.yaml").write_text(POD)
    (tmp_path / "sentinels.yml").write_text(SENTINELS)
    (tmp_path / "README.md").write_text("not: [yaml")

    found = {finding.rule for finding in lint_files([tmp_path], []).findings}

    assert {"bare-pod", "image-floating", "sentinels-too-few", "no-promotable-replica"} <= found


def test_several_paths_are_one_set_up_too(tmp_path):
    for name, text in (("a.yaml", POD), ("b.yaml", SENTINELS)):
        (tmp_path / name).write_text(text)

    report = lint_files([tmp_path / "a.yaml", tmp_path / "b.yaml"], [])

    assert "sentinels-too-few" in {finding.rule for finding in report.findings}
    assert report.subject.endswith("b.yaml")


def test_stdin_is_a_dash(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(POD.encode())))

    assert lint_files([Path("-")], []).subject == "stdin"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere", r"expected a file, a folder or - for stdin; got .*nowhere, which is not there"),
        ("empty", r"expected YAML files, a kustomization or a chart in .*empty; there is none"),
        ("web.yaml", r"expected pods with Redis in .*web.yaml; got 1 objects \(Deployment\)"),
    ],
)
def test_what_cannot_be_linted_is_said(tmp_path, path, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "web.yaml").write_text("kind: Deployment\nmetadata: {name: web}\n")

    with pytest.raises(UsageError, match=message):
        lint_files([tmp_path / path], [])


def test_a_topology_is_linted_by_its_data():
    """Document 001's StatefulSet is wiped with its pod; today's deployment has no error."""
    assert {finding.rule for finding in lint_topology("statefulset", "documented").at_least(Severity.ERROR)} == {
        "wipe-with-pod",
        "master-by-name",
    }
    assert lint_topology("sidecar", "documented").at_least(Severity.ERROR) == ()


def test_a_redis_cluster_is_linted_as_one():
    """By what its nodes announce; no Sentinels are expected of it."""
    plain, announced = lint_topology("cluster", "documented"), lint_topology("cluster-announced", "documented")

    assert [finding.rule for finding in plain.at_least(Severity.ERROR)] == ["cluster-not-announced"]
    assert announced.at_least(Severity.ERROR) == ()
    assert not [each for each in plain.not_seen if "Sentinels" in each.text]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--topology", "statefulset"], 1),
        (["--topology", "statefulset", "--fail-on", "never"], 0),
        (["--topology", "sidecar"], 0),
        (["--topology", "sidecar", "--fail-on", "warning"], 1),
    ],
)
def test_the_exit_code_is_that_of_the_threshold(words, code):
    assert CliRunner().invoke(app, ["lint", *words]).exit_code == code


def test_json_has_everything():
    done = CliRunner().invoke(app, ["lint", "--topology", "statefulset", "--format", "json"])

    report = json.loads(done.stdout)
    assert report["findings"][0]["rule"] == "wipe-with-pod"
    assert report["findings"][0]["scenario"] == "master-delete-now"
    assert report["not_seen"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], r"expected manifests, --topology NAME or --attach SELECTOR, one of them"),
        (["x", "--topology", "sidecar"], r"expected manifests, --topology NAME or --attach SELECTOR, one of them"),
        (["--attach", "app=redis"], r"expected --backend context with --attach; got no backend"),
        (
            ["--topology", "sidecar", "--format", "xml"],
            r"--format: expected one of: table, json, sarif, junit; got 'xml'",
        ),
        (
            ["--topology", "sidecar", "--fail-on", "all"],
            r"--fail-on: expected one of: error, warning, note, never; got",
        ),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(words, message):
    with pytest.raises(UsageError, match=message):
        CliRunner().invoke(app, ["lint", *words], catch_exceptions=False)


@pytest.mark.kind
def test_a_chart_is_linted_as_helm_renders_it():
    """With its values files; the volumes that its replicas do not write to are found."""
    chart = Path(__file__).parents[2] / "manifests" / "helm"

    report = lint_files([chart], [chart / "profiles" / "documented.yaml"])

    found = {finding.rule for finding in report.findings}
    assert {"data-volume-unused", "master-by-name", "service-missing", "down-after-long"} <= found
    assert "down-after-long" not in {
        finding.rule for finding in lint_files([chart], [chart / "profiles" / "fast.yaml"]).findings
    }


SERVER = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache}
spec:
  template:
    metadata: {labels: {app: cache}}
    spec: {containers: [{name: redis, image: "redis:8.0", command: [redis-server%s]}]}
"""
OTHER = "{apiVersion: v1, kind: ConfigMap, metadata: {name: other}, data: {}}"


@pytest.fixture
def bringing(tmp_path):
    """The settings of a run on kind that deploys these manifests."""

    def made(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        return settings({"redis_backend": "kind", "redis_manifests": path}, results=tmp_path / "results")

    return made


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SERVER % "", "no Sentinel, and no server with cluster-enabled, is seen in"),
        (OTHER, "no Redis is seen in"),
        (SERVER % ", --cluster-enabled, 'yes'", ""),
        ((SERVER % "") + "---" + (SERVER % "").replace("redis-server", "redis-sentinel, /s.conf"), ""),
        ("{apiVersion: databases.example.com/v1, kind: RedisFailover, metadata: {name: cart}}", ""),
    ],
    ids=["server", "none", "cluster", "Sentinel", "operator"],
)
def test_what_may_be_refused_is_reported_before_it_is_deployed(bringing, text, told):
    """An operator makes later what is not in the manifests."""
    doubted = doubt(bringing(text))

    assert doubted.startswith(told)
    assert bool(doubted) == bool(told)


def test_manifests_that_a_run_deploys_are_linted(bringing):
    report = lint_brought(bringing(SERVER % ""))

    assert {"wipe-with-pod", "no-password"} <= {finding.rule for finding in report.findings}


def test_manifests_without_redis_have_nothing_to_lint(bringing):
    assert lint_brought(bringing(OTHER)) is None


def test_a_run_that_brings_nothing_has_nothing_to_lint(tmp_path):
    assert lint_brought(settings({}, results=tmp_path)) is None
    assert doubt(settings({}, results=tmp_path)) == ""


@pytest.mark.local
def test_running_servers_are_asked():
    done = CliRunner().invoke(app, ["lint", "--topology", "statefulset", "--profile", "fast", "--backend", "local"])

    assert done.exit_code == 1, done.output
    assert "on local: 2 errors (wipe-with-pod, master-by-name)" in done.stdout
    assert "CONFIG GET" in done.stdout
