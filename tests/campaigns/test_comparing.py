"""The words of a side, whose trials are compared with whose, and what makes environments unlike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from redis_resilience.campaigns.comparing import (
    arms_of,
    cells_of,
    left_out,
    must_have_effect,
    of_sides,
    pairs_of,
    setups,
    side_of,
    unlike,
)
from redis_resilience.model.errors import UsageError
from redis_resilience.model.run import TrialRecord

Make = Callable[..., TrialRecord]


def test_a_side_is_keys_with_values() -> None:
    assert side_of("profile=rapid, down-after=600").options == {"redis_profile": "rapid", "redis_down_after": "600"}
    assert side_of("set.appendonly=yes,set.save=,image=redis:8.0").options == {
        "redis_image": "redis:8.0",
        "redis_directives": "appendonly=yes,save=",
    }


def test_a_side_is_a_chart_with_its_values_or_a_redis_that_runs_already() -> None:
    assert side_of("chart=./c,values=a.yaml,values=b.yaml,set=size=3,set=auth.enabled=true").options == {
        "redis_chart": "./c",
        "redis_values": "a.yaml,b.yaml",
        "redis_set": "size=3,auth.enabled=true",
    }
    assert side_of("namespace=old,attach=app=redis,attach=tier=cache").options == {
        "redis_namespace": "old",
        "redis_attach": "app=redis,tier=cache",
    }


def test_a_selector_may_name_a_set_of_values() -> None:
    """Its commas do not part keys."""
    side = side_of("namespace=old,attach=app in (a,b),context=x")

    assert side.options == {"redis_namespace": "old", "redis_attach": "app in (a,b)", "redis_context": "x"}


@pytest.mark.parametrize(
    ("text", "common", "said"),
    [
        ("chart=./c,image=redis:8.0", {}, "got image"),
        ("profile=fast", {"redis_chart": "./c"}, "as --chart names a Redis that keeps its own settings; got profile"),
        ("set.save=", {"redis_attach": "auto"}, "got set.DIRECTIVE"),
    ],
)
def test_a_setting_that_would_change_nothing_is_refused(text: str, common: dict[str, str], said: str) -> None:
    """Else A would be compared with A."""
    with pytest.raises(UsageError) as raised:
        must_have_effect(side_of(text), common)

    assert said in str(raised.value)


@pytest.mark.parametrize(("text", "common"), [("set=size=3", {"redis_chart": "./c"}), ("profile=fast", {})])
def test_a_setting_that_has_an_effect_is_taken(text: str, common: dict[str, str]) -> None:
    must_have_effect(side_of(text), common)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("results/nowhere", "expected a run's folder, or KEY=VALUE"),
        ("profil=rapid", "got 'profil'; did you mean 'profile'"),
        ("profile=", "expected a run's folder, or KEY=VALUE"),
        ("", "expected a run's folder, or KEY=VALUE"),
    ],
)
def test_a_mistake_is_named(text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        side_of(text)

    assert said in str(raised.value)


def test_each_scenario_has_a_cell_of_both_sides() -> None:
    cells = cells_of(("one", "two"), side_of("profile=rapid"), side_of("profile=fast"))

    assert [(cell.name, cell.variant) for cell in cells] == [
        ("one-a", "A: profile=rapid"),
        ("one-b", "B: profile=fast"),
        ("two-a", "A: profile=rapid"),
        ("two-b", "B: profile=fast"),
    ]


def test_sides_are_those_of_the_cells() -> None:
    """By the cells: a scenario may be named like another one's side. One that is named twice is compared once."""
    cells = cells_of(("kill", "kill-a", "kill"), side_of("profile=rapid"), side_of("profile=fast"))

    assert of_sides(cells, lambda cell: cell.name) == {"kill": ("kill-a", "kill-b"), "kill-a": ("kill-a-a", "kill-a-b")}


def test_what_was_not_judged_is_refused(record: Make) -> None:
    a, b = arms_of({"kill": ((record(),), (record(), record()))}, {"kill": (0, 3)})["kill"]

    assert (a.n, a.refused, b.n, b.refused, b.judged) == (1, 0, 5, 3, 2)


def test_different_setups_are_named(record: Make) -> None:
    pairs = pairs_of([record()], [record(profile="fast")])

    assert setups(pairs) == {"master-kill": ("master-kill, sidecar, rapid", "master-kill, sidecar, fast")}
    assert setups(pairs_of([record()], [record()])) == {}


def test_trials_of_the_same_setup_belong_together(record: Make) -> None:
    a = [record(), record(profile="fast"), record(scenario="other")]
    b = [record(folder="x"), record(profile="fast"), record(profile="fast", folder="y")]

    pairs = pairs_of(a, b)

    assert {name: (len(of_a), len(of_b)) for name, (of_a, of_b) in pairs.items()} == {
        "master-kill, sidecar, rapid": (1, 1),
        "master-kill, sidecar, fast": (1, 2),
    }
    assert left_out(a, b, pairs) == {"other": 1}


def test_variants_of_a_campaign_are_not_thrown_together(record: Make) -> None:
    old, new = (record(variant=f"redis:{version}") for version in ("7.0", "8.0"))

    assert {name: len(a) for name, (a, _) in pairs_of([old, old, new], [new, old]).items()} == {
        "master-kill, sidecar, rapid, redis:7.0": 2,
        "master-kill, sidecar, rapid, redis:8.0": 1,
    }
    with pytest.raises(UsageError, match="expected one setup of master-kill in A"):
        pairs_of([old, new], [record()])


def test_where_no_setup_is_in_both_scenarios_are_compared(record: Make) -> None:
    assert set(pairs_of([record()], [record(profile="fast")])) == {"master-kill"}
    with pytest.raises(UsageError, match=r"expected one setup of master-kill in B, .*; got master-kill, sidecar, fast"):
        pairs_of([record()], [record(profile="fast"), record(profile="documented")])
    with pytest.raises(UsageError, match="A has master-kill, B has other"):
        pairs_of([record()], [record(scenario="other")])
    with pytest.raises(UsageError, match="A has master-kill, B has nothing"):
        pairs_of([record()], [])


def test_engines_may_differ_and_nothing_else(record: Make) -> None:
    a = record()
    engine = replace(a, where=replace(a.where, engine_version="8.0", engine="Valkey"))
    kernel = replace(a, where=replace(a.where, kernel="6.2"))
    more = replace(a, where=replace(a.where, more={"isolation": "loopback"}))

    assert unlike([a], [engine]) == ()
    assert unlike([a], [kernel]) == ("kernel: A 6.1; B 6.2",)
    assert unlike([a], [a, kernel]) == ("kernel: A 6.1; B 6.1 and 6.2",)
    assert unlike([a], [more]) == ("isolation: A not recorded; B loopback",)
