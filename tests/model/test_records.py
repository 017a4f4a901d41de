"""Records survive the way to bytes and back; torn ones are dropped, foreign ones are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.model.errors import BrokenRecords, BrokenTrial
from redis_resilience.model.operations import Kind, Result
from redis_resilience.model.records import OPERATION, SAMPLE, Records, decode, header
from redis_resilience.model.version1 import OPERATION_1


def rows(count: int) -> Records:
    made = np.zeros(count, dtype=OPERATION)
    made["key"] = np.arange(count)
    return made


def test_an_operation_has_53_bytes_and_a_sample_32() -> None:
    """What is written a million times is written small."""
    assert (OPERATION.itemsize, SAMPLE.itemsize) == (53, 32)


@given(st.integers(0, 20), st.integers(0, OPERATION.itemsize - 1))
def test_whole_records_are_read_and_a_torn_last_one_is_cut_and_counted(count: int, torn: int) -> None:
    data = header("operations") + rows(count).tobytes() + b"x" * torn

    found, cut = decode("operations", data)

    assert (found["key"].tolist(), cut) == (list(range(count)), torn)


def test_decoding_copies_nothing() -> None:
    data = memoryview(header("operations") + rows(3).tobytes())

    found, _ = decode("operations", data)

    assert np.shares_memory(found, np.frombuffer(data, dtype=np.uint8))


def test_a_file_without_its_first_line_is_refused() -> None:
    with pytest.raises(BrokenRecords, match="expected a first line that describes operations; got b'garbage'"):
        decode("operations", b"garbage")


def test_a_first_line_that_is_no_json_is_refused() -> None:
    with pytest.raises(BrokenRecords, match="expected a first line that describes samples; got b'nonsense'"):
        decode("samples", b"nonsense\n1234")


def test_another_kind_is_refused_by_name() -> None:
    with pytest.raises(BrokenRecords, match="expected operations of version 2; got 'samples' of version 2"):
        decode("operations", header("samples"))


def test_a_broken_file_is_a_broken_trial() -> None:
    assert issubclass(BrokenRecords, BrokenTrial)


def test_operations_of_version_1_are_writes_of_their_keys() -> None:
    old = np.zeros(2, dtype=OPERATION_1)
    old["key"], old["due_ns"], old["client"], old["outcome"] = (5, 6), (50, 60), 3, Result.OK

    found, torn = decode("operations", header("operations", 1) + old.tobytes() + b"x")

    assert torn == 1
    assert found.dtype == OPERATION
    assert found[["key", "due_ns", "client", "outcome"]].tolist() == [(5, 50, 3, Result.OK), (6, 60, 3, Result.OK)]
    assert found[["kind", "value"]].tolist() == [(Kind.WRITE, 5), (Kind.WRITE, 6)]


def test_samples_of_version_1_are_those_of_today() -> None:
    row = np.array([(1, 2, 3, 0, 1, 1, 0, 2, 0)], dtype=SAMPLE)

    assert decode("samples", header("samples", 1) + row.tobytes())[0].tolist() == row.tolist()


@pytest.mark.parametrize(
    ("kind", "name", "value", "expected"),
    [
        ("operations", "outcome", 3, "outcome of 0, 1, 2"),
        ("operations", "cause", 200, "cause of 0, 1, 2, .*, 23"),
        ("operations", "kind", 2, "kind of 0, 1"),
        ("operations", "call_ns", 1 << 62 | 1, r"call_ns of -2\^62 to 2\^62"),
        ("samples", "role", 5, "role of 0, 1, 2, 3, 4"),
        ("samples", "link", 5, "link of 0, 1, 2, 3, 4"),
    ],
)
def test_a_number_that_stands_for_nothing_is_refused_with_its_record(
    kind: str, name: str, value: int, expected: str
) -> None:
    made = np.zeros(3, dtype=OPERATION if kind == "operations" else SAMPLE)
    made[name][1] = value

    with pytest.raises(BrokenRecords, match=rf"^record 1: expected {expected}; got {value}$"):
        decode(kind, header(kind) + made.tobytes())


@pytest.mark.parametrize("line", [b"[]\n", b"7\n", b"\xff\n", b"[" * 3000 + b"\n"])
def test_a_first_line_of_another_form_is_refused(line: bytes) -> None:
    with pytest.raises(BrokenRecords, match=r"expected a first line that describes operations|of version None"):
        decode("operations", line)
