"""What is no manifest is read for what it is, or answered with the way to what can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.command.lint import lint_files
from redis_resilience.model.errors import UsageError
from redis_resilience.model.lint import LintReport

CASES = Path(__file__).parents[1] / "lint" / "cases"


def lint(*names: str) -> LintReport:
    return lint_files([CASES / name for name in names], [])


def found(report: LintReport) -> set[str]:
    return {finding.rule for finding in report.findings}


def test_a_compose_file_is_read_with_the_files_that_it_binds():
    """Places are services and files; the shop is no server, and there is no finding about Kubernetes."""
    report = lint("compose/compose.yaml")

    assert {"sentinels-too-few", "master-by-name", "wipe-no-persistence", "down-after-long"} <= found(report)
    assert not found(report) & {"bare-pod", "no-spread", "wipe-with-pod", "name-not-resolved", "no-disruption-budget"}
    (late,) = [finding for finding in report.findings if finding.rule == "down-after-long"]
    assert late.where == "./watch.conf: down-after-milliseconds"
    assert not [finding for finding in report.findings if "shop," in finding.where]


def test_a_configuration_file_is_read_with_what_it_includes():
    """How many start with it is not seen; nor is the build's protected mode."""
    report = lint("files/redis.conf")

    assert {"wipe-no-persistence", "min-replicas-lag-long"} <= found(report)
    unseen = {each.rule for each in report.not_seen}
    assert {"password-half-set", "protected-mode", "min-replicas-all", "wipe-with-pod"} <= unseen


def test_so_is_a_sentinel_s_and_both_are_one_set_up():
    assert {"down-after-long", "name-not-resolved"} <= found(lint("files/sentinel.conf"))
    both = found(lint("files/sentinel.conf", "files/redis.conf"))
    assert {"down-after-long", "wipe-no-persistence", "password-half-set"} <= both


def test_what_spotahome_s_operator_makes_is_read():
    """Its defaults, and the custom lines over them."""
    report = lint("operators/failover.yaml")

    expected = {"sentinels-even", "down-after-long", "wipe-no-persistence", "wipe-with-pod", "sentinel-identity-lost"}
    assert expected <= found(report)
    assert "protected-mode" not in found(report)


def test_what_the_opstree_operator_makes_is_read_as_far_as_it_says():
    report = lint("operators/replication.yaml")

    assert {"min-replicas-all", "down-after-long", "addresses-for-names", "wipe-with-pod"} <= found(report)
    assert "wipe-no-persistence" in {each.rule for each in report.not_seen}


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("helm-release", r"HelmRelease cache names the chart redis: .*helm template redis redis --repo URL-OF-charts"),
        (
            "application",
            r"helm template redis-ha redis-ha --repo https://charts.example.org --version '4.39.0' .*lint -",
        ),
        ("application-of-a-folder", r"names deploy/redis of https://git.example.org/shop: clone that"),
        ("production-values", r"look like those of bitnami/redis\) .*`redis-resilience lint ./redis --values .*yaml`"),
    ],
)
def test_what_only_names_a_chart_is_answered_with_the_way_to_it(name, way):
    with pytest.raises(UsageError, match=way):
        lint(f"elsewhere/{name}.yaml")


def test_values_beside_their_chart_are_linted_with_it(tmp_path, monkeypatch):
    """As `helm template` renders it."""
    (tmp_path / "Chart.yaml").write_text("name: own\n")
    (tmp_path / "values-large.yaml").write_text("a: 1\n")
    asked: list[tuple[str, ...]] = []

    def run(*words: str, within_s: float) -> str:
        assert within_s > 0
        asked.append(words)
        return "kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: 'redis:8.0'}]}\n"

    monkeypatch.setattr("redis_resilience.command.lint_sources.run", run)

    assert "bare-pod" in found(lint_files([tmp_path / "values-large.yaml"], []))
    assert asked == [
        ("helm", "template", "lint", str(tmp_path), "--values", str(tmp_path / "values-large.yaml")),
    ]


def test_a_file_that_is_no_text_is_said(tmp_path):
    (tmp_path / "a.yaml").write_bytes("kind: Pöd".encode("utf-16"))

    with pytest.raises(UsageError, match=r"expected manifests or settings in .*a.yaml, as UTF-8; got UTF-16"):
        lint_files([tmp_path / "a.yaml"], [])
