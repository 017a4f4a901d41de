"""Files that a user names, in the wrong encoding: every command says what it expected and what it found."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.user_files import decoded, text_of
from tests.processes import command

WRONG = {
    "utf-16": ("scenario: x".encode("utf-16"), "UTF-16: `iconv -f UTF-16 -t UTF-8 "),
    "utf-32": ("scenario: x".encode("utf-32"), "UTF-32: "),
    "latin-1": ("a: 1\nb: café\n".encode("latin-1"), "byte 0xe9 in line 2, which is none: "),
    "binary": (b"a\0b", "a binary file, with zero bytes"),
}
READERS = {
    "plan": ("run", "{0}.yaml"),
    "plan in JSON": ("run", "{0}.json"),
    "topology": ("run", "master-kill", "--backend", "memory", "--topology", "{0}.yaml"),
    "topology of a plan": ("plan", "master-kill", "--topology", "{0}.yaml"),
    "topology for lint": ("lint", "--topology", "{0}.yaml"),
    "manifests": ("lint", "{0}.yaml"),
    "folder": ("lint", "."),
    "values": ("lint", "chart", "--values", "{0}.yaml"),
    "stdin": ("lint", "-"),
}


@pytest.mark.parametrize("words", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("data", "found"), WRONG.values(), ids=WRONG)
def test_a_file_in_another_encoding_is_one_message(data, found, words, tmp_path):
    """Expected, got, where, and what to do."""
    for name in ("it.yaml", "it.json"):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "Chart.yaml").write_text("name: x\nversion: 1.0.0\n")

    done = command(*(word.format("it") for word in words), cwd=tmp_path, given=data)

    said = done.stderr
    assert done.returncode == 3, said
    assert said.startswith("UsageError: expected ")
    assert f", as UTF-8; got {found}" in said
    assert said.count("\n") == 1


def test_a_byte_order_mark_of_utf_8_is_no_text():
    """As editors on Windows write it."""
    assert decoded(b"\xef\xbb\xbfa: 1", "x", "a plan") == "a: 1"


def test_what_is_no_file_is_named(tmp_path: Path):
    with pytest.raises(UsageError, match=r"expected a plan in .*; Is a directory"):
        text_of(tmp_path, "a plan")
