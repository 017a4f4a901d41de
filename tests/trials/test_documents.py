"""A document is the same value by the quick way, which most take, and by the look at each of its values."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.model.errors import BrokenTrial
from redis_resilience.trials.documents import decode_json, encode_json


@dataclass(frozen=True, kw_only=True)
class Document:
    """Of numbers and texts, as plans, environments and judgements are."""

    numbers: list[int | float | None] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    true: bool = True


NUMBERS = st.none() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text() | st.sampled_from(["1e99", "4611686018427387905", 'a "quoted" \\', "5e12, -9e3"])


@given(numbers=st.lists(NUMBERS), texts=st.dictionaries(TEXTS, TEXTS), true=st.booleans())
def test_a_document_comes_back_unless_a_number_of_it_is_absurd(
    *, numbers: list[int | float | None], texts: dict[str, str], true: bool
) -> None:
    document = Document(numbers=numbers, texts=texts, true=true)
    data = encode_json(document)

    if any(number is not None and abs(number) > 2**62 for number in numbers):
        with pytest.raises(BrokenTrial, match=r"expected numbers of less than 2\^62"):
            decode_json(data, Document)
    else:
        assert decode_json(data, Document) == document


@pytest.mark.parametrize(
    "number", ["4611686018427387905", "-4611686018427387905", "1" * 25, "1e19", "-1E+19", "9.5e18"]
)
@pytest.mark.parametrize("between", ["", " ", "\n"])
def test_an_absurd_number_is_found_however_it_is_written(number: str, between: str) -> None:
    with pytest.raises(BrokenTrial):
        decode_json(f'{{"numbers":{between}[1,{between}{number}]}}'.encode(), Document)


def test_names_of_earlier_releases_are_understood_by_either_way() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Measured:
        scheduling_delay_max_ms: float

    assert decode_json(b'{"lateness_max_ms": 1.5}', Measured) == decode_json(
        msgspec.json.encode({"scheduling_delay_max_ms": 1.5}), Measured
    )
