"""What was kept can be judged again to the byte; what was torn is dropped and named; what is broken is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.faults.target import MASTER, REPLICA
from redis_resilience.model.errors import BrokenTrial
from redis_resilience.model.faults import kill
from redis_resilience.model.plan import Expect
from redis_resilience.model.verdict import Verdict
from redis_resilience.trials.checksums import SHA256SUMS
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
    (outcome.folder / SHA256SUMS).unlink()
    path = outcome.folder / "operations.bin"
    path.write_bytes(path.read_bytes()[:-7])

    again = rejudge(TrialFolder(outcome.folder))

    assert again.verdict is Verdict.UNKNOWN
    assert "operations.bin: the last record was truncated; its 46 bytes were removed" in again.explain()


def test_a_trial_whose_probe_took_its_history_along_is_unknown(simulate):
    """A pod that is deleted takes its volume along: the harness's own part must do, and names what is missing."""
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))
    for name in ("operations.bin", "samples.bin", "events.jsonl", SHA256SUMS):
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
    (outcome.folder / SHA256SUMS).unlink()
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
        ("plan.json", b'{"trial": "\xff"}', r"expected a plan in .*plan\.json; .*(?i:utf-8)"),
        ("environment.json", b"[]", r"environment\.json: expected Environment; "),
        ("environment.json", b'{"master": "\xff"}', r"environment\.json: expected Environment; .*(?i:utf-8)"),
        (
            "environment.json",
            b'{"clock_ns": 1e300}',
            r"environment\.json: .*expected numbers of less than 2\^62",
        ),
        ("operations.bin", b"", r"expected operations in .*; the file is empty"),
        ("operations.bin", b"garbage", r"expected a first line that describes operations; got b'garbage'"),
        ("samples.bin", None, r"expected samples in .*; No such file"),
        ("events.jsonl", b"nonsense\n", r"events\.jsonl, line 1: expected an event; JSON is malformed"),
        ("finals/redis-1.npy", b"no array", r"expected a final read in .*redis-1\.json .*; got 8 bytes that begin"),
        ("finals/redis-1.npy", None, r"expected a final read in .*redis-1\.json "),
        ("finals/redis-1.json", b'{"server": "\xff"}', r"expected a final read in .*redis-1\.json "),
    ],
)
def test_a_broken_folder_says_which_file_and_what_was_expected(simulate, name, data, message):
    """Every file that is needed and cannot be read is named; of a trial without checksums, as old ones are."""
    path = simulate(kill(REPLICA), expect=Expect(failover=False)).folder
    (path / SHA256SUMS).unlink()
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


@pytest.mark.parametrize("name", ["plan.json", "trial.jsonl", "operations.bin", "finals/redis-1.npy", "lint.json"])
def test_a_file_that_does_not_fit_its_checksum_is_not_judged(simulate, name):
    """One bit is enough, and a file that is missing."""
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))
    folder, path = TrialFolder(outcome.folder), outcome.folder / name
    data = path.read_bytes()
    path.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])

    with pytest.raises(BrokenTrial, match=rf"expected .*{name} with the checksum .* of SHA256SUMS; got .*: damaged"):
        rejudge(folder)
    path.unlink()
    with pytest.raises(BrokenTrial, match=rf"{name}"):
        rejudge(folder)


def test_a_damaged_verdict_is_not_read_and_can_be_judged_again(simulate):
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))
    folder, path = TrialFolder(outcome.folder), outcome.folder / "verdict.json"
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"pass"', b'"fail"', 1))

    with pytest.raises(BrokenTrial, match=r"verdict\.json with the checksum"):
        folder.judgement()
    rejudge(folder)

    assert path.read_bytes() == data
    assert folder.judgement() == outcome.judgement


def test_judging_again_does_not_vouch_for_what_was_recorded(simulate):
    """Only the line of the verdict is written again; an old trial gets no checksums at all."""
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))
    folder, sums = TrialFolder(outcome.folder), outcome.folder / SHA256SUMS
    listed = {line.partition("  ")[2] for line in sums.read_text().splitlines()}
    on_disk = {str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file()}
    before = sums.read_bytes()
    (folder.path / "operations.bin").write_bytes(b"other")
    folder.save_judgement(outcome.judgement)

    assert listed == on_disk - {SHA256SUMS}
    assert sums.read_bytes() == before
    sums.unlink()
    folder.save_judgement(outcome.judgement)
    assert not sums.exists()
