"""An instant is an interval; what is quoted is its end."""

from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.model import instants
from redis_resilience.model.instants import Instant

NS = st.integers(0, 10**15)


@given(NS, NS, NS, NS)
def test_a_duration_runs_from_end_to_end_and_its_error_is_the_width(
    begin: int, width: int, later: int, wider: int
) -> None:
    origin = Instant(earliest_ns=begin, latest_ns=begin + width, source="a")
    end = Instant(earliest_ns=later, latest_ns=later + wider, source="b")

    assert end.ms_after(origin) == (later + wider - begin - width) / 1e6
    assert (origin.error_ms, end.error_ms) == (width / 1e6, wider / 1e6)


def test_every_instant_of_the_glossary_has_its_name_once() -> None:
    assert len(set(instants.NAMES)) == 15
    assert all(name.endswith("_at") for name in instants.NAMES)
