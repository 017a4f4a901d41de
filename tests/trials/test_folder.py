"""What was kept can be judged again to the byte; what was torn is cut and named; what is broken is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.faults.target import MASTER, REPLICA
from redis_resilience.model.errors import BrokenTrial
from redis_resilience.model.faults import kill
from redis_resilience.model.plan import Expect
from redis_resilience.model.verdict import Verdict
from redis_resilience.trials.folder import TrialFolder, write_whole
from redis_resilience.trials.trial import rejudge


def test_rechecking_gives_the_same_bytes(simulate):
    """The verdict is a function of the folder."""
    outcome = simulate(kill(MASTER), expect=Expect(failover=True))
    before = (outcome.folder / "verdict.json").read_bytes()

    rejudge(TrialFolder(outcome.folder))

    assert (outcome.folder / "verdict.json").read_bytes() == before


def test_a_torn_last_record_is_cut_and_makes_the_verdict_unknown(simulate):
    """A probe that was killed in the middle of a record leaves a readable history."""
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))
    path = outcome.folder / "operations.bin"
    path.write_bytes(path.read_bytes()[:-7])

    again = rejudge(TrialFolder(outcome.folder))

    assert again.verdict is Verdict.UNKNOWN
    assert "operations.bin: the last record was truncated; its 46 bytes were removed" in again.explain()


def test_a_trial_whose_probe_took_its_history_along_is_unknown(simulate):
    """A pod that is deleted takes its volume along: what the harness has must do, and says what is missing."""
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))
    for name in ("operations.bin", "samples.bin", "events.jsonl"):
        (outcome.folder / name).unlink()
    path = outcome.folder / "trial.jsonl"
    kept = [line for line in path.read_text().splitlines(keepends=True) if '"done"' not in line]
    path.write_text("".join(kept))

    again = rejudge(TrialFolder(outcome.folder))

    assert again.verdict is Verdict.UNKNOWN
    assert (
        "operations.bin is missing: the trial broke off, and its probe's history was not to be had" in again.explain()
    )


def test_a_torn_last_line_is_cut_and_named(simulate):
    """Half an event is no event."""
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))
    path = outcome.folder / "trial.jsonl"
    path.write_bytes(path.read_bytes()[:-5])

    history = TrialFolder(outcome.folder).history()

    assert history.problems == ("trial.jsonl: the last line was truncated and has been removed",)
    assert not history.complete


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("plan.json", None, r"expected plan\.json in .*; No such file or directory; is this the folder of a trial\?"),
        ("plan.json", b"{", r"expected a plan in .*plan\.json; "),
        ("environment.json", b"[]", r"expected a Environment|expected an? Environment in "),
        ("operations.bin", b"", r"expected operations in .*; the file is empty"),
        ("operations.bin", b"garbage", r"expected a first line that describes operations; got b'garbage'"),
        ("samples.bin", None, r"expected samples in .*; No such file"),
        ("events.jsonl", b"nonsense\n", r"events\.jsonl, line 1: expected an event; JSON is malformed"),
        ("finals/redis-1.npy", b"no array", r"expected a final read in "),
    ],
)
def test_a_broken_folder_says_which_file_and_what_was_expected(simulate, name, data, message):
    """Every file that is needed and cannot be read is named."""
    path = simulate(kill(REPLICA), expect=Expect(failover=False)).folder
    if data is None:
        (path / name).unlink()
    else:
        (path / name).write_bytes(data)

    with pytest.raises(BrokenTrial, match=message):
        TrialFolder(path).history()


def test_a_folder_holds_one_trial(simulate):
    """A second trial in the same folder would mix two histories."""
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))
    folder = TrialFolder(outcome.folder)

    with pytest.raises(BrokenTrial, match=r"expected no trial in .*; got one; choose another folder"):
        folder.create(folder.plan())


def test_a_whole_file_is_written_or_the_old_one_stays(tmp_path: Path):
    """A failing write leaves nothing half done."""
    path = tmp_path / "verdict.json"
    write_whole(path, b"old")
    (tmp_path / "blocked").write_bytes(b"")

    with pytest.raises(BrokenTrial, match="could not write"):
        write_whole(tmp_path / "blocked" / "verdict.json", b"new")

    assert path.read_bytes() == b"old"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["blocked", "verdict.json"]
