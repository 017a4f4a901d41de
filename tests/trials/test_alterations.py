"""What somebody does to the servers beside a trial: counted since it began, by process, and compared at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.probe import Answer
from redis_resilience.deployments.waiting import HOST_CLOCK
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.environment import Server
from redis_resilience.model.events import Dropped, Event, Executed, SettingChanged
from redis_resilience.trials import alterations
from redis_resilience.trials.alterations import Alterations
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.notes import Notes


@dataclass(slots=True)
class Asked:
    """One server, which answers INFO with these lines; its own probe."""

    told: dict[str, object] = field(default_factory=lambda: {"run_id": "one", "role": "master"})
    owns_data: bool = True
    administered: bool = False

    @property
    def probe(self) -> Asked:
        return self

    def servers(self) -> dict[str, Endpoint]:
        return {"redis-0": Endpoint("10.0.0.1", 6379)}

    def sentinels(self) -> dict[str, Endpoint]:
        return {}

    def query(self, *_: object, **__: object) -> Answer:
        return Answer(value="".join(f"{name}:{value}\r\n" for name, value in self.told.items()))


class Kept(Notes):
    def __init__(self) -> None:
        super().__init__(TrialFolder(Path()), HOST_CLOCK)
        self.events: list[Event] = []

    def keep(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def watched(asked: Asked, kept: Kept, *, sets: bool = False) -> Alterations:
    found = Alterations(cast(Deployment, asked), kept, sets=sets)
    found.begin()
    return found


def executed(kept: Kept) -> list[tuple[str, str]]:
    return [(event.commands, event.usual) for event in kept.events if isinstance(event, Executed)]


def test_commands_of_others_count_since_the_trial_began(kept: Kept) -> None:
    """This harness empties its servers before a trial."""
    asked = Asked()
    asked.told["cmdstat_flushall"] = "calls=3,usec=9"
    found = watched(asked, kept)
    found.note()
    assert executed(kept) == []

    asked.told |= {"cmdstat_flushall": "calls=4,usec=12", "cmdstat_config|set": "calls=2", "cmdstat_set": "calls=900"}
    found.note()
    assert executed(kept) == [("CONFIG SET 2, FLUSHALL 1", "")]


def test_a_new_process_counts_from_its_start(kept: Kept) -> None:
    asked = Asked()
    asked.told["cmdstat_del"] = "calls=5,usec=9"
    found = watched(asked, kept)
    asked.told |= {"run_id": "two", "cmdstat_del": "calls=1,usec=1"}
    found.note()

    assert executed(kept) == [("DEL 1", "")]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked(administered=True), ("SAVE 1", "CONFIG SET 3")),
        (Asked(), ("CONFIG SET 3, SAVE 1", "")),
    ],
)
def test_what_an_operator_did_before_it_may_go_on_to_do(kept: Kept, asked: Asked, told: tuple[str, str]) -> None:
    """Where the deployment is this harness's alone there is none."""
    asked.told["cmdstat_config|set"] = "calls=5,usec=9"
    found = watched(asked, kept)
    asked.told |= {"cmdstat_config|set": "calls=8,usec=9", "cmdstat_save": "calls=1,usec=9"}
    found.note()

    assert executed(kept) == [told]


def test_a_planned_failover_changes_settings_itself(kept: Kept) -> None:
    asked = Asked()
    found = watched(asked, kept, sets=True)
    asked.told["cmdstat_config|set"] = "calls=2,usec=9"
    found.note()

    assert executed(kept) == []


@pytest.mark.parametrize(("asked", "role"), [(Asked(), "slave"), (Asked(owns_data=False), "master")])
def test_replicas_follow_their_master_and_others_write_keys_of_their_own(kept: Kept, asked: Asked, role: str) -> None:
    found = watched(asked, kept)
    asked.told |= {"role": role, "cmdstat_del": "calls=1,usec=1"}
    found.note()

    assert executed(kept) == []


def test_evicted_and_expired_keys_are_told(kept: Kept) -> None:
    asked = Asked()
    found = watched(asked, kept)
    asked.told |= {"evicted_keys": 2, "expired_keys": 1}
    found.note()

    [dropped] = [event for event in kept.events if isinstance(event, Dropped)]
    assert (dropped.server, dropped.evicted_keys, dropped.expired_keys) == ("redis-0", 2, 1)


@pytest.mark.parametrize(
    ("now", "changed"),
    [
        ({"save": "", "maxmemory": "1048576"}, [("maxmemory", "0", "1048576")]),
        ({"save": "", "maxmemory": "0"}, []),
        ({}, []),
    ],
)
def test_settings_are_compared_with_those_of_the_beginning(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, now: dict[str, str], changed: list[tuple[str, str, str]]
) -> None:
    """A server that tells none, or is at another address, is no evidence."""
    found = watched(Asked(), kept)

    def server(name: str, address: str, config: dict[str, str]) -> Server:
        return Server(name=name, address=address, role="master", run_id="one", config=config)

    before = (server("redis-0", "a:1", {"save": "", "maxmemory": "0"}), server("redis-1", "a:2", {"save": ""}))
    later: Any = (server("redis-0", "a:1", now), server("redis-1", "a:3", {"save": "60 1"}))
    monkeypatch.setattr(alterations, "survey", lambda _: None)
    monkeypatch.setattr(alterations, "describe_servers", lambda *_: later)
    found.note_settings(before)

    told = [event for event in kept.events if isinstance(event, SettingChanged)]
    assert [(event.setting, event.before, event.now) for event in told] == changed
