"""A trial that cannot be read is named, and costs no other trial its page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from redis_resilience.results.publishing import publish
from redis_resilience.results.ran import Ran
from redis_resilience.trials.folder import TrialFolder
from tests.trials.damage import PASSING, finished


def test_damage_is_named_and_the_others_are_published(tmp_path: Path) -> None:
    names = ("whole", "no-verdict", "no-history")
    finished(PASSING, tmp_path / names[0], sealed=True)
    for name in names[1:]:
        shutil.copytree(tmp_path / names[0], tmp_path / name)
    (tmp_path / "no-verdict" / "verdict.json").write_bytes(b"{}\n")
    (tmp_path / "no-history" / "samples.bin").write_bytes(b"")

    ran = [Ran(folder=tmp_path / name, test=name, ended="passed") for name in names]
    published = publish(ran, tmp_path, width=200, colour=False)

    left_out, no_page = published.problem.splitlines()
    assert left_out.startswith("left out of the table: expected ")
    assert "no-verdict/verdict.json with the checksum" in left_out
    assert no_page.startswith("no page was written: expected ")
    assert "no-history/samples.bin with the checksum" in no_page
    assert [TrialFolder(tmp_path / name).report.exists() for name in names] == [True, False, False]
    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith("## UNKNOWN: 2 trials, 2 pass")
    assert "- left out: expected " in summary


def test_the_summary_is_appended_to_the_page_of_a_github_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = tmp_path / "results" / "run" / "trial"
    finished(PASSING, trial, sealed=True)
    page = tmp_path / "page.md"
    page.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))

    publish([Ran(folder=trial, test="t", ended="passed")], trial.parent, width=200, colour=False)

    assert page.read_text().startswith("before\n## PASS: 1 trial")


def test_a_page_of_a_job_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = tmp_path / "results" / "run" / "trial"
    finished(PASSING, trial, sealed=True)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))

    published = publish([Ran(folder=trial, test="t", ended="passed")], trial.parent, width=200, colour=False)

    assert published.problem.startswith("nothing was added to $GITHUB_STEP_SUMMARY")
