"""Worst wins, and `unknown` never counts as `pass`."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.model.instants import Instant
from redis_resilience.model.verdict import Gap, Timeline, Verdict, worst

VERDICTS = st.lists(st.sampled_from(Verdict))


def test_nothing_judged_is_unknown() -> None:
    assert worst([]) is Verdict.UNKNOWN


@given(VERDICTS)
def test_a_fail_anywhere_is_a_fail(verdicts: list[Verdict]) -> None:
    assert worst([*verdicts, Verdict.FAIL]) is Verdict.FAIL


@given(VERDICTS)
def test_only_passes_make_a_pass(verdicts: list[Verdict]) -> None:
    assert (worst(verdicts) is Verdict.PASS) == (set(verdicts) == {Verdict.PASS})


@given(VERDICTS, st.randoms())
def test_the_order_does_not_matter(verdicts: list[Verdict], random: Random) -> None:
    shuffled = verdicts.copy()
    random.shuffle(shuffled)

    assert worst(shuffled) is worst(verdicts)


def test_what_did_not_happen_took_no_time() -> None:
    instant = Instant(earliest_ns=0, latest_ns=5_000_000, source="x")
    timeline = Timeline(instants={"fault_at": instant})

    assert (timeline.ms("sdown_at"), timeline.ms("fault_at", "sdown_at"), timeline.ms("fault_at")) == (None, None, 0.0)


def test_a_gap_without_an_end_is_censored() -> None:
    assert Gap(begin_ns=1, end_ns=None, client="all").censored
    assert not Gap(begin_ns=1, end_ns=2, client="all").censored
