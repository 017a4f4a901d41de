from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from redis_resilience.model.events import Phase, PodWarned, SentinelMessage
from redis_resilience.model.verdict import Finding, Verdict
from redis_resilience.pages.page import render
from redis_resilience.pages.tables import EVENTS

SCRIPT = '<script src="../../plotly.min.js"></script>'


class _Reader(HTMLParser):
    """The words of a page, its tags, and every address that it would load from."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        if tag in {"th", "td"}:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


def _text(page: str) -> str:
    return " ".join("".join(_read(page).words).split())


def test_the_same_trial_gives_the_same_bytes(make: Any) -> None:
    assert render(make.history(), make.judgement(), script=SCRIPT) == render(
        make.history(), make.judgement(), script=SCRIPT
    )


def test_verdict_and_story_come_before_everything_else(make: Any) -> None:
    text = _text(render(make.history(), make.judgement(), script=SCRIPT))

    assert text.index("redis-1 replaced redis-0") < text.index("What happened when")


def test_the_page_loads_nothing_but_its_script(make: Any) -> None:
    page = render(make.history(), make.judgement(), script=SCRIPT)

    assert _read(page).addresses == ["../../plotly.min.js"]
    assert "default-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page


def test_names_of_keys_are_text(make: Any) -> None:
    name = "rr:t1:</script><img src=x onerror=alert(1)>"
    writes = make.writes(1, lost_writes=(make.lost_write(1, name),), unexpected=1, unexpected_keys=(name,))

    page = render(make.history(), make.judgement(writes=writes), script=SCRIPT)

    assert "img" not in _read(page).tags
    assert _text(page).count(name) == 2


def test_texts_of_events_are_no_markup_in_the_figures_either(make: Any) -> None:
    events = make.history().events
    hostile = [SentinelMessage(at_ns=event.at_ns, source=event.source, name="</script>") for event in events]

    page = render(make.history(events=tuple(hostile)), make.judgement(), script=SCRIPT)

    assert _read(page).tags.count("script") == 4


def test_the_figures_travel_as_data(make: Any) -> None:
    page = render(make.history(), make.judgement(), script=SCRIPT)
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.DOTALL)
    assert found

    figures = json.loads(found[1])

    assert sorted(figures) == ["lanes", "latency", "waterfall"]
    assert all({"data", "layout"} == set(figure) for figure in figures.values())


@pytest.mark.parametrize(("lost", "folds"), [(3, 0), (20, 0), (21, 1), (5000, 1)])
def test_every_lost_key_is_named_and_many_are_folded_away(make: Any, lost: int, folds: int) -> None:
    page = render(make.history(), make.judgement(writes=make.writes(lost)), script=SCRIPT)

    assert len(set(re.findall(r"rr:t1:\d{12}", page))) == lost
    assert page.count(f"<summary>{lost} lost writes by name") == folds


def test_lost_writes_beyond_the_named_ones_are_counted(make: Any) -> None:
    page = render(make.history(), make.judgement(writes=make.writes(8608, named=1000)), script=SCRIPT)

    assert "7608 later ones are not listed by name." in page


def test_a_loss_that_nobody_knows_is_not_shown_as_zero(make: Any) -> None:
    text = _text(render(make.history(), make.judgement(verdict=Verdict.UNKNOWN, findings=()), script=SCRIPT))

    assert "What was lost is not known." in text
    assert "No acknowledged write is lost." not in text
    assert "lost not known acknowledged, and not on the final master" in text


def test_an_unknown_verdict_says_why_and_shows_the_historys_problems(make: Any) -> None:
    load = Finding(name="assumptions.load", verdict=Verdict.UNKNOWN, text="expected 900 writes; got 12")
    history = make.history(complete=False, problems=("operations.bin: 17 bytes of a torn last record were cut",))

    text = _text(render(history, make.judgement(verdict=Verdict.UNKNOWN, assumptions=(load,)), script=SCRIPT))

    assert "unknown Nothing can be concluded from this trial: expected 900 writes; got 12" in text
    assert "The trial did not run to its last phase." in text
    assert "17 bytes of a torn last record were cut" in text


def test_instants_that_did_not_happen_are_listed_as_such(make: Any) -> None:
    judged = make.judgement(timeline=make.timeline({"fault_at": 0.0, "redundant_at": 1405.0}), phases=())

    text = _text(render(make.history(), judged, script=SCRIPT))

    assert "There was no failover." in text
    assert "first_switch_at - - did not happen" in text
    assert "redundant_at 1405 -1.0 +1.0" in text


def test_an_empty_history_is_a_page(make: Any) -> None:
    empty = make.history(operations=make.operations(0), samples=make.samples(), events=(), complete=False)
    judged = make.judgement(
        verdict=Verdict.UNKNOWN,
        assumptions=(),
        findings=(),
        timeline=make.timeline({}),
        availability=make.availability(0.0, gap=None, by_client=()),
        phases=(),
    )

    text = _text(render(empty, judged, script=SCRIPT))

    assert "The history holds no record and no event." in text
    assert "No fault took effect" in text


def test_a_long_list_of_events_ends_and_says_so(make: Any) -> None:
    many = make.history().events * 50

    text = _text(render(make.history(events=many), make.judgement(), script=SCRIPT))

    assert f"Events, {EVENTS} of {len(many)}; the rest is in events.jsonl" in text


def test_what_the_cluster_warned_of_is_in_a_list_that_is_cut(make: Any) -> None:
    warned = PodWarned(
        at_ns=make.fault_ms(9000), source="kubernetes:redis-0", pod="redis-0", uid="u", reason="FailedPreStopHook",
        message="exit 137",
    )  # fmt: skip

    text = _text(render(make.history(events=(*make.history().events * 50, warned)), make.judgement(), script=SCRIPT))

    assert "FailedPreStopHook, message exit 137" in text


def test_the_command_that_repeats_it_is_shown(make: Any) -> None:
    assert "<pre>redis-resilience run master-kill --seed 7</pre>" in render(
        make.history(), make.judgement(), script=SCRIPT
    )


def test_every_picture_has_a_table_and_every_table_a_caption(make: Any) -> None:
    tags = _read(render(make.history(), make.judgement(), script=SCRIPT)).tags

    assert tags.count("figure") == tags.count("figcaption") == 3
    assert tags.count("table") == tags.count("caption") >= 8


def test_when_and_with_which_software_stands_at_the_top(make: Any) -> None:
    environment = make.environment(fingerprint={"engine": "Redis", "engine_version": "8.0.2", "tool_version": "0.1.0"})
    phases = (Phase(at_ns=make.fault_ms(-1000), name="control"), Phase(at_ns=make.fault_ms(4000), name="done"))

    text = _text(render(make.history(environment=environment, events=phases), make.judgement(), script=SCRIPT))

    assert "2026-11-18 11:06:40.000 to 11:06:45.000 UTC; Redis 8.0.2, redis-resilience 0.1.0" in text


def test_a_simulation_is_called_one(make: Any) -> None:
    text = _text(render(make.history(plan=make.plan(backend="memory")), make.judgement(), script=SCRIPT))

    assert "statefulset (simulation), profile fast" in text
    assert "A simulation, no real Redis: Kill master" in text


def test_loss_that_the_scenario_allows_is_coloured(make: Any) -> None:
    lost = make.writes(3)

    allowed = render(make.history(), make.judgement(writes=lost), script=SCRIPT)
    failed = render(make.history(), make.judgement(writes=lost, verdict=Verdict.FAIL), script=SCRIPT)
    none = render(make.history(), make.judgement(), script=SCRIPT)

    assert '<section class="verdict allowed"' in allowed
    assert '<div class="allowed"><dt>lost</dt>' in allowed
    assert "allows the loss" in allowed
    assert '<div class="loss"><dt>lost</dt>' in failed
    assert "<div><dt>lost</dt>" in none


def test_every_file_of_the_trial_is_linked(make: Any) -> None:
    page = render(make.history(), make.judgement(), script=SCRIPT, files=("plan.json", "logs/redis 0.log"))

    assert _read(page).addresses == ["plan.json", "logs/redis%200.log", "../../plotly.min.js"]


def test_causes_of_loss_and_of_the_gap_are_explained(make: Any) -> None:
    text = _text(render(make.history(), make.judgement(writes=make.writes(3)), script=SCRIPT))

    assert "async tail 3 Acknowledged by the old master, which failed before" in text
    assert "REFUSED 2,283 no connection: refused, unreachable or timed out" in text
    assert "redis-resilience dump --lost" in text
