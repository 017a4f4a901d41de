"""Every event survives its line, and a line that is none is named."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from msgspec import convert
from msgspec.structs import fields

from redis_resilience.model.errors import BrokenRecords
from redis_resilience.model.events import AnyEvent, Event, FaultEffect, Phase, Role, RoleChanged, SentinelMessage
from redis_resilience.model.events.lines import EVENTS_HEADER, decode_events, encode_event

GOOD = encode_event(Phase(at_ns=1, name="control"))
SAMPLES: dict[Any, Any] = {str: "x", int: 3, Role: 1, tuple[int, int]: (0, 5)}


@pytest.mark.parametrize("kind", get_args(AnyEvent), ids=lambda kind: kind.__name__)
def test_every_event_survives_its_line(kind: type[Event]) -> None:
    filled = {field.name: SAMPLES.get(field.type, 3) for field in fields(kind) if field.required}
    event = convert({**filled, "source": "probe", "kind": kind.__struct_config__.tag}, AnyEvent)

    assert decode_events(EVENTS_HEADER + encode_event(event)) == ([event], 0)
    assert isinstance(event, kind)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"nonsense\n", "malformed"),
        (b'{"kind":"phase","at_ns":1,"source":"harness"}\n', "missing required field `name`"),
        (b'{"kind":"phase","at_ns":1e99,"source":"harness","name":"x"}\n', "Expected `int`"),
        (b'{"kind":"phase","at_ns":99999999999999999999,"source":"harness","name":"x"}\n', "at_ns"),
        (b'{"kind":"phase","at_ns":1,"source":"harness","name":"\xff"}\n', "UTF-8"),
        (b'{"kind":"phaze","at_ns":1,"source":"harness","name":"x"}\n', "Invalid value 'phaze'"),
        (b'{"kind":"role","at_ns":1,"source":"s","server":"r","role":9,"before":1}\n', "Invalid enum value 9"),
    ],
    ids=["no JSON", "a field is missing", "no integer", "too large", "no UTF-8", "unknown kind", "unknown role"],
)
def test_a_line_that_is_no_event_is_named(line: bytes, words: str) -> None:
    with pytest.raises(BrokenRecords, match=r"^line 3: expected an event; ") as broken:
        decode_events(EVENTS_HEADER + GOOD + line + GOOD)

    assert words.lower() in str(broken.value).lower()


def test_a_torn_last_line_is_cut() -> None:
    (events, torn) = decode_events(EVENTS_HEADER + GOOD + GOOD[:10])

    assert (len(events), torn) == (1, 10)


def test_lines_without_the_wanted_bytes_are_not_looked_at() -> None:
    """Numbers of lines are those of the file, all the same."""
    data = EVENTS_HEADER + b"nonsense\n" + GOOD + b'{"phase": 1}\n'

    assert len(decode_events(data.removesuffix(b'{"phase": 1}\n'), having=b'"phase"')[0]) == 1
    with pytest.raises(BrokenRecords, match=r"^line 4: expected an event"):
        decode_events(data, having=b'"phase"')


def test_another_version_is_refused() -> None:
    with pytest.raises(BrokenRecords, match=r"expected events of version 2; got .*version\": 3"):
        decode_events(EVENTS_HEADER.replace(b"2", b"3") + GOOD)


def test_what_an_event_says_is_told_in_words() -> None:
    changed = RoleChanged(at_ns=1, source="server:a", server="a", role=Role.MASTER, before=Role.REPLICA)
    effect = FaultEffect(
        at_ns=1, fault=0, fault_kind="kill", pod="a", container="redis", pods=("a", "b"), proof="it is gone"
    )
    said = SentinelMessage(at_ns=1, source="sentinel:a", name="+sdown", text="master m")

    assert (changed.label, changed.words) == ("role", "server a, role master, before replica")
    assert effect.words == "fault 0, fault kind kill, pod a, container redis, pods a b, proof it is gone"
    assert (said.label, said.words, said.teller) == ("+sdown", "master m", "a")
