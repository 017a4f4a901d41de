"""Damage to the records of writes, and to the counts that they are checked against."""

from __future__ import annotations

import random
from dataclasses import replace

import msgspec
import numpy as np

from redis_resilience.model.events import Connected, LoadBegin, LoadEnd
from redis_resilience.model.history import History
from redis_resilience.model.operations import Cause, Result
from redis_resilience.model.records import NO_SERVER
from tests.trials.plants.plant import MS, plant, some_write, with_write, without_events, without_writes

WELL_FORMED, ORDERED, IDENTIFIED = "assumptions.well_formed", "assumptions.ordered", "assumptions.identified"


@plant(WELL_FORMED, "whose outcome contradicts its cause")
def outcome_against_cause(history: History, rng: random.Random) -> History:
    return with_write(history, some_write(history, rng), outcome=Result.FAIL)


@plant(WELL_FORMED, "whose outcome contradicts its cause")
def cause_against_outcome(history: History, rng: random.Random) -> History:
    return with_write(history, some_write(history, rng), cause=Cause.READONLY)


@plant(WELL_FORMED, "whose outcome contradicts its cause")
def record_of_a_lost_write_flipped(history: History, rng: random.Random) -> History:
    """The one record that proves a loss says that the write failed."""
    at = some_write(history, rng)
    key = history.operations["key"][at]
    finals = {
        name: replace(final, keys=final.keys[final.keys != key], dbsize=final.dbsize - 1)
        for name, final in history.finals.items()
    }
    return with_write(replace(history, finals=finals), at, outcome=Result.FAIL)


@plant(WELL_FORMED, "that returned before its call")
def return_before_call(history: History, rng: random.Random) -> History:
    at = some_write(history, rng)
    return with_write(history, at, return_ns=history.operations["call_ns"][at] - 1)


@plant(WELL_FORMED, "without an answer that has a time of return")
def answer_without_outcome(history: History, rng: random.Random) -> History:
    return with_write(history, some_write(history, rng), outcome=Result.INFO, cause=Cause.TIMEOUT)


@plant(WELL_FORMED, "that was called before it was due")
def call_before_due(history: History, rng: random.Random) -> History:
    at = some_write(history, rng)
    return with_write(history, at, due_ns=history.operations["call_ns"][at] + 1)


@plant(WELL_FORMED, "of a value that is not its key's")
def value_of_another_key(history: History, rng: random.Random) -> History:
    at = some_write(history, rng)
    return with_write(history, at, value=history.operations["value"][at] + 1)


@plant(WELL_FORMED, "acknowledged by no known server")
def acknowledged_by_a_server_that_is_not_there(history: History, rng: random.Random) -> History:
    return with_write(history, some_write(history, rng), server=rng.choice((7, NO_SERVER)))


@plant(WELL_FORMED, "acknowledged by no known server")
def acknowledged_without_a_connection(history: History, rng: random.Random) -> History:
    return with_write(history, some_write(history, rng), connection=0)


@plant(WELL_FORMED, "of no client")
def write_of_no_client(history: History, rng: random.Random) -> History:
    return with_write(history, some_write(history, rng), client=0)


@plant(WELL_FORMED, "records of a key that has one already")
def key_drawn_twice(history: History, rng: random.Random) -> History:
    """In place of another, so that their number is right."""
    at = some_write(history, rng)
    row = history.operations[at - 1]
    return with_write(history, at, key=row["key"], value=row["value"])


@plant(WELL_FORMED, "that were drawn before others")
def record_left_out(history: History, rng: random.Random) -> History:
    return without_writes(history, np.array([some_write(history, rng)]))


@plant(WELL_FORMED, "that were drawn before others")
def block_of_records_left_out(history: History, rng: random.Random) -> History:
    at = some_write(history, rng)
    return without_writes(history, np.arange(at, min(at + 40, len(history.operations) - 1)))


@plant(WELL_FORMED, "records of")
def last_records_left_out(history: History, rng: random.Random) -> History:
    count = len(history.operations)
    return without_writes(history, np.arange(count - rng.randint(1, 20), count))


@plant(WELL_FORMED, "that its client sent before its last one had returned")
def two_requests_of_a_client_at_once(history: History, rng: random.Random) -> History:
    at = some_write(history, rng)
    return with_write(history, at, return_ns=history.operations["return_ns"][at] + 2000 * MS)


@plant(WELL_FORMED, "that its client sent before its last one had returned")
def clock_of_the_load_set_back(history: History, rng: random.Random) -> History:
    at = some_write(history, rng)
    rows = history.operations.copy()
    for field in ("due_ns", "call_ns", "return_ns"):
        later = rows[field][at:]
        later[later > 0] -= 300 * MS
    return replace(history, operations=rows)


@plant(IDENTIFIED, "on which no server said who it is")
def connection_to_nobody_known(history: History, rng: random.Random) -> History:
    number = history.operations["connection"][some_write(history, rng)]
    return without_events(history, lambda event: isinstance(event, Connected) and event.connection == number)


@plant(IDENTIFIED, "name another server than the one that answered there")
def writes_of_another_server(history: History, rng: random.Random) -> History:
    rows = history.operations.copy()
    mine = rows["connection"] == rows["connection"][some_write(history, rng)]
    rows["server"][mine] = (rows["server"][mine] + 1) % len(history.environment.servers)
    return replace(history, operations=rows)


@plant(IDENTIFIED, "is to process another")
def connection_to_an_unknown_process(history: History, rng: random.Random) -> History:
    chosen = rng.choice(history.of(Connected))
    events = tuple(msgspec.structs.replace(e, run_id="another") if e is chosen else e for e in history.events)
    return replace(history, events=events)


@plant(ORDERED, "writes from after the load")
def writes_after_the_load(history: History, rng: random.Random) -> History:
    at = int(np.argmax(history.operations["call_ns"]))
    later = history.of(LoadEnd)[0].at_ns + rng.randint(1, 1000) * MS
    fields = ("due_ns", "call_ns", "return_ns")
    return with_write(history, at, **dict.fromkeys(fields, later))


@plant(ORDERED, "writes from before the load")
def writes_before_the_load(history: History, _: random.Random) -> History:
    at = int(np.argmin(history.operations["call_ns"]))
    earlier = history.of(LoadBegin)[0].at_ns - 400 * MS
    return with_write(history, at, **dict.fromkeys(("due_ns", "call_ns", "return_ns"), earlier))


@plant("assumptions.last_write", "last")
def last_write_failed(history: History, _: random.Random) -> History:
    at = len(history.operations) - 1
    return with_write(history, at, outcome=Result.FAIL, cause=Cause.OOM)


@plant("assumptions.punctual", "scheduling delay")
def load_behind_its_schedule(history: History, _: random.Random) -> History:
    rows = history.operations.copy()
    rows["due_ns"] -= 40 * MS
    return replace(history, operations=rows)
