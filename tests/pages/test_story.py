from __future__ import annotations

from typing import Any

import pytest

from redis_resilience.model.faults import kill, pause
from redis_resilience.model.plan import Load, Scheduled, Writers
from redis_resilience.model.verdict import Finding, ShardJudgement, Verdict
from redis_resilience.pages.lines import trial_lines
from redis_resilience.pages.story import not_passed, what_happened, what_it_means, what_was_done


def test_a_failover_is_told_with_both_masters_and_both_switches(make: Any) -> None:
    assert what_happened(make.judgement()) == (
        "redis-1 replaced redis-0; the first +switch-master came 2260 ms after the fault, the last 3310 ms. "
        "The longest time without an acknowledged write was 2285 ms (without a fault: 1.40 ms). "
        "None of 2,716 acknowledged writes is lost."
    )


def test_no_failover_is_said_plainly(make: Any) -> None:
    assert what_happened(make.judgement(timeline=make.timeline({"fault_at": 0.0}))).startswith("There was no failover.")


def test_an_outage_that_did_not_end_is_a_lower_bound(make: Any) -> None:
    told = what_happened(make.judgement(availability=make.availability(2700.0, censored=True)))

    assert "for 2700 ms or longer: the load ended before the next one" in told


@pytest.mark.parametrize(("lost", "told"), [(1, "writes 1 is lost."), (8608, "writes 8,608 are lost.")])
def test_losses_are_counted(make: Any, lost: int, told: str) -> None:
    assert what_happened(make.judgement(writes=make.writes(lost, named=1))).endswith(told)


@pytest.mark.parametrize(
    "findings", [(), (Finding(name="ledger.lost", verdict=Verdict.UNKNOWN, text="no server was read"),)]
)
def test_a_zero_that_the_ledger_did_not_find_is_not_called_no_loss(make: Any, findings: tuple[Finding, ...]) -> None:
    told = what_happened(make.judgement(verdict=Verdict.UNKNOWN, findings=findings))

    assert told.endswith("Whether any of 2,716 acknowledged writes is lost is not known.")


def test_assumptions_come_before_findings(make: Any) -> None:
    late = Finding(name="assumptions.scheduling_delay", verdict=Verdict.UNKNOWN, text="the load was late")
    lost = Finding(name="ledger.lost", verdict=Verdict.FAIL, text="3 are lost")

    assert not_passed(make.judgement(assumptions=(late,), findings=(lost,))) == (late, lost)


def test_the_verdict_names_the_reason_of_its_own_kind(make: Any) -> None:
    """A fail is explained by a failed finding, though an unknown one comes first."""
    unsure = Finding(name="bounds.explained", verdict=Verdict.UNKNOWN, text="elected was late")
    lost = Finding(name="ledger.lost", verdict=Verdict.FAIL, text="expected 0 lost; 3 are")

    told = what_it_means(make.judgement(verdict=Verdict.FAIL, findings=(unsure, lost)))

    assert told == "The scenario's expectations were not met: expected 0 lost; 3 are (1 more finding below)"


def test_unknown_never_sounds_like_pass(make: Any) -> None:
    late = Finding(
        name="assumptions.scheduling_delay", verdict=Verdict.UNKNOWN, text="expected 20 ms or less; got 90 ms"
    )

    told = what_it_means(make.judgement(verdict=Verdict.UNKNOWN, assumptions=(late,)))

    assert told == "Nothing can be concluded from this trial: expected 20 ms or less; got 90 ms"


def test_what_was_done_names_faults_and_load(make: Any) -> None:
    plan = make.plan(
        faults=(Scheduled(fault=kill("master")), Scheduled(fault=pause("redis-2"))),
        load=Load(writers=(Writers(count=1, rate=0), Writers(count=4, rate=500))),
    )

    assert what_was_done(plan) == (
        "Kill master, then pause redis-2 under 1 writer (as fast as replies arrive) and 4 writers (500 writes/s)."
    )


def test_no_fault_is_said(make: Any) -> None:
    assert what_was_done(make.plan(faults=())).startswith("No fault under 4 writers")


def test_a_cluster_is_told_without_sentinels_words(make: Any) -> None:
    whole = make.judgement()
    shard = ShardJudgement(
        name="0-5460",
        verdict=whole.verdict,
        timeline=whole.timeline,
        writes=whole.writes,
        availability=whole.availability,
        phases=(),
    )
    judged = make.judgement(shards=(shard,))

    assert "; the first node named it 2260 ms after the fault, the last 3310 ms. " in what_happened(judged)
    assert "  shard 0-5460: pass, redis-0 > redis-1, outage 2285 ms, lost 0" in trial_lines(judged)
