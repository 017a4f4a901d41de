"""The JSON documents of a trial's folder: bytes to values and back; opens no file."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from redis_resilience.model.errors import BrokenTrial, UsageError
from redis_resilience.model.renamed import may_have_old_names, with_names_of_today

T = TypeVar("T")
_LARGEST = 1 << 62
"""As of instants in nanoseconds: sums and differences of two fit into 64 bits."""
_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_NINETEEN = b"0" * 19


def encode_json(value: object) -> bytes:
    """The same value gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=1) + b"\n"


def decode_json(data: bytes, kind: type[T]) -> T:
    """Raises BrokenTrial where the bytes are no JSON, a number is absurd, or it is not of this kind."""
    try:
        if not may_have_old_names(data) and not _may_be_large(data):
            return msgspec.json.decode(data, type=kind)
        plain = msgspec.json.decode(data)
        _must_be_measurable(plain)
        return msgspec.convert(with_names_of_today(plain), kind)
    except (msgspec.MsgspecError, ValueError, RecursionError, UsageError) as error:
        raise BrokenTrial(f"expected {kind.__name__}; {error}") from error


def _may_be_large(data: bytes) -> bool:
    """Whether a number has an exponent or 19 digits that begin with 4 or more, or 20; also where strings have escapes.

    It costs a twentieth of a look at each value.
    """
    if b"\\" in data:
        return True
    numbers = b"".join(data.split(b'"')[::2]).replace(b"true", b"").replace(b"false", b"")
    if b"e" in numbers or b"E" in numbers:
        return True
    digits = numbers.translate(_DIGITS)
    at = digits.find(_NINETEEN)
    while at >= 0:
        if numbers[at] >= ord("4") or digits.startswith(b"0", at + len(_NINETEEN)):
            return True
        at = digits.find(_NINETEEN, at + len(_NINETEEN))
    return False


def _must_be_measurable(value: object) -> None:
    match value:
        case dict():
            for each in value.values():
                _must_be_measurable(each)
        case list():
            for each in value:
                _must_be_measurable(each)
        case int() | float() if not -_LARGEST <= value <= _LARGEST:
            raise ValueError(f"expected numbers of less than 2^62; got {str(value)[:20]}")
