"""The checksums are those of coreutils, and a file of them that is damaged says so."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from redis_resilience.model.errors import BrokenTrial
from redis_resilience.trials.checksums import SHA256SUMS, encode_sums, must_fit, read_sums, sums_of
from redis_resilience.trials.folder import TrialFolder


def summed(folder: Path) -> dict[str, str]:
    (folder / "plan.json").write_bytes(b"{}")
    (folder / "a file.bin").write_bytes(b"\x00\xff")
    sums = sums_of(folder, ["plan.json", "a file.bin"])
    (folder / SHA256SUMS).write_bytes(encode_sums(sums))
    return sums


def test_sha256sum_checks_them(tmp_path: Path) -> None:
    summed(tmp_path)
    program = shutil.which("sha256sum")
    assert program

    done = subprocess.run([program, "--check", "--strict", SHA256SUMS], cwd=tmp_path, capture_output=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_written_is_read(tmp_path: Path) -> None:
    sums = summed(tmp_path)

    assert read_sums(tmp_path) == sums
    must_fit(tmp_path, sums, sums)


def test_a_folder_without_them_has_none(tmp_path: Path) -> None:
    assert read_sums(tmp_path) is None


@pytest.mark.parametrize("cut", [1, 20, 80])
def test_a_torn_file_of_checksums_is_damage(tmp_path: Path, cut: int) -> None:
    summed(tmp_path)
    path = tmp_path / SHA256SUMS
    path.write_bytes(path.read_bytes()[:-cut])

    with pytest.raises(BrokenTrial, match="expected a checksum and a file's name, each name once, in every line"):
        read_sums(tmp_path)


@pytest.mark.parametrize("data", [b"\xff\n", b"no checksum\n", b"\n"])
def test_anything_else_is_no_checksum(tmp_path: Path, data: bytes) -> None:
    (tmp_path / SHA256SUMS).write_bytes(data)

    with pytest.raises(BrokenTrial, match="SHA256SUMS"):
        read_sums(tmp_path)


def test_a_file_that_is_not_listed_is_damage(tmp_path: Path) -> None:
    sums = summed(tmp_path)
    (tmp_path / "lint.json").write_bytes(b"{}")

    with pytest.raises(BrokenTrial, match=r"expected a checksum of lint\.json in .*; got none: damaged"):
        must_fit(tmp_path, sums, ["lint.json"])


@pytest.mark.parametrize("name", ["plan.json", SHA256SUMS])
def test_a_pipe_or_a_device_in_place_of_a_file_is_damage_and_never_read(tmp_path: Path, name: str) -> None:
    """Reading one might never end."""
    sums = summed(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/dev/zero")

    with pytest.raises(BrokenTrial, match=rf"{name}, a file of this trial; got what is no regular file"):
        must_fit(tmp_path, read_sums(tmp_path) or sums, ["plan.json"])
    with pytest.raises(BrokenTrial, match=rf"{name}, a file of this trial; got what is no regular file"):
        TrialFolder(tmp_path).plan()
