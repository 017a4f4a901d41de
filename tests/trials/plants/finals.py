"""Damage to the final reads, and to what is known of the servers before the load."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from redis_resilience.model.events import Phase
from redis_resilience.model.history import FinalRead, History
from redis_resilience.model.operations import key_text
from tests.trials.plants.plant import MS, final_of, plant, some_write, with_a_fault, with_final, without_a_fault

FINAL_READS, IDENTIFIED = "assumptions.final_reads", "assumptions.identified"


def some_final(history: History, rng: random.Random) -> FinalRead:
    return history.finals[rng.choice(sorted(history.finals))]


def without_key(final: FinalRead, key: int) -> dict[str, object]:
    return {"keys": final.keys[final.keys != key], "dbsize": final.dbsize - 1}


def some_key(history: History, rng: random.Random) -> int:
    return int(history.operations["key"][some_write(history, rng)])


@plant(FINAL_READS, "was not read")
def final_read_missing(history: History, rng: random.Random) -> History:
    gone = some_final(history, rng).server
    return replace(history, finals={name: final for name, final in history.finals.items() if name != gone})


@plant(FINAL_READS, "was restarted during the read")
def restart_during_the_final_read(history: History, rng: random.Random) -> History:
    return with_final(history, some_final(history, rng), run_id_after="another")


@plant(IDENTIFIED, "is of process another")
def final_read_of_an_unknown_process(history: History, rng: random.Random) -> History:
    return with_final(history, some_final(history, rng), run_id_before="another", run_id_after="another")


@plant(FINAL_READS, "keys (DBSIZE)")
def more_keys_than_were_read(history: History, rng: random.Random) -> History:
    final = some_final(history, rng)
    return with_final(history, final, dbsize=final.dbsize + rng.randint(1, 500))


@plant(FINAL_READS, "keys (DBSIZE)")
def fewer_keys_than_were_read(history: History, rng: random.Random) -> History:
    final = some_final(history, rng)
    return with_final(history, final, dbsize=final.dbsize - 1)


@plant(FINAL_READS, "before the phase of final reads")
def final_read_before_quiesce(history: History, rng: random.Random) -> History:
    heal_ns = next(event.at_ns for event in history.of(Phase) if event.name == "heal")
    return with_final(history, some_final(history, rng), begin_ns=heal_ns, end_ns=heal_ns + MS)


@plant(FINAL_READS, "after the trial had ended")
def final_read_after_the_end(history: History, rng: random.Random) -> History:
    done_ns = next(event.at_ns for event in history.of(Phase) if event.name == "done")
    return with_final(history, some_final(history, rng), end_ns=done_ns + 50 * MS)


@plant(FINAL_READS, "at a time that is not known")
def final_read_without_an_instant(history: History, rng: random.Random) -> History:
    return with_final(history, some_final(history, rng), begin_ns=0, end_ns=0)


@plant(FINAL_READS, "at a time that is not known")
def final_read_that_ends_before_it_begins(history: History, rng: random.Random) -> History:
    final = some_final(history, rng)
    return with_final(history, final, end_ns=final.begin_ns - 1)


@plant("ledger.unexpected", "never written")
def key_of_another_type(history: History, rng: random.Random) -> History:
    """A list under a key of the trial, on every server: its value is not what was written."""
    key = some_key(history, rng)
    finals = {
        name: replace(final, keys=final.keys[final.keys != key], wrong=(key_text(history.plan.trial, key),))
        for name, final in history.finals.items()
    }
    return replace(history, finals=finals)


@plant("ledger.unexpected", "never written")
def key_that_was_never_written(history: History, _: random.Random) -> History:
    finals = {
        name: replace(final, keys=np.append(final.keys, np.uint64(10_000_000)), dbsize=final.dbsize + 1)
        for name, final in history.finals.items()
    }
    return replace(history, finals=finals)


@plant("ledger.lost", "1 unexplained")
def acknowledged_write_gone_everywhere(history: History, rng: random.Random) -> History:
    """The scenario allows losses, but none that nothing explains."""
    key = int(history.operations["key"][rng.randint(3, 10)])
    finals = {name: replace(final, **without_key(final, key)) for name, final in history.finals.items()}
    return replace(history, finals=finals)


@plant("ledger.diverged", "")
def key_missing_on_a_replica(history: History, rng: random.Random) -> History:
    final = final_of(history, "replica")
    key = int(rng.choice(final.keys.tolist()))
    return with_final(history, final, **without_key(final, key))


@plant("convergence.final_master", "expected one master")
def two_masters_at_the_end(history: History, _: random.Random) -> History:
    return with_final(history, final_of(history, "replica"), role="master")


@plant("convergence.final_master", "expected one master")
def no_master_at_the_end(history: History, _: random.Random) -> History:
    return with_final(history, final_of(history, "master"), role="replica")


@plant("convergence.redundant", "bytes less than", with_a_fault)
def replica_read_behind_its_master(history: History, rng: random.Random) -> History:
    """All keys are there; its watcher had seen it level."""
    final = final_of(history, "replica")
    return with_final(history, final, offset=final.offset - rng.randint(1, 50))


@plant("convergence.redundant", "bytes less than", with_a_fault)
def replica_that_stands_still(history: History, rng: random.Random) -> History:
    """It is linked, has all keys, and gets nothing more: its watcher and its final read agree on that."""
    return stands_still(history, rng)


@plant("unplanned.changes", "bytes less than", without_a_fault)
def replica_that_stands_still_without_a_fault(history: History, rng: random.Random) -> History:
    return stands_still(history, rng)


def stands_still(history: History, rng: random.Random) -> History:
    final = final_of(history, "replica")
    number = [server.name for server in history.environment.servers].index(final.server)
    samples, offset = history.samples.copy(), final.offset - rng.randint(1, 50)
    ahead = (samples["server"] == number) & (samples["offset"] > offset)
    samples["offset"][ahead] = offset
    return replace(with_final(history, final, offset=offset), samples=samples)


@plant("convergence.redundant", "bytes less than", with_a_fault)
def master_read_ahead_of_its_replicas(history: History, rng: random.Random) -> History:
    final = final_of(history, "master")
    return with_final(history, final, offset=final.offset + rng.randint(1, 50))


@plant(FINAL_READS, "and had been at")
def server_read_behind_itself(history: History, rng: random.Random) -> History:
    final = some_final(history, rng)
    return with_final(history, final, offset=final.offset - rng.randint(1, 50))


@plant("assumptions.nothing_dropped", "evicted")
def keys_evicted(history: History, rng: random.Random) -> History:
    return with_final(history, some_final(history, rng), evicted_keys=3)


@plant("assumptions.nothing_dropped", "expired")
def keys_expired(history: History, rng: random.Random) -> History:
    return with_final(history, some_final(history, rng), expired_keys=1)


@plant("assumptions.clean", "expected no key before the load")
def keys_before_the_load(history: History, rng: random.Random) -> History:
    return replace(history, environment=replace(history.environment, keys_before=rng.randint(1, 9)))


@plant("assumptions.healthy_before", "expected a healthy deployment")
def unhealthy_before_the_fault(history: History, _: random.Random) -> History:
    environment = replace(history.environment, healthy_before=False, health_text="1 of 2 replicas")
    return replace(history, environment=environment)


@plant("assumptions.history", "problem")
def problem_of_the_harness(history: History, _: random.Random) -> History:
    return replace(history, problems=("a problem",))
