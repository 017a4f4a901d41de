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
from redis_resilience.model.events import Dropped, Event, SettingChanged
from redis_resilience.trials import alterations
from redis_resilience.trials.alterations import Alterations
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.notes import Notes


@dataclass(slots=True)
class Asked:
    """One server, which answers INFO with these lines; its own probe."""

    told: dict[str, object] = field(default_factory=lambda: {"run_id": "one", "role": "master"})
    owns_data: bool = True

    @property
    def probe(self) -> Asked:
        return self

    def servers(self) -> dict[str, Endpoint]:
        return {"redis-0": Endpoint("10.0.0.1", 6379)}

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


def watched(asked: Asked, kept: Kept, *, moves_slots: bool = False) -> Alterations:
    found = Alterations(cast(Deployment, asked), kept, moves_slots=moves_slots)
    found.begin()
    return found


def removing(kept: Kept) -> list[str]:
    return [event.removing for event in kept.events if isinstance(event, Dropped)]


def test_commands_that_remove_keys_count_since_the_trial_began(kept: Kept) -> None:
    """This harness empties its servers before a trial."""
    asked = Asked()
    asked.told["cmdstat_flushall"] = "calls=3,usec=9"
    found = watched(asked, kept)
    found.note_dropped()
    assert removing(kept) == []

    asked.told |= {"cmdstat_flushall": "calls=4,usec=12", "cmdstat_del": "calls=2,usec=1", "cmdstat_set": "calls=900"}
    found.note_dropped()
    assert removing(kept) == ["del 2, flushall 1"]


def test_a_new_process_counts_from_its_start(kept: Kept) -> None:
    asked = Asked()
    asked.told["cmdstat_del"] = "calls=5,usec=9"
    found = watched(asked, kept)
    asked.told |= {"run_id": "two", "cmdstat_del": "calls=1,usec=1"}
    found.note_dropped()

    assert removing(kept) == ["del 1"]


def test_a_trial_that_moves_slots_deletes_their_keys_itself(kept: Kept) -> None:
    """A replica of the shard that gave them; it may be a master again when it is asked."""
    asked = Asked()
    found = watched(asked, kept, moves_slots=True)
    asked.told |= {"cmdstat_del": "calls=27,usec=9", "cmdstat_flushall": "calls=1,usec=3"}
    found.note_dropped()

    assert removing(kept) == ["flushall 1"]


@pytest.mark.parametrize(("asked", "role"), [(Asked(), "slave"), (Asked(owns_data=False), "master")])
def test_replicas_follow_their_master_and_others_remove_keys_of_their_own(kept: Kept, asked: Asked, role: str) -> None:
    found = watched(asked, kept)
    asked.told |= {"role": role, "cmdstat_del": "calls=1,usec=1"}
    found.note_dropped()

    assert removing(kept) == []


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
