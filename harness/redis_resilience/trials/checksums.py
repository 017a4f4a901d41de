"""SHA256SUMS of a trial's folder: written when the trial ended, checked whenever it is read.

The form is that of coreutils: `sha256sum -c SHA256SUMS` checks a folder without this program. A trial that was killed
has no such file, and neither has one of an older release.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from redis_resilience.model.errors import BrokenTrial

SHA256SUMS = "SHA256SUMS"
_LINE = re.compile(r"(?P<sum>[0-9a-f]{64})  (?P<name>.+)")


def sums_of(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Checksum by name."""
    return {name: _sum(folder / name) for name in names}


def encode_sums(sums: Mapping[str, str]) -> bytes:
    """The file's contents."""
    return "".join(f"{each}  {name}\n" for name, each in sorted(sums.items())).encode()


def must_be_regular(path: Path) -> None:
    """Raises BrokenTrial for what is there and may have no end: a pipe, a device, a link to one."""
    if not path.is_file() and path.exists():
        raise BrokenTrial(f"expected {path}, a file of this trial; got what is no regular file: damaged")


def read_sums(folder: Path) -> dict[str, str] | None:
    """Checksum by name; None where the folder has none. Raises BrokenTrial for a file that is none of checksums."""
    path = folder / SHA256SUMS
    must_be_regular(path)
    try:
        *lines, rest = path.read_text().split("\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenTrial(f"expected checksums in {path}; {error}") from error
    found = [_LINE.fullmatch(line) for line in lines]
    sums = {match["name"]: match["sum"] for match in found if match}
    if rest or len(sums) != len(lines):
        raise BrokenTrial(f"expected a checksum and a file's name, each name once, in every line of {path}: damaged")
    return sums


def stamp_of(folder: Path) -> tuple[int, ...] | None:
    """Another one once the folder's checksums were written again; None where it has none."""
    try:
        found = (folder / SHA256SUMS).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def must_fit(folder: Path, sums: Mapping[str, str], names: Iterable[str]) -> None:
    """Raises BrokenTrial, which names the file, for the first that is missing, not listed, or has other contents."""
    for name in names:
        path, expected = folder / name, sums.get(name)
        if expected is None:
            raise BrokenTrial(f"expected a checksum of {name} in {folder / SHA256SUMS}; got none: damaged")
        if (got := _sum(path)) != expected:
            raise BrokenTrial(
                f"expected {path} with the checksum {expected[:12]}... of {SHA256SUMS}; got {got[:12]}...: damaged; "
                f"numbers judged from it cannot be trusted; restore the folder from a copy, or run the trial again"
            )


def _sum(path: Path) -> str:
    must_be_regular(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BrokenTrial(f"expected {path}, a file of this trial; {error.strerror}: damaged") from error
