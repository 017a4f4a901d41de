"""Mistakes in the checks of a history's sense, made on purpose: some planted damage, or a sound history, shows each."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from redis_resilience.model.verdict import Verdict
from tests.judges.mutation import UNCHANGED, Judge, load
from tests.trials.planted import PLANTS, history_of, missed, refused

KILLED, PAUSED = 0, 7
"""The histories: of a master, and of a replica while several clients write."""
SOUND = ""
"""The mistake is noticed without any damage."""
SHUFFLED = "shuffled"
"""It is noticed where the records lie in another order, which is no damage."""
KINDS = {kind.name: kind for kind in PLANTS}

MUTANTS = [
    ("well_formed", 'rows["outcome"] != _RESULTS[rows["cause"]]', "rows['outcome'] > 9", "outcome_against_cause"),
    ("well_formed", 'rows["return_ns"] < rows["call_ns"])', 'rows["return_ns"] < 0)', "return_before_call"),
    ("well_formed", 'answered & (rows["return_ns"] <', '(rows["return_ns"] <', SOUND),
    ("well_formed", 'rows["return_ns"] != 0', 'rows["return_ns"] < 0', "answer_without_outcome"),
    ("well_formed", 'rows["call_ns"] < rows["due_ns"]', 'rows["call_ns"] < 0', "call_before_due"),
    ("well_formed", 'rows["value"] != rows["key"]', 'rows["value"] < 0 * rows["key"]', "value_of_another_key"),
    ("well_formed", "unknown_server | (", "(", "acknowledged_by_a_server_that_is_not_there"),
    ("well_formed", '(unknown_server | (rows["connection"] == 0))', "unknown_server",
     "acknowledged_without_a_connection"),
    ("well_formed", "acknowledged & (unknown_server", "(unknown_server", SOUND),
    ("well_formed", 'rows["client"] == 0, "of', 'rows["client"] < 0, "of', "write_of_no_client"),
    ("well_formed", "ordered[1:] == ordered[:-1]", "ordered[1:] < ordered[:-1]", "key_drawn_twice"),
    ("well_formed", "if len(missing):", "if False:", "record_left_out"),
    ("well_formed", "event.writes != len(reading.rows)", "False", "last_records_left_out"),
    ("well_formed", 'rows["call_ns"][1:] < rows["return_ns"][:-1]', "False", "two_requests_of_a_client_at_once"),
    ("well_formed", 'found["key"][1:] < found["key"][:-1]', "False", SHUFFLED),
    ("well_formed", 'np.lexsort((rows["key"],', 'np.lexsort((rows["value"] * 0,', SHUFFLED),
    ("well_formed", 'rows["client"][1:] == rows["client"][:-1]', "True", SOUND),
    ("order", "{event.name for event in phases} - set(PHASES)", "set()", "phase_of_no_trial"),
    ("order", "tuple(names) != PHASES[first : first + len(names)]", "False", "phases_swapped"),
    ("order", 'samples["return_ns"] < reading.samples["call_ns"]', 'samples["return_ns"] < 0',
     "clock_of_samples_set_back"),
    ("order", "event.since_ns > event.at_ns", "False", "event_that_ends_before_it_begins"),
    ("order", "(number, place) not in begun or", "(number, place) in begun and", "effect_of_a_fault_that_never_began"),
    ("order", "fault_ns is not None and", "False and", "fault_in_the_baseline"),
    ("order", "heal_ns is not None and", "False and", "fault_after_the_heal"),
    ("order", "!= (1, 1)", "> (1, 1)", "beginning_of_the_load_left_out"),
    ("order", "!= (1, 1)", "> (1, 1)", "end_of_the_load_left_out"),
    ("order", "read_ns is not None and", "False and", "load_during_the_final_reads"),
    ("order", "    if early:", "    if False:", "writes_before_the_load"),
    ("order", "    if late:", "    if False:", "writes_after_the_load"),
    ("identities", "{final.run_id_before, final.run_id_after} - met[name]", "set()",
     "final_read_of_an_unknown_process"),
    ("identities", "event.run_id not in met[event.server]", "False", "connection_to_an_unknown_process"),
    ("identities", "met[up.server].add(up.run_id)", "pass", SOUND),
    ("identities", "(event.sentinel, event.run_id) not in met", "False", "sentinel_that_nobody_met"),
    ("identities", "if count > 1:", "if False:", "connection_to_nobody_known"),
    ("identities", "servers[number] != server", "False", "writes_of_another_server"),
    ("coverage", "if not len(times):", "if False:", "server_without_samples"),
    ("coverage", "HOLE_MS = 500.0", "HOLE_MS = 5000.0", "hole_in_the_samples"),
    ("coverage", "HOLE_MS = 500.0", "HOLE_MS = 5.0", SOUND),
    ("coverage", "times[(times > begin_ns) & (times < last_ns)], [last_ns]", "times", "last_samples_left_out"),
    ("coverage", ".names(reading) - heard", ".names(reading) & set()", "watcher_of_a_sentinel_missing"),
    ("final_reads", "was not read", "was read", "final_read_missing"),
    ("final_reads", "found > final.dbsize or", "", "fewer_keys_than_were_read"),
    ("final_reads", "found < final.dbsize", "False", "more_keys_than_were_read"),
    ("final_reads", "not final.begin_ns or", "", "final_read_without_an_instant"),
    ("final_reads", "or final.end_ns < final.begin_ns", "", "final_read_that_ends_before_it_begins"),
    ("final_reads", "final.begin_ns < max(read_ns, last_ns)", "False", "final_read_before_quiesce"),
    ("final_reads", "final.end_ns > done_ns", "False", "final_read_after_the_end"),
    ("offsets", "max(final.offset, reached) >= when_read", "True", "master_read_ahead_of_its_replicas"),
    ("offsets", "before[-1] > final.offset >= 0", "False", "server_read_behind_itself"),
    ("offsets", "0 < first.end_ns <= final.begin_ns", "False", "master_read_ahead_of_its_replicas"),
    ("offsets", 'own["call_ns"] > final.end_ns', 'own["call_ns"] > 0', SOUND),
    ("convergence", "Verdict.UNKNOWN if short or away else", "", "replica_read_behind_its_master"),
    ("assumptions", "if evicted or (expired and", "if evicted or (False and", "keys_expired"),
    ("unplanned", "server.name != reading.environment.master and", "False and", "second_master_in_the_baseline"),
    ("unplanned", "server.name != reading.environment.master and", "", SOUND),
    ("assumptions", "missing = witness.unended(reading),", "missing = (),", "end_of_a_heal_left_out"),
    ("addresses", "for met in (watched, sent):", "for met in (sent,):", "server_met_at_another_address"),
    ("addresses", "for met in (watched, sent):", "for met in (watched,):", "clients_sent_to_another_address"),
    ("addresses", "places[name, run_id].append(address)", "places[name, '' ].append(address)", SOUND),
    ("addresses", "_is_explained(reading, item):", "True:", "replica_that_announces_another_address"),
    ("ledger", "writes.lost_by_cause.get(UNEXPLAINED)", "False", "acknowledged_write_gone_everywhere"),
]  # fmt: skip


def is_noticed(plant: str, judge: Judge) -> bool:
    if plant == SHUFFLED:
        return in_any_order(judge) is not Verdict.PASS
    return bool(missed(KINDS[plant], PAUSED, judge) if plant else refused(KILLED, judge) or refused(PAUSED, judge))


def in_any_order(judge: Judge) -> Verdict:
    """What it says of a sound history whose records are shuffled."""
    history = history_of(PAUSED)
    order = random.Random(PAUSED).sample(range(len(history.operations)), len(history.operations))
    return judge(replace(history, operations=history.operations[order])).verdict


@pytest.mark.parametrize(("module", "old", "new", "plant"), MUTANTS, ids=[f"{m[0]}: {m[1][:40]}" for m in MUTANTS])
def test_every_mutant_is_noticed(module: str, old: str, new: str, plant: str) -> None:
    assert is_noticed(plant, load((module, old, new)))


def test_the_checks_hold_for_the_judges_as_they_are() -> None:
    judge = load(UNCHANGED)

    assert refused(KILLED, judge) == refused(PAUSED, judge) == ""
    assert in_any_order(judge) is Verdict.PASS
    assert {missed(KINDS[mutant[3]], PAUSED, judge) for mutant in MUTANTS if mutant[3] in KINDS} == {""}
