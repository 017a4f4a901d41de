import errno
import os
from pathlib import Path

import numpy as np
import pytest

from redis_resilience.model.errors import ProbeError
from redis_resilience.model.events import Link, LoadBegin, Role
from redis_resilience.model.operations import Cause, Kind, Result
from redis_resilience.model.records import NO_SERVER, OPERATION, SAMPLE, decode
from redis_resilience.probe.recorder import PACK_OPERATION, PACK_SAMPLE, Recorder
from redis_resilience.probe.watchers import RoleTold


def recorder_in(folder: Path, failures: list[str] | None = None) -> Recorder:
    return Recorder(folder, "t", (failures if failures is not None else []).append)


def write_one(recorder: Recorder, key: int, cause: Cause = Cause.NONE) -> None:
    recorder.operation(
        key=key,
        due_ns=1,
        call_ns=2,
        return_ns=3,
        connection=4,
        client=5,
        server=6,
        cause=cause,
        kind=Kind.WRITE,
        value=key,
    )


def test_packed_records_have_the_size_of_the_model() -> None:
    assert len(PACK_OPERATION(*range(11))) == OPERATION.itemsize
    assert len(PACK_SAMPLE(*range(8))) == SAMPLE.itemsize


def test_an_operation_reads_back_as_it_was_written(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path)
    write_one(recorder, 9, Cause.READONLY)
    recorder.close()

    records, torn = decode("operations", (tmp_path / "operations.bin").read_bytes())

    assert torn == 0
    assert records.tolist() == [(9, 1, 2, 3, 4, 5, 6, Result.FAIL, Cause.READONLY, Kind.WRITE, 9)]


def test_a_sample_reads_back_as_it_was_written(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path)
    told = RoleTold(role=Role.REPLICA, offset=77, link=Link.SYNC)
    recorder.sample(server=1, source=NO_SERVER, call_ns=10, return_ns=11, told=told)
    recorder.close()

    records, _ = decode("samples", (tmp_path / "samples.bin").read_bytes())

    assert records.tolist() == [(10, 11, 77, 1, NO_SERVER, Role.REPLICA, Link.SYNC, 0, 0)]


def test_an_event_is_on_disk_before_the_next_flush(tmp_path: Path) -> None:
    recorder_in(tmp_path).tell(LoadBegin(at_ns=5, source="probe"))

    assert b'"kind":"load-begin"' in (tmp_path / "events.jsonl").read_bytes()


def test_a_history_is_never_written_over(tmp_path: Path) -> None:
    recorder_in(tmp_path).close()

    with pytest.raises(ProbeError, match=r"expected to begin operations\.bin in .*File exists.*name a new"):
        recorder_in(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match=r"nowhere; got: No such file or directory"):
        recorder_in(tmp_path / "nowhere")


def test_a_full_disk_is_told_once_and_ends_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk takes half a record, then nothing, then there is room again: still no record follows the torn one."""
    failures: list[str] = []
    recorder = recorder_in(tmp_path, failures)
    write_one(recorder, 0)
    recorder.flush()
    write, room = os.write, [OPERATION.itemsize // 2]

    def full(file: int, data: bytes) -> int:
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, data[: room.pop()])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        write_one(recorder, 1)
        recorder.flush()
        write_one(recorder, 2)
        recorder.flush()
    write_one(recorder, 3)
    recorder.close()

    records, torn = decode("operations", (tmp_path / "operations.bin").read_bytes())
    assert records["key"].tolist() == [0]
    assert torn == OPERATION.itemsize // 2
    assert failures == ["writing operations.bin: No space left on device; everything after it is missing"]
    assert recorder.writing_failed == failures[0]


def test_the_tally_counts_outcomes_and_remembers_who_acknowledged_last(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path)
    for cause in (Cause.NONE, Cause.NONE, Cause.WAITING, Cause.TIMEOUT):
        write_one(recorder, 0, cause)

    assert [recorder.tally.of(outcome) for outcome in Result] == [1, 2, 1]
    assert recorder.tally.last_server == np.uint16(6)
