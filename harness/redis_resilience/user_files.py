"""Text files that a user names: what cannot be read as UTF-8 is reported with what it is instead."""

from __future__ import annotations

import codecs
from pathlib import Path

from redis_resilience.model.errors import UsageError

_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def text_of(path: Path, what: str) -> str:
    """The text of this file; raises UsageError with `what` was expected in it ("a plan") and what was found."""
    try:
        return decoded(path.read_bytes(), str(path), what)
    except OSError as error:
        raise UsageError(f"expected {what} in {path}; {error.strerror}") from error


def decoded(data: bytes, name: str, what: str) -> str:
    """As `text_of`, for what was read already from `name`; raises UsageError."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            raise UsageError(f"expected {what} in {name}, as UTF-8; got {encoding}: {_remedy(name, encoding)}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x} in line {line}"
        raise UsageError(
            f"expected {what} in {name}, as UTF-8; got {found}, which is none: {_remedy(name, 'LATIN1')} if it is text"
        ) from error
    if "\0" in text:
        raise UsageError(f"expected {what} in {name}, as UTF-8; got a binary file, with zero bytes")
    return text


def _remedy(name: str, encoding: str) -> str:
    return f"`iconv -f {encoding} -t UTF-8 {name}` converts it"
