import hiredis
import pytest

from redis_resilience.model.operations import Cause, Result, result_of
from redis_resilience.probe.wire import classify, info_field


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (b"+OK\r\n", Cause.NONE),
        (b"$-1\r\n", Cause.TAKEN),
        (b"-READONLY You can't write against a read only replica.\r\n", Cause.READONLY),
        (b"-LOADING Redis is loading the dataset in memory\r\n", Cause.LOADING),
        (b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n", Cause.MASTERDOWN),
        (b"-NOREPLICAS Not enough good replicas to write.\r\n", Cause.NOREPLICAS),
        (b"-OOM command not allowed when used memory > 'maxmemory'.\r\n", Cause.OOM),
        (b"-MISCONF Redis is configured to save RDB snapshots\r\n", Cause.MISCONF),
        (b"-CLUSTERDOWN The cluster is down\r\n", Cause.CLUSTERDOWN),
        (b"-MOVED 3999 127.0.0.1:6381\r\n", Cause.MOVED),
        (b"-NOAUTH Authentication required.\r\n", Cause.NOAUTH),
        (b"-ERR max number of clients reached\r\n", Cause.REJECTED),
        (b"-LOADINGS is not LOADING\r\n", Cause.REJECTED),
        (b":1\r\n", Cause.REJECTED),
    ],
)
def test_the_raw_reply_alone_decides_about_a_write(raw: bytes, cause: Cause) -> None:
    reader = hiredis.Reader()
    reader.feed(raw)

    assert classify(reader.gets()) is cause


def test_every_error_reply_is_a_definite_rejection() -> None:
    """`info` is for what was not answered; an answer, however unwelcome, says that nothing was written."""
    assert result_of(classify(hiredis.ReplyError("EXECABORT whatever"))) is Result.FAIL


@pytest.mark.parametrize(
    ("name", "value"), [("run_id", "abc"), ("id", ""), ("redis_version", "7.0.15"), ("absent", "")]
)
def test_info_field_is_found_by_its_whole_name(name: str, value: str) -> None:
    assert info_field(b"# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\n", name) == value


def test_an_error_reply_has_no_info_fields() -> None:
    assert info_field(hiredis.ReplyError("NOAUTH Authentication required."), "run_id") == ""
