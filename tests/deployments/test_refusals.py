"""What a server writes when it refuses another version's data is found in its log, and nothing else is."""

from __future__ import annotations

import subprocess

import pytest

from redis_resilience.deployments.refusals import refusal_in

STARTED = "1:C 28 Nov 2026 16:00:00.000 * Redis version=7.0.15, bits=64\n1:M * Ready to accept connections\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("7:M # Can't handle RDB format version 12", "Can't handle RDB format version 12"),
        ("7:S # Failed: Can't handle RDB format version 80\n7:S * more", "Can't handle RDB format version 80"),
        (
            "7:M # Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup",
            "Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup",
        ),
        (
            "7:M # Unknown command 'HSETEX' reading the append only file appendonly.aof.1.incr.aof",
            "Unknown command 'HSETEX' reading the append only file appendonly.aof.1.incr.aof",
        ),
        (
            "7:M # Fatal error loading the DB, check server logs. Exiting.",
            "Fatal error loading the DB, check server logs. Exiting.",
        ),
        ("7:M # Wrong signature trying to load DB from file", "Wrong signature trying to load DB from file"),
        (
            "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nAt line 3\n>>> 'new 4'\nBad directive\n",
            "FATAL CONFIG FILE ERROR (Redis 7.0.15) *** At line 3 >>> 'new 4' Bad directive",
        ),
    ],
)
def test_a_refusal_is_found_with_its_own_words(line, reason):
    assert refusal_in(STARTED + line) == reason


def aof(more, base, increments=b""):
    """The files of an AOF, by their names in a server's folder."""
    kinds = {"base.rdb": (b"b", base), "incr.aof": (b"i", increments)}
    manifest = b"".join(b"file x.aof.1.%s seq 1 type %s\n" % (end.encode(), kind) for end, (kind, _) in kinds.items())
    return {"x.aof.manifest": manifest + more, **{f"x.aof.1.{end}": data for end, (_, data) in kinds.items()}}


def rdb(version):
    return b"REDIS%04d\xff" % version + bytes(8)


NEWEST = b"*1\r\n$6\r\nNEWEST\r\n"


@pytest.mark.local
@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (aof(b"", rdb(99)), "Can't handle RDB format version 99"),
        (aof(b"", rdb(9), NEWEST), "Unknown command 'NEWEST' reading the append only"),
        (aof(b"nothing\n", rdb(9)), "Invalid AOF manifest file format"),
        (aof(b"", b"no RDB at all"), "Bad file format reading the append only file"),
    ],
    ids=["newer RDB", "newer command", "newer manifest", "no RDB"],
)
def test_what_a_real_server_does_not_read_is_named(files, reason, server, tmp_path):
    """It ends by itself: with its own words, not with a timeout."""
    folder = tmp_path / "appendonlydir"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    settings = (
        "--port",
        "0",
        "--unixsocket",
        "socket",
        "--dir",
        str(tmp_path),
        "--appendonly",
        "yes",
        "--appendfilename",
        "x.aof",
    )

    done = subprocess.run([server, *settings], capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode == 1
    assert refusal_in(done.stdout + done.stderr).startswith(reason)


def test_a_log_without_one_gives_no_reason():
    assert refusal_in(STARTED) == ""
