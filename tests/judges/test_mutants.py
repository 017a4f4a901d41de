"""The judges are judged: each of these small mistakes in their code must be noticed by at least one check below."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from redis_resilience.model.environment import Bound, Prediction
from redis_resilience.model.events import FaultEvent, Link, Role, SentinelMessage
from redis_resilience.model.faults import rolling_upgrade, stop, stop_node
from redis_resilience.model.operations import Cause, Result
from redis_resilience.model.plan import Load, Writers
from redis_resilience.model.records import NO_SERVER
from redis_resilience.model.verdict import Judgement, Verdict
from tests.judges.conftest import BOUNDS, ns
from tests.judges.mutation import UNCHANGED, Edit, Judge, finding, is_noticed, label, load, ms, seen
from tests.judges.test_bounds import outvoted
from tests.judges.test_entrances import beside

MASTER = "master mymaster 10.0.0.0 6379"
TWO = "10.0.0.2:6379"

MUTANTS: dict[str, list[Edit]] = {
    "check_a_clean_failover": [
        ("ledger", "recovered=unknown & present", "recovered=unknown & ~present"),
        ("assumptions", "!= Cause.WAITING", "!= Cause.NONE"),
        ("sentinels", "item.text.startswith(start)", "True"),
        ("timeline", "announced[quorum - 1].at", "announced[0].at"),
        ("timeline", "key=lambda switch: (switch.at.latest_ns", "key=lambda switch: (-switch.at.latest_ns"),
        ("timeline", 'rows["call_ns"] >= since.earliest_ns', 'rows["return_ns"] >= since.earliest_ns'),
        ("timeline", "rows = reading.acknowledged", "rows = reading.rows"),
        ("sentinels", "item.sentinel in (ended or leaders)", "item.sentinel in leaders"),
        ("masters", "continue  # a Sentinel", "pass  # a Sentinel"),
        ("masters", 'before["call_ns"][-1]', 'before["return_ns"][-1]'),
        ("evidence", "min(message.earliest_ns, logged.earliest_ns)", "message.earliest_ns"),
        ("evidence", "reading.environment.master in event.servers", "True"),
        ("reading", 'reading.rows["outcome"] == Result.OK', 'reading.rows["outcome"] != Result.FAIL'),
        ("evidence", "_NEVER_SENT = (Cause.REFUSED, Cause.NO_MASTER, Cause.WAITING)", "_NEVER_SENT = (Cause.REFUSED,)"),
        ("evidence", "% np.uint32(len(following))", "% np.uint32(len(following) + 1)"),
        ("bounds", "most - least > max(bound.upper_ms - bound.lower_ms, TICK_MS)", "most - least > 0"),
        ("untouched", "hit_ns(reading, server.name)))", "inf))"),
        ("untouched", "if silent_ms > SILENT_MS", "if True"),
        ("untouched", 'if item.text.startswith("master ")', ""),
        ("untouched", "    if reading.plan.faults:\n        return\n    for", "    for"),
        ("evidence", "item not in ours and", ""),
        ("convergence", "returned < last_ns", "returned > last_ns"),
    ],
    "check_a_late_vote": [
        ("elections", "item.sentinel == won.sentinel", "True"),
        ("elections", "item.instant.latest_ns <= won.instant.latest_ns", "True"),
        ("elections", "not back or", ""),
        ("elections", " or 2 * len(sentinels.names(reading) - away) > known", ""),
        ("elections", "_away(reading, begun[-1].latest_ns)", "_away(reading, fault.latest_ns)"),
        ("elections", " | sentinels.silent(reading, at_ns)", ""),
        ("elections", "sentinels.gone(reading, at_ns) | ", ""),
        ("bounds", "FAIL and fault and planned is None:", "FAIL and fault:"),
    ],
    "check_what_is_lost": [
        ("ledger", "writes.lost <= allowed", "writes.lost <= allowed + 1"),
        ("loss", "found[during & ~by_master]", "found[during & by_master]"),
        ("loss", "offset_after <= promotions[reign].offset", "offset_after < promotions[reign].offset - 10**6"),
        ("loss", 'np.where(own["role"] == Role.MASTER, own["offset"], -1)', 'own["offset"]'),
        ("convergence", "ONE_MASTER: SOUND | RECORDED", "ONE_MASTER: TIMED"),
    ],
    "check_an_old_answer_is_no_split": [
        ("convergence", "(at_call == at_return) & (at_call > 0)", "(at_call > 0)"),
    ],
    "check_names_in_order_of_time": [
        ("ledger", "lost=acknowledged & ~present", "lost=acknowledged & present"),
        ("ledger", 'np.lexsort((lost["key"], lost["return_ns"]))', 'np.argsort(lost["key"])'),
    ],
    "check_every_kind_of_key": [
        ("ledger", "lost=acknowledged & ~present", "lost=(acknowledged | unknown) & ~present"),
        ("ledger", "foreign=present & ~acknowledged & ~unknown", "foreign=present & ~acknowledged"),
        ("ledger", "foreign=present & ~acknowledged & ~unknown", "foreign=present & (accounting.outcome == _NOTHING)"),
        ("ledger", "accounting.held[name] ^ accounting.held[final.server]", "accounting.held[final.server]"),
        ("ledger", "accounting.held[name] ^ accounting.held[final.server]", "accounting.held[name]"),
        ("ledger", "+ len(final.wrong) + len(final.unexpected),\n        diverged", ",\n        diverged"),
        ("answer", "if each in needed and each in unsound", "if each in unsound"),
        ("answer", "needs.get(finding.name, EVERY)", "EVERY"),
    ],
    "check_sums": [
        ("answer", "return replace(finding, verdict=Verdict.UNKNOWN, text=text)", "return replace(finding, text=text)"),
        ("judge", "voided(findings, NEEDS, assumed.unsound)", "findings"),
        ("registry", "    ledger.JUDGE,\n", ""),
        ("registry", "    bounds.JUDGE,\n", ""),
    ],
    "check_two_final_masters": [
        ("masters", "name == named[0][0]", "name != named[0][0]"),
        ("masters", "if len(masters) > 1:", "if len(masters) > 9:"),
        ("masters", "if len(found) > 1}", "if found}"),
    ],
    "check_wipe": [
        ("loss", "if not len(kept)", "if len(kept)"),
        ("loss", "server.run_id == run_id", "server.run_id != run_id"),
        ("loss", 'rows["call_ns"] < restart', 'rows["call_ns"] > restart'),
    ],
    "check_copied": [
        ("loss", "again is not None and copied:", "again is not None:"),
        ("loss", "_mark_older(found, rows, survivors, again)", "pass"),
        ("loss", 'own[(own["call_ns"] >= since) & ', "own["),
    ],
    "check_stray": [
        ("loss", "copied is False", "copied is not None"),
        ("loss", "CAUSES.index(STALE)", "CAUSES.index(SPLIT_BRAIN)"),
    ],
    "check_out_of_sync": [
        ("loss", "CAUSES.index(OUT_OF_SYNC)", "CAUSES.index(ASYNC_TAIL)"),
        ("loss", "and event.run_id != run_id:\n            restarted_ns", ":\n            restarted_ns"),
        ("loss", 'np.any(since["role"] == Role.REPLICA) and not', "not"),
        ("loss", ' and not np.any(since["link"] == Link.CONNECTED)', ""),
    ],
    "check_whole": [
        ("timeline", "announced[-1].at if complete", "announced[-1].at if True"),
        ("redundancy", '& (own["link"] == Link.CONNECTED)', ""),
        ("redundancy", '& (own["source"] == master)', ""),
        ("redundancy", "item.kind in _BEGINS and not _died_since(reading, item)", "False"),
        ("redundancy", "item.kind in _BEGINS and not _died_since(reading, item)", "item.kind in _BEGINS"),
        ("redundancy", "elif event.run_id == known:\n            lost_ns = 0", "elif False:\n            lost_ns = 0"),
        ("redundancy", "elif event.run_id == known:\n            lost_ns = 0", "else:\n            lost_ns = 0"),
        ("redundancy", "len(own) - 1:\n        return None", "len(own) - 1:\n        return fault"),
        ("convergence", "len(masters) == 1 and len(replicas) == wanted", "len(masters) == 1"),
        ("convergence", "(not instant and not away) or any(", "any("),
    ],
    "check_in_its_place": [
        ("masters", "if in_its_place:", "if False:"),
        ("timeline", "change.at and change.old == server", "False"),
        ("masters", "said[1] == known[1] or", "True or"),
        ("masters", 'own["return_ns"] >= since_ns))', 'own["return_ns"] >= 0))'),
    ],
    "check_outage": [
        ("availability", "end_ns=None, client=client) if tail_ns > 0", "end_ns=end_ns, client=client) if tail_ns > 0"),
        ("evidence", "by_time = np.argsort(times", "by_time = np.argsort(-times"),
        ("availability", "control = ordered[window.holds(ordered)]", "control = ordered"),
        ("evidence", "return found if found.any() else ~found", "return found | True"),
        ("assumptions", "reading.rows[follows & (", "reading.rows[("),
    ],
    "check_bounds": [
        ("bounds", "if item.instant.earliest_ns > end.latest_ns", "if False"),
        ("bounds", "Verdict.UNKNOWN if unknown else Verdict.PASS", "Verdict.PASS"),
        ("bounds", "        (stall, f", "        (0.0, f"),
    ],
    "check_stayed": [
        ("bounds", 'by_old["call_ns"] < end.earliest_ns', "True"),
        ("bounds", "if bound.name == FIRST_WRITE_AT else", "if True else"),
        ("bounds", 'at_old["outcome"] == Result.OK', 'at_old["outcome"] >= 0'),
        ("bounds", 'at_old["cause"] == Cause.NOREPLICAS', 'at_old["cause"] == Cause.READONLY'),
        ("bounds", "_END_FOR_TIMEOUT, since_ns=begin.earliest_ns)", "_END_FOR_TIMEOUT, since_ns=0)"),
    ],
    "check_back_too_late": [
        ("bounds", "away_ms <= prediction.back_by_ms or", "False or"),
        ("bounds", "or replaced.ms_after(fault) < prediction.due_ms", "or False"),
        ("bounds", "or _back_too_late(prediction, timeline)", 'or ""'),
    ],
    "check_left": [
        ("bounds", "lower_ms=min(sooner_ms, bound.lower_ms)", "lower_ms=bound.lower_ms"),
        ("bounds", "begin.ms_after(end) if end", "-9e9 if end"),
        ("bounds", "replace(bound, origin=DEAD_AT, ", "replace(bound, "),
    ],
    "check_who_was_late": [
        ("bounds", "if item.instant.earliest_ns <= end.latest_ns", "if True"),
        ("bounds", "        (late, f", "        (0.0, f"),
        ("bounds", "        (lost, f", "        (0.0, f"),
        ("bounds", "        (save, f", "        (0.0, f"),
    ],
    "check_first_write": [
        ("bounds", "if stayed_ms >= excess_ms:", "if True:"),
        ("bounds", "ends_ns(bound) > ends_ns(", "ends_ns(bound) < ends_ns("),
        ("bounds", "        (asked, f", "        (0.0, f"),
        ("bounds", 'in ended["client"].tolist()', "is not None"),
    ],
    "check_missed_hello": [
        ("bounds", "first.leader and ", ""),
        ("bounds", "if accounted_ms >= excess_ms", "if accounted_ms > 0"),
        ("bounds", "        (until_hello, f", "        (0.0, f"),
        ("bounds", "        (until_hello, f", "        (until_hello and 9e9, f"),
    ],
    "check_deleted": [
        ("bounds", "most >= bound.lower_ms and least <= bound.upper_ms", "least <= bound.upper_ms"),
        ("bounds", "if late_ms > 0 else", "if True else"),
        ("bounds", "if times.planned_failover:", "if False:"),
        ("bounds", "prediction.planned_failover or _without_a_vote(", "_without_a_vote("),
        ("bounds", "prediction.planned_failover or _without_a_vote(prediction.bounds, times)", "prediction.bounds"),
        ("bounds", "if bound.origin not in (ELECTED_AT, PROMOTED_AT) or", "if"),
        ("bounds", "== timeline.old_master\n", "!= ''\n"),
        ("timeline", "odown is None or odown.at_ns > began.at_ns", "True"),
        ("timeline", "planned_failover = asked is not None and first", "planned_failover = first"),
        ("timeline", "if switch.sentinel not in gone", "if True"),
        ("timeline", "gone | voters.silent(", "voters.silent("),
        ("bounds", "(end.latest_ns - effect.earliest_ns) / 1e6 >= bound.lower_ms", "True"),
        ("bounds", "fault_of(reading, effect).traits.asked_to_end", "True"),
        ("timeline", "max(known.earliest_ns, last_ns), latest_ns", "known.earliest_ns, latest_ns"),
        ("timeline", "latest_ns=min(known.latest_ns, max(first_ns, last_ns))", "latest_ns=known.latest_ns"),
        ("timeline", "if event.at_ns > since.latest_ns)", "if True)"),
    ],
    "check_asked": [
        ("masters", "if name not in _recreated(reading)", "if True"),
        ("masters", "reading.of(Named)}", "()}"),
    ],
    "check_elsewhere": [
        ("convergence", "if [master] != masters", "if False"),
        ("masters", "{view.name: view.master_address for view in views}", "{view.name: master for view in views}"),
        ("masters", "switch.address or switch.new", "switch.new"),
        ("masters", "place if place in left else name_at(", "name_at("),
        ("masters", "{view.master_address: master for view in views} | ", ""),
        ("evidence", "left.pop(event.address, None)", "pass"),
    ],
    "check_two_masters": [
        ("convergence", "if allowed_s:", "if False:"),
        ("convergence", "good = beside.span_ns <= allowed_s * 1e9", "good = True"),
        ("convergence", '{seen}", False', '{seen}", True'),
    ],
    "check_error_bars": [
        ("bounds", "most - least > max(bound.upper_ms - bound.lower_ms, TICK_MS)", "False"),
        ("bounds", "(end.earliest_ns - begin.latest_ns) / 1e6", "(end.latest_ns - begin.earliest_ns) / 1e6"),
    ],
    "check_what_a_cause_can_take": [
        ("bounds", "sum(accounted.values()) >= excess_ms", "accounted"),
        ("bounds", "most >= bound.lower_ms and least <= bound.upper_ms", "most >= bound.lower_ms"),
    ],
    "check_expectation": [
        ("bounds", "Verdict.PASS if wanted == timeline.failover else Verdict.FAIL", "Verdict.PASS"),
        ("bounds", "prediction.failover if planned is None else planned", "prediction.failover"),
    ],
    "check_who_may_cost_a_master": [
        ("bounds", "not effect.servers.isdisjoint(masters[len(over) :])", "True"),
        ("bounds", "masters[len(over) :]", "masters"),
        ("bounds", "masters[len(over) :]", "masters[:1]"),
    ],
    "check_assumptions": [
        ("witness", "span.proved_ns + SLACK_NS) &", "span.heal_ns) &"),
        ("witness", "_same(end, effect) and end.at_ns >= effect.at_ns", "end.at_ns >= effect.at_ns"),
        ("witness", "_same(end, effect) and end.at_ns >= effect.at_ns", "_same(end, effect)"),
        ("witness", 'own["role"] == Role.UNREACHABLE', 'own["role"] == Role.MASTER'),
        ("availability", "_planned(reading, window))", "0)"),
        ("assumptions", "environment.healthy_before,", "True,"),
        ("assumptions", "not reading.problems", "True"),
        ("assumptions", "measured.control_acknowledged >= wanted", "True"),
        ("assumptions", "measured.stalled_max_ms <= limit_ms(load)", "True"),
        ("assumptions", "if number not in proved", "if False"),
        ("final_reads", "final.run_id_before != final.run_id_after", "False"),
        ("assumptions", "if evicted or (", "if ("),
        ("assumptions", "since = last if run_id == known else (0, 0)", "since = last"),
        ("assumptions", "now - then if then <= now else now", "now"),
        ("assumptions", "for event in reading.of(Dropped):", "for event in ():"),
        ("assumptions", 'bool(rows["outcome"][last] == Result.OK)', "True"),
        ("assumptions", "if early_ms > max(", "if 0 > max("),
    ],
    "check_stalls": [
        ("availability", "availability.outage_ms - own_ms <=", "availability.outage_ms <="),
        ("stalls", "stall.at_ns > begin_ns", "True"),
        ("stalls", "min(stall.at_ns, end_ns)", "stall.at_ns"),
        ("availability", 'side="left")) - 1, 0)', 'side="left")), 0)'),
        ("availability", "np.argmax(ends - begins)", "np.argmin(ends - begins)"),
    ],
    "check_unsound_is_unknown": [
        ("assumptions", "environment.keys_before == 0", "environment.keys_before >= 0"),
        ("judge", "(sound, *counted, *assumed.broken)", "(*counted, *assumed.broken)"),
    ],
    "check_proven_beside_unsound_fails": [
        ("assumptions", "measured.scheduling_delay_p99_ms <= load.max_scheduling_delay_ms", "True"),
    ],
    "check_a_raising_judge": [
        ("answer", "broken=tuple(broken)", "broken=()"),
    ],
    "check_what_nobody_injected": [
        ("offsets", 'own["return_ns"] < final.begin_ns', 'own["return_ns"] < 10**18'),
        ("unplanned", "or heard.latest_ns < first_ns", "and heard.latest_ns < first_ns"),
        ("unplanned", "!= Link.CONNECTED", "== Link.CONNECTED"),
        ("interference", '"+set", ', ""),
        ("evidence", "master_of(item.kind, item.text) in ours", "True"),
        ("bounds", "elif verdict is Verdict.FAIL and fault is None:", "elif False:"),
    ],
    "check_the_untouched": [
        ("unplanned", "hit_ns(reading, server.name) > as_master[0]", "True"),
        ("unplanned", "*_chosen(reading), *promoted", "*promoted"),
        ("unplanned", '(own["return_ns"] < hit_ns(reading, name))', "True"),
        ("unplanned", "| _masters_to_be(reading)", ""),
        ("unplanned", '{known[source] for source in own["source"][:1]}', "set()"),
        ("unplanned", 'own["call_ns"] >= first_ns', "False"),
        ("untouched", "if still_ms > SILENT_MS + (reading.plan.load.spacing_ms or 0.0)", "if still_ms > 1e9"),
        ("untouched", "(times < min(hit, default=inf))", "(times > 0)"),
        ("untouched", " - stalled_ms(reading, since_ns, until_ns)\n    if still", "\n    if still"),
        ("elections", '[-1:] != ["+odown"]', "[:0]"),
        ("elections", " if kind in _STATES", ""),
        ("elections", "if _BEGUN in own:", "if False:"),
        ("elections", "fault_of(reading, effect).traits.asked_to_end", "True"),
        ("elections", "and change.old in effect.servers", ""),
        ("bounds", "by_itself > allowed", "len(changes) > allowed"),
        ("bounds", "change not in elections.requested(reading) and", ""),
        ("bounds", " and change.old not in dict(silences(reading))", ""),
        ("bounds", "verdict is Verdict.FAIL and (somebody", "(somebody"),
        ("interference", "(event.server, event.run_id)", "event.server"),
        ("interference", "if event.commands", "if event.commands or event.usual"),
        ("interference", "> 0:", "> 1:"),
        ("interference", "Result.INFO", "Result.OK"),
        ("convergence", "name in silent and", ""),
        ("unplanned", 'run_id in ("", server.run_id)', "True"),
        ("untouched", "if server in servers or everything", "if True"),
        ("unplanned", "if hit_ns(reading, name) > at_ns", "if hit_ns(reading, name) == float('inf')"),
        ("untouched", " - stalled_ms(reading, since_ns, until_ns)", ""),
        ("untouched", "(name in pods or everything)", "True"),
        ("untouched", "if first_ns is None or at_ns < first_ns", "if first_ns is not None and at_ns < first_ns"),
        ("masters", "voters_of(reading).names(reading) - lost", "voters_of(reading).names(reading)"),
        ("masters", "final is None or final.server == (changes[-1].new", "final is None or True or (changes[-1].new"),
        ("bounds", "and not timeline.failover:\n        told_by", "and False:\n        told_by"),
    ],
    "check_silence_is_no_agreement": [
        ("sentinels", "return frozenset(names(reading) - asked)", "return frozenset()"),
        ("sentinels", "isinstance(last.get(name), SentinelDown)", "False"),
        ("convergence", "Verdict.UNKNOWN if silent else", "Verdict.PASS if silent else"),
        ("convergence", "Verdict.UNKNOWN if late else", "Verdict.PASS if late else"),
    ],
    "check_two_masters_before_any_promotion": [
        ("convergence", "verdict=Verdict.FAIL if beside else", "verdict=Verdict.PASS if beside else"),
        ("convergence", 'returned < until[acknowledged["server"]]', "returned < 0"),
    ],
    "check_writes_refused_in_part_up_to_the_end": [
        ("restored", "failed > (usual + REFUSED_SHARE) * planned", "failed < 0"),
        ("restored", "failed > (usual + REFUSED_SHARE) * planned", "failed > 0"),
        ("restored", "failed > (usual + REFUSED_SHARE) * planned", "failed > REFUSED_SHARE * planned"),
        ("restored", "proved = _outlasted(reading, end_ns)", "proved = True"),
        ("restored", "(served > 0) & ", "(planned > 0) & "),
        ("restored", ' & (rows["cause"] != Cause.WAITING)', ""),
    ],
    "check_how_far_replicas_are": [
        ("offsets", "- _UNDER_WAY_NS]", "- 10**9]"),
        ("offsets", "- _UNDER_WAY_NS]", "- 0]"),
        ("offsets", "if reading.environment.owns_data else _load_end_ns(reading)", ""),
        ("offsets", "final.offset >= wanted and", ""),
        ("offsets", "proved=max(final.offset, reached) < wanted", "proved=True"),
        ("offsets", 'own = own[own["role"] == _ROLES.get(final.role)]', "pass"),
        ("offsets", "after[0] < final.offset", "False"),
        ("redundancy", 'replica["offset"] >= told_before["offset"][newest]', 'replica["offset"] >= 0'),
        ("convergence", "or any(each.proved for each in short)", ""),
    ],
    "check_what_moved": [
        ("addresses", "default=_AT_ONCE_NS) < _AT_ONCE_NS", "default=_AT_ONCE_NS) < 0"),
        ("addresses", "if event.sentinel]", "]"),
        ("addresses", "name_at(reading, names, address) == address and", ""),
        ("addresses", '(event.pod, event.container) == (found.sentinel, "sentinel")', "False"),
        ("addresses", '(event.pod, event.container) == (found.sentinel, "sentinel")', "event.pod == found.sentinel"),
    ],
    "check_a_tilt_without_a_fault": [
        ("unplanned", "Verdict.UNKNOWN if changes else", "Verdict.PASS if changes else"),
        ("untouched", '"+tilt", since_ns', '"-tilt", since_ns'),
    ],
    "check_clients_of_an_entrance": [
        ("entrances", '(rows["due_ns"] >= begin_ns) & (rows', "(rows"),
        ("entrances", "int(key)) in lost", "int(key)) not in lost"),
        ("entrances", "wrong |= during &", "wrong |="),
        ("entrances", 'during &= good["return_ns"] < end', "pass"),
        ("entrances", "each == target", "each != target"),
        ("entrances", 'group.entrance and group.kind == "write"', 'group.kind == "write"'),
        ("entrances", "if end_ns <= begin_ns:", "if True:"),
        ("entrances", "ready.pod == name and begin_ns", "begin_ns"),
        ("entrances", "return Verdict.UNKNOWN, (", "return Verdict.PASS, ("),
    ],
}  # fmt: skip
"""By check: the mistakes that it notices."""


def check_a_clean_failover(judge: Judge, kill: Any, _: Any) -> None:
    story = kill()
    story.event(450, "sentinel:redis-0", "+sdown", "slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.0 6379")
    story.event(600, "sentinel:redis-0", "+sdown", "slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.0 6379")
    story.event(1570, "sentinel:redis-0", "+elected-leader", MASTER)
    story.events = [event for event in story.events if getattr(event, "name", "") != "fault"]
    story.phase(479, "fault")
    story.fault(480, pod="redis-2")
    story.sample(2, 485, Role.UNREACHABLE)
    story.event(499, "server:redis-2", "server-up", since=490, server="redis-2", address=TWO, run_id="run-2b")
    story.fault(490, container="sentinel")
    story.event(495, "sentinel:redis-0", "sentinel-down", sentinel="redis-0")
    story.event(550, "sentinel:redis-0", "sentinel-up", sentinel="redis-0")
    story.undone(495, 499, pod="redis-2")
    story.undone(495, 550, container="sentinel")
    story.asked()
    story.switch(3450, "redis-1")
    story.write(350, 450, server=1, took=100, client=3)
    story.write(351, 1900, server=1, cause=Cause.LOADING)
    for key, (at, late) in enumerate(((600, 0), (1000, 900), (1200, 900)), start=352):
        story.write(key, at, server=NO_SERVER, cause=Cause.NO_MASTER, late=late)
    story.finals["redis-1"] = story.finals["redis-0"]
    keys = [*range(50), *range(202, 350), 350]
    for server, role in ((0, "replica"), (1, "master"), (2, "replica")):
        story.final(server, keys, role=role, run_id=("run-0b", None, "run-2b")[server])
    told = judge(story.history())

    assert told.verdict is Verdict.PASS
    assert ms(told, "sdown_at") == 1010.0
    assert (ms(told, "first_switch_at"), ms(told, "quorum_switch_at"), ms(told, "last_switch_at")) == (1499, 1504, 2499)
    assert ms(told, "first_write_at") == 1521.0
    assert told.timeline.instants["first_switch_at"].error_ms == 1.0
    assert told.timeline.switches[0].heard.error_ms == 2.0
    assert told.timeline.instants["promoted_at"].error_ms == 18.0
    assert [switch.sentinel for switch in told.timeline.switches if switch.leader] == ["redis-2"]
    assert len(told.timeline.switches) == 3
    assert told.availability.scheduling_delay_max_ms == 0.0


def check_what_is_lost(judge: Judge, kill: Any, _: Any) -> None:
    story = kill(lost=(10, 49), max_lost=None)
    story.samples = [sample for sample in story.samples if sample[5] != Role.UNREACHABLE]
    story.write(350, 1800, server=0)
    told = judge(story.history())

    assert told.writes.lost_by_cause == {"async tail": 1, "split brain": 1, "unexplained": 1}
    assert [write.key[-3:] for write in told.writes.lost_writes] == ["010", "049", "350"]
    assert seen(told, "convergence.one_master") is Verdict.FAIL
    assert judge(kill(lost=(48, 49), max_lost=1).history()).verdict is Verdict.FAIL
    assert told.writes.lost_writes[1].offset_after == -1


def check_an_old_answer_is_no_split(judge: Judge, kill: Any, _: Any) -> None:
    story = kill(max_lost=None)
    story.write(350, 1700, server=0, took=500)

    assert seen(judge(story.history()), "convergence.one_master") is Verdict.PASS

    story = kill(max_lost=None)
    story.switch(3560, "redis-0", old=1, new=2)
    story.sample(2, 3550, Role.MASTER, offset=1)
    story.write(350, 3500, server=2, took=80, client=3)
    assert seen(judge(story.history()), "convergence.one_master") is Verdict.PASS


def check_names_in_order_of_time(judge: Judge, _: Any, tell: Any) -> None:
    story = tell(max_lost=None)
    for key, at in ((7, 10), (3, 20)):
        story.write(key, at)
    story.final(0, (), role="master")

    assert [write.key[-1] for write in judge(story.history()).writes.lost_writes] == ["7", "3"]


def check_every_kind_of_key(judge: Judge, _: Any, tell: Any) -> None:
    story = tell(max_lost=None, heals=False)
    story.frame()
    story.connected(5, 0, client=1)
    for key, cause in enumerate((Cause.NONE, Cause.NONE, Cause.CLOSED, Cause.CLOSED, Cause.READONLY)):
        story.write(key, key * 10, cause=cause)
    story.final(0, {0, 2, 4, 9}, role="master", wrong=("rr:t1:x",))
    story.final(1, {0, 2, 4})
    story.final(2, {0, 2, 4, 9, 11})
    told = judge(story.history())
    writes = told.writes

    assert (writes.lost, writes.recovered, writes.unexpected, writes.diverged) == (1, 1, 3, 2)
    assert seen(told, "ledger.reconciles") is Verdict.PASS


def check_sums(judge: Judge, _: Any, tell: Any) -> None:
    story = tell(heals=False)
    story.phase(100, "done")
    story.write(0, 0, cause=Cause.READONLY)
    story.write(0, 50)
    for server, role in enumerate(("master", "replica", "replica")):
        story.final(server, {0}, role=role)

    assert seen(judge(story.history()), "ledger.reconciles") is Verdict.UNKNOWN


def check_two_final_masters(judge: Judge, kill: Any, _: Any) -> None:
    story = kill()
    story.final(0, range(50), role="master", run_id="run-0b")
    told = judge(story.history())

    assert told.writes.final_master == "redis-1"
    assert seen(told, "convergence.final_master") is Verdict.FAIL


def check_wipe(judge: Judge, _: Any, tell: Any) -> None:
    for kept, cause in ((set(), "wipe"), (set(range(40)), "not persisted")):
        story = tell(max_lost=None)
        story.fault(500)
        for key in (*range(50), *range(60, 80)):
            story.write(key, key * 10)
        story.event(590, "server:redis-0", "server-up", server="redis-0", run_id="run-0b")
        story.final(0, kept | set(range(61, 80)), role="master", run_id="run-0b")

        assert judge(story.history()).writes.lost_by_cause == {cause: 50 - len(kept), "unexplained": 1}

    story.final(0, range(60, 80), role="master")
    assert judge(story.history()).writes.lost_by_cause == {"unexplained": 50}


def check_copied(judge: Judge, kill: Any, _: Any) -> None:
    """redis-0 is back without what it had; redis-1 copies that before it is promoted, or has no link to it."""
    for linked, cause in ((True, "wipe"), (False, "async tail")):
        story = kill(lost=tuple(range(50)) if linked else (48, 49))
        address = "10.0.0.0:6379"
        story.event(900, "server:redis-0", "server-up", since=890, server="redis-0", run_id="run-0b", address=address)
        if not linked:
            back_ns = story.events[-1].since_ns
            story.samples = [
                (*row[:6], Link.NONE, *row[7:]) if row[3] == 1 and row[0] >= back_ns and row[5] == Role.REPLICA else row
                for row in story.samples
            ]

        assert set(judge(story.history()).writes.lost_by_cause) == {cause}


def check_stray(judge: Judge, kill: Any, _: Any) -> None:
    for link, cause in ((Link.NONE, "stale master"), (Link.CONNECTED, "async tail")):
        story = kill(lost=(400,))
        address = "10.0.0.0:6379"
        story.event(900, "server:redis-0", "server-up", since=890, server="redis-0", run_id="run-0b", address=address)
        anew_ns = story.events[-1].since_ns
        story.samples = [
            (*row[:6], link, *row[7:]) if row[3] == 1 and row[0] >= anew_ns and row[5] == Role.REPLICA else row
            for row in story.samples
        ]
        story.write(400, 1000, server=0, client=3, connection=9)
        assert judge(story.history()).writes.lost_by_cause == {cause: 1}


def check_out_of_sync(judge: Judge, kill: Any, _: Any) -> None:
    def causes(*sampled: int, source: int = NO_SERVER, run_id: str = "another") -> dict[str, int]:
        story = kill(lost=(10, 49), max_lost=None)
        story.event(300, "server:redis-1", "server-up", server="redis-1", run_id=run_id, address="10.0.0.1:6379")
        story.samples = [row for row in story.samples if row[3] != 1 or row[5] == Role.MASTER]
        for at in sampled:
            story.sample(1, at, Role.REPLICA, offset=0, source=source)
        told = judge(story.history())
        assert seen(told, "ledger.lost") is (
            Verdict.UNKNOWN if "unexplained" in told.writes.lost_by_cause else Verdict.PASS
        )
        return told.writes.lost_by_cause

    assert causes(400, 1000) == {"promoted out of sync": 2}
    for lost, verdict in (((10, 49), Verdict.UNKNOWN), ((49,), Verdict.PASS)):
        assert seen(judge(kill(lost=lost, max_lost=None).history()), "ledger.lost") is verdict
    for linked in (causes(400, 1000, source=0), causes(), causes(400, 1000, run_id="run-1")):
        assert "promoted out of sync" not in linked


def check_whole(judge: Judge, kill: Any, tell: Any) -> None:
    def spoiled(**sample: Any) -> Judgement:
        story = kill()
        story.sample(2, 3590, Role.REPLICA, **{"offset": 40000, "source": 1, **sample})
        return judge(story.history())

    assert seen(spoiled(), "convergence.redundant") is Verdict.PASS
    assert seen(spoiled(source=0), "convergence.redundant") is Verdict.FAIL
    assert seen(spoiled(source=NO_SERVER), "convergence.redundant") is Verdict.FAIL
    lagging = kill()
    lagging.samples = [(*row[:2], row[2] - 3000 if row[3] == 2 else row[2], *row[3:]) for row in lagging.samples]
    assert seen(judge(lagging.history()), "convergence.redundant") is Verdict.FAIL
    late = kill()
    late.samples = [
        (*row[:2], row[2] - 3000 if row[3] == 2 and row[0] < ns(3500) else row[2], *row[3:]) for row in late.samples
    ]
    assert judge(late.history()).timeline.instants["redundant_at"].latest_ns >= ns(3500)
    unlinked = kill()
    unlinked.samples = [(*row[:6], 1 if row[3] == 2 else row[6], *row[7:]) for row in unlinked.samples]
    assert seen(judge(unlinked.history()), "convergence.redundant") is Verdict.FAIL
    odd = kill()
    odd.final(2, odd.finals["redis-1"].keys, role="handshake")
    assert seen(judge(odd.history()), "convergence.final_master") is Verdict.FAIL
    two = kill()
    two.sample(2, 3590, Role.MASTER, offset=40000)
    assert "redundant_at" not in judge(two.history()).timeline.instants
    trying = kill()
    trying.event(3500, "sentinel:redis-0", "+try-failover", MASTER)
    assert "redundant_at" not in judge(trying.history()).timeline.instants
    trying.event(3510, "sentinel:redis-0", "sentinel-down", sentinel="redis-0")
    assert "redundant_at" in judge(trying.history()).timeline.instants
    trying.event(3520, "sentinel:redis-0", "sentinel-up", sentinel="redis-0", run_id="another")
    assert "redundant_at" in judge(trying.history()).timeline.instants
    trying.events[-1] = structs.replace(trying.events[-1], run_id="sentinel-0")
    assert "redundant_at" not in judge(trying.history()).timeline.instants
    stubborn = kill()
    stubborn.events = [event for event in stubborn.events if not _message_of(event, "redis-1")]
    told = judge(stubborn.history())
    assert seen(told, "convergence.sentinels_agree") is Verdict.FAIL
    assert "last_switch_at" not in told.timeline.instants
    early = tell()
    early.fault(500)
    early.sample(1, 100, Role.MASTER, offset=1)
    early.sample(1, 1800, Role.MASTER, offset=1)
    early.switch(2000, "redis-0")
    assert ms(judge(early.history()), "promoted_at") == 1301.0


def check_in_its_place(judge: Judge, _: Any, tell: Any) -> None:
    """The pod that has the old master's name is another server."""
    story = tell()
    story.event(600, "server:redis-0", "server-up", since=590, server="redis-0", address="10.0.0.9:6379", run_id="b")
    story.deleted(100, 500)
    told_of = {80: Role.MASTER, 480: Role.MASTER, 510: Role.UNREACHABLE, 600: Role.REPLICA, 1500: Role.MASTER}
    for at, role in told_of.items():
        story.sample(0, at, role)
    story.write(1, 499)
    story.write(2, 1600)
    story.switch(1900, "redis-1", new=9)
    told = judge(story.history())
    assert told.timeline.failover
    assert (ms(told, "promoted_at"), ms(told, "first_write_at")) == (1399.0, 1499.0)


def check_outage(judge: Judge, kill: Any, tell: Any) -> None:
    story = kill()
    story.write(900, 700, server=0, cause=Cause.READONLY)
    story.write(901, 300, server=0, cause=Cause.TIMEOUT)
    told = judge(story.history()).availability
    assert (told.outage_ms, told.noise_ms, told.censored) == (1530.0, 10.0, False)
    assert (told.control_planned, told.control_acknowledged) == (51, 50)
    cut = kill()
    cut.operations = [row for row in cut.operations if row[7] != 1 or row[0] < 50]
    assert judge(cut.history()).availability.censored
    mixed = kill()
    for at in range(0, 3500, 10):
        mixed.write(1000 + at, at, client=4)
    pinned = Writers(target="redis-0", count=1, rate=100.0)
    groups = (Writers(count=1, rate=100.0), pinned)
    mixed.operations = [(*row[:5], 1 if row[0] < 1000 else row[5], *row[6:]) for row in mixed.operations]
    mixed.plan = replace(mixed.plan, load=Load(writers=groups))
    assert judge(mixed.history()).availability.outage_ms == 1530.0
    mixed.write(2000, 3499, client=4, cause=Cause.READONLY)
    assert seen(judge(mixed.history()), "assumptions.last_write") is Verdict.PASS
    unknown = tell()
    unknown.fault(500)
    for key, at in enumerate((0, 100, 490, 700, 1500)):
        unknown.write(key, at, cause=Cause.TIMEOUT if at == 700 else Cause.NONE)
    assert judge(unknown.history()).availability.outage_ms == 1010.0


def check_bounds(judge: Judge, kill: Any, _: Any) -> None:
    def election(
        lower_ms: float, upper_ms: float, *, origin: str = "odown_at", name: str = "elected_at", spoil: Any = None
    ) -> Judgement:
        story = kill()
        bound = Bound(name=name, origin=origin, lower_ms=lower_ms, upper_ms=upper_ms, because="so")
        story.believe(prediction=Prediction(failover=True, because="so", bounds=(bound,)))
        if spoil:
            spoil(story)
        return judge(story.history())

    def tilt(at: int) -> Callable[[Any], None]:
        return lambda story: story.event(at, "sentinel:redis-1", "+tilt", "")

    def late(story: Any) -> None:
        story.write(900, 1600, server=1, late=2)

    def very_late(story: Any) -> None:
        story.write(900, 1600, server=1, late=20)

    assert election(0, 100).phases[0].inside
    assert election(0, 1010, origin="fault_at", name="sdown_at").phases[0].inside
    assert election(0, 50).phases[0].cause == "unexplained"
    assert seen(election(0, 50), "bounds.explained") is Verdict.UNKNOWN
    assert election(100, 200).phases[0].cause == "unexplained"
    assert "TILT" in election(0, 50, spoil=tilt(1600)).phases[0].cause
    assert election(0, 50, spoil=tilt(1700)).phases[0].cause == "unexplained"
    assert election(100, 200, spoil=tilt(1600)).phases[0].cause == "unexplained"
    assert election(0, 50, spoil=late).phases[0].cause == "unexplained"
    assert election(0, 50, spoil=very_late).phases[0].cause == "this machine stalled for 20 ms"
    assert not election(100, 200).phases[0].inside
    assert election(0, 1009.5, origin="fault_at", name="sdown_at").phases[0].inside is False


def check_stayed(judge: Judge, kill: Any, _: Any) -> None:
    """Clients may go on with the old master, and only the first write to the new one waits for them."""

    def cause(*written: tuple[float, Cause], name: str = "first_write_at", origin: str = "promoted_at") -> str:
        story = kill()
        bound = Bound(
            name=name, origin=origin, lower_ms=0, upper_ms=150 if name == "first_write_at" else 50, because=""
        )
        story.believe(prediction=Prediction(failover=True, because="so", bounds=(bound,)))
        for key, (at, why) in enumerate(written, start=900):
            story.write(key, at, server=0, cause=why)
        return judge(story.history()).phases[0].cause

    none = Cause.NONE
    assert "stayed" in cause((1950, none))
    for too_little in ((1840, none), (2100, none), (1950, Cause.READONLY), (1700, none)):
        assert cause(too_little) == "unexplained"
    assert cause((1615, none), name="elected_at", origin="odown_at") == "unexplained"

    story = kill()
    story.event(1500, "sentinel:redis-1", "+tilt", "")
    bound = Bound(name="elected_at", origin="odown_at", lower_ms=0, upper_ms=50, because="so")
    story.believe(prediction=Prediction(failover=True, because="so", bounds=(bound,)))
    assert judge(story.history()).phases[0].cause == "unexplained"


def check_back_too_late(judge: Judge, kill: Any, _: Any) -> None:
    """A master that was predicted to be back in time may be replaced where it was not, once that is due."""

    def verdict(back_by_ms: float, due_ms: float) -> Verdict:
        story = kill(failover=None)
        story.believe(prediction=Prediction(failover=False, because="so", back_by_ms=back_by_ms, due_ms=due_ms))
        story.event(2000, "kubernetes:redis-0", "container-started", since=1990, pod="redis-0", container="redis")
        return seen(judge(story.history()), "failover.expected")

    assert verdict(1400, 1200) is Verdict.PASS
    assert verdict(1600, 1200) is Verdict.FAIL
    assert verdict(1400, 1300) is Verdict.FAIL


def check_left(judge: Judge, kill: Any, _: Any) -> None:
    """Of a planned failover that nothing predicted, clients may leave the old master before it ends."""
    story = kill()
    story.events = [event for event in story.events if event.label not in ("+sdown", "+odown", "+try-failover")]
    story.samples = [row for row in story.samples if row[3] or not 500 <= row[0] / 1e6 - 5000 < 2600]
    for at in range(500, 2600, 20):
        story.sample(0, at, Role.MASTER, offset=at)
    story.deleted(1550, 2700)
    bound = Bound(name="first_write_at", origin="promoted_at", lower_ms=0, upper_ms=150, because="")
    story.believe(prediction=Prediction(failover=True, because="so", bounds=(bound,)))
    (phase,) = judge(story.history()).phases
    assert (phase.origin, phase.inside) == ("dead_at", True)
    assert phase.measured_ms is not None
    assert -1000 < phase.lower_ms < phase.measured_ms < 0


def check_who_was_late(judge: Judge, kill: Any, _: Any) -> None:
    def cause(origin: str, name: str, *told: tuple[int, str], text: str = MASTER, ping_ms: int = 1000) -> str:
        story = kill()
        story.believe(sentinels=tuple(replace(view, ping_period_ms=ping_ms) for view in story.environment.sentinels))
        bound = Bound(name=name, origin=origin, lower_ms=0, upper_ms=110 if name == "promoted_at" else 50, because="so")
        story.believe(prediction=Prediction(failover=True, because="so", bounds=(bound,)))
        for at, kind in told:
            story.event(at, "sentinel:redis-2", kind, text)
        return judge(story.history()).phases[0].cause

    assert cause("elected_at", "promoted_at", (1732, "+selected-slave")) == "unexplained"
    later = 1999, "+failover-state-wait-promotion"
    assert cause("elected_at", "promoted_at", (1732, "+selected-slave"), later) == "unexplained"
    assert "timer" in cause("elected_at", "promoted_at", (1733, "+selected-slave"))
    assert cause("odown_at", "elected_at", (1565, "+new-epoch"), (1570, "+vote-for-leader")) == "unexplained"
    gone = (1560, 1609), (1560, 1610)
    said = [
        cause("odown_at", "elected_at", *((at, "unresolved") for at in times), text="redis-0.redis", ping_ms=-60)
        for times in gone
    ]
    assert said[0] == "unexplained"
    assert "was 10 ms late in all for DNS lookups of a deleted name" in said[1]
    assert "save" in cause("odown_at", "elected_at", (1565, "+new-epoch"), (1610, "+vote-for-leader"))


def check_first_write(judge: Judge, kill: Any, _: Any) -> None:
    """The clients wait for the later of two, and for the resolver."""

    def cause(left_ms: float, *lookup: float) -> str:
        story = kill()
        bounds = tuple(
            Bound(name="first_write_at", origin=begin, lower_ms=0, upper_ms=upper_ms, because="so", alternative=True)
            for begin, upper_ms in (("dead_at", left_ms), ("promoted_at", 150))
        )
        story.believe(prediction=Prediction(failover=True, because="so", bounds=bounds))
        for client, since in zip((2, 3), lookup, strict=False):
            story.event(2015, "probe", "lookup", since=since, client=client, name="redis-0.redis")
        return judge(story.history()).phases[0].cause

    assert cause(1600) == ""
    assert cause(1200) == "unexplained"
    assert "215 ms" in cause(1200, 1800)
    assert cause(1200, 1990, 1800) == "unexplained"


def check_missed_hello(judge: Judge, kill: Any, _: Any) -> None:
    """Only where the leader is the first to announce it, and no later than with the next hello."""

    def cause(first: str, at: float) -> str:
        story = kill()
        story.believe(sentinels=tuple(replace(view, ping_period_ms=900) for view in story.environment.sentinels))
        bound = Bound(name="first_switch_at", origin="promoted_at", lower_ms=0, upper_ms=1000, because="so")
        story.believe(prediction=Prediction(failover=True, because="so", bounds=(bound,)))
        story.deleted(400, 500)
        story.events = [event for event in story.events if event.label != "+switch-master"]
        for when in (1750, 3000):
            story.event(when, "log:redis-0", "unresolved", "redis-0.redis", since=when - 1)
        story.switch(at, first)
        return judge(story.history()).phases[0].cause

    assert "missed a hello" in cause("redis-2", 4700)
    assert cause("redis-1", 4700) == "unexplained"
    assert cause("redis-2", 5100) == "unexplained"


def check_deleted(judge: Judge, kill: Any, _: Any) -> None:
    """A planned failover before any Sentinel found it down, or missed; its name gone before its process or not."""
    found_down = ("+sdown", "+odown", "+try-failover")
    expected = Bound(name="elected_at", origin="fault_at", lower_ms=0, upper_ms=12000, because="its patience")
    missed = Bound(name="sdown_at", origin="fault_at", lower_ms=1100, upper_ms=1200, because="D")
    both = Prediction(failover=True, because="so", bounds=(missed,), planned_failover=(expected,))
    story = kill()
    story.deleted(1550, 2500)
    story.events = [
        event
        for event in story.events
        if event.label not in found_down and not (event.label == "+switch-master" and event.source.endswith(":redis-0"))
    ]
    story.switch(3450, "redis-0")
    story.event(1540, "kubernetes:redis-0", "pod-ready", pod="redis-0")
    story.believe(prediction=both)
    told = judge(story.history())
    assert told.timeline.planned_failover
    assert [phase.name for phase in told.phases] == ["elected_at"]
    assert (ms(told, "last_switch_at"), ms(told, "asked_at")) == (1447.0, 0.0)
    assert "ready_at" not in told.timeline.instants
    story.believe(prediction=Prediction(failover=True, because="so", bounds=(missed, *BOUNDS)))
    assert [phase.name for phase in judge(story.history()).phases] == ["promoted_at", "first_switch_at"]

    silent = kill()
    silent.deleted(400, 530)
    silent.events = [
        event for event in silent.events if not (event.label == "+switch-master" and event.source.endswith(":redis-0"))
    ]
    silent.believe(prediction=both)
    told = judge(silent.history())
    fault = told.timeline.at("fault_at")
    assert not told.timeline.planned_failover
    assert fault is not None
    assert (fault.latest_ns - fault.earliest_ns) / 1e6 == 21.0
    assert "last_switch_at" in told.timeline.instants
    assert "received SIGTERM before" in told.phases[0].cause
    shut = kill()
    shut.deleted(400, 530, fault=stop_node("master"))
    shut.believe(prediction=both)
    assert judge(shut.history()).phases[0].cause == "unexplained"
    silent.believe(prediction=replace(both, bounds=(replace(missed, lower_ms=1111),)))
    assert judge(silent.history()).phases[0].cause == "unexplained"
    silent.event(900, "log:redis-2", "unresolved", "redis-1.redis", since=899)
    assert judge(silent.history()).phases[0].cause == "unexplained"
    silent.event(900, "log:redis-2", "unresolved", "redis-0.redis", since=899)
    assert "its DNS record was removed" in judge(silent.history()).phases[0].cause

    unasked = kill()
    unasked.events = [event for event in unasked.events if event.label not in found_down]
    assert not judge(unasked.history()).timeline.planned_failover


def _message_of(event: Any, sentinel: str) -> bool:
    return isinstance(event, SentinelMessage) and event.teller == sentinel


def check_a_late_vote(judge: Judge, kill: Any, _: Any) -> None:
    """A failover not predicted is excused only where an election without a majority ended with a Sentinel's return."""
    for change, excused in (
        (dict[str, Any](), True),
        ({"pods": ("redis-1",)}, True),
        ({"back": 1570}, False),
        ({"back": 1700}, False),
        ({"known": 3}, False),
        ({"tried": 1630}, False),
        ({"by": "redis-0"}, False),
        ({"failover": False}, False),
    ):
        story = outvoted(kill, **{"back": 1600, **change})
        story.event(2900, "sentinel:redis-2", "+try-failover", MASTER)  # a later one
        told = finding(judge(story.history()), "failover.expected").text
        assert ("could vote again" in told) is excused


def check_asked(judge: Judge, kill: Any, _: Any) -> None:
    """What a Sentinel answers at the end counts, whatever it announced."""
    for named, verdict in (("10.0.0.1:6379", Verdict.PASS), ("10.0.0.2:6379", Verdict.FAIL)):
        story = kill()
        story.events = [event for event in story.events if not _message_of(event, "redis-1")]
        story.asked(redis_1=named)
        assert seen(judge(story.history()), "convergence.sentinels_agree") is verdict
    for second, verdict in (("first", Verdict.FAIL), ("second", Verdict.PASS)):
        story = kill()
        story.events = [event for event in story.events if not event.source.endswith(":redis-1")]
        for at, run_id in ((10, "first"), (3100, second)):
            story.event(at, "sentinel:redis-1", "sentinel-up", sentinel="redis-1", run_id=run_id)
        assert seen(judge(story.history()), "convergence.sentinels_agree") is verdict


def check_elsewhere(judge: Judge, kill: Any, tell: Any) -> None:
    """A Sentinel that names the address that the master has left does not agree, however it came to name it."""

    def agreed(story: Any, server: str, *addresses: str) -> bool:
        for at, address in enumerate(addresses, start=3500):
            story.event(at, f"server:{server}", "server-up", server=server, address=f"{address}:6379", run_id="b")
        return "; all 3 did" in finding(judge(story.history()), "convergence.sentinels_agree").text

    assert not agreed(kill(), "redis-1", "10.0.0.9")
    assert agreed(kill(), "redis-1", "10.0.0.9", "10.0.0.1")
    for place, good in (("10.0.0.0:6379", False), ("redis-0.redis:6379", True), ("192.168.0.1:30000", True)):
        story = tell()
        story.believe(sentinels=tuple(replace(view, master_address=place) for view in story.environment.sentinels))
        story.deleted(100, 500)
        story.final(0, (), role="master")
        assert agreed(story, "redis-0", "10.0.0.9") is good


def check_two_masters(judge: Judge, kill: Any, _: Any) -> None:
    def verdict(*, seconds: float, written: bool = True) -> Verdict:
        story = kill(two_masters_s=seconds, max_lost=None)
        for key, at in ((350, 1800), (351, 1900)) if written else ():
            story.write(key, at, server=0)
        return seen(judge(story.history()), f"convergence.{'two_masters' if seconds else 'one_master'}")

    assert verdict(seconds=0) is Verdict.FAIL
    assert verdict(seconds=0, written=False) is Verdict.PASS
    assert verdict(seconds=1) is Verdict.PASS
    assert verdict(seconds=0.1) is Verdict.FAIL
    assert verdict(seconds=1, written=False) is Verdict.FAIL


def check_error_bars(judge: Judge, kill: Any, _: Any) -> None:
    story = kill()
    bound = Bound(name="promoted_at", origin="elected_at", lower_ms=0, upper_ms=130, because="so")
    story.believe(prediction=Prediction(failover=True, because="so", bounds=(bound,)))

    assert judge(story.history()).phases[0].inside
    for upper_ms, inside in ((300, True), (299, False)):
        coarse = kill()
        bound = Bound(name="elected_at", origin="odown_at", lower_ms=0, upper_ms=upper_ms, because="so")
        coarse.believe(prediction=Prediction(failover=True, because="so", bounds=(bound,)))
        coarse.events = [event for event in coarse.events if event.label != "+elected-leader"]
        coarse.event(1860, "sentinel:redis-2", "+elected-leader", MASTER, since=1560)
        assert judge(coarse.history()).phases[0].inside is inside


def check_what_a_cause_can_take(judge: Judge, kill: Any, _: Any) -> None:
    for late_ms, known in ((30_000, True), (30_001, False)):
        story = kill()
        bound = Bound(name="elected_at", origin="odown_at", lower_ms=0, upper_ms=50, because="so")
        story.believe(prediction=Prediction(failover=True, because="so", bounds=(bound,)))
        story.events = [event for event in story.events if event.label != "+elected-leader"]
        story.event(1600, "sentinel:redis-1", "+tilt", "")
        story.event(1610 + late_ms, "sentinel:redis-2", "+elected-leader", MASTER)
        assert ("TILT" in judge(story.history()).phases[0].cause) is known


def check_expectation(judge: Judge, kill: Any, _: Any) -> None:
    assert seen(judge(kill(failover=False).history()), "failover.expected") is Verdict.FAIL


def check_who_may_cost_a_master(judge: Judge, kill: Any, _: Any) -> None:
    for pod, at, allowed in (("redis-2", 3020, 1), ("redis-0", 3020, 1), ("redis-1", 3020, 2), ("redis-0", 1750, 2)):
        story = kill()
        story.fault(at, pod=pod, number=1)
        assert f"expected {allowed} changes" in finding(judge(story.history()), "failover.once").text


def check_assumptions(judge: Judge, kill: Any, _: Any) -> None:
    def spoil(name: str, how: Callable[[Any], Any]) -> None:
        story = kill()
        how(story)
        told = judge(story.history())
        assert seen(told, f"assumptions.{name}") is Verdict.UNKNOWN
        assert told.verdict is Verdict.UNKNOWN

    def late(story: Any) -> None:
        for key in range(20):
            story.write(900 + key, 3400, server=1, cause=Cause.READONLY, late=30)

    def never_lost(story: Any) -> None:
        story.samples = [row for row in story.samples if row[5] != Role.UNREACHABLE]
        story.events = [event for event in story.events if event.label != "server-up"]

    def without(story: Any, keys: range) -> None:
        story.operations = [row for row in story.operations if row[0] not in keys]
        for name, final in story.finals.items():
            kept = final.keys[~np.isin(final.keys, keys)]
            story.finals[name] = replace(final, keys=kept, dbsize=len(kept))

    def before(story: Any, **final: str) -> None:
        story.believe(servers=tuple(replace(each, evicted_keys=1) for each in story.environment.servers))
        for name in story.finals:
            story.finals[name] = replace(story.finals[name], evicted_keys=1)
        story.final(2, story.finals["redis-2"].keys, evicted_keys=1, **final)
        story.final(0, story.finals["redis-0"].keys, evicted_keys=0, run_id="run-0b")

    spoil("clean", lambda story: story.believe(keys_before=1))
    spoil("healthy_before", lambda story: story.believe(healthy_before=False))
    spoil("history", lambda story: setattr(story, "problems", ("torn",)))
    spoil("load", lambda story: without(story, range(30)))
    spoil("load", lambda story: without(story, range(5, 40)))
    spoil("punctual", late)
    spoil("awake", lambda story: story.event(1400, "probe", "probe-stalled", since=1198))
    spoil(
        "fault_proved",
        lambda story: setattr(story, "events", [e for e in story.events if not isinstance(e, FaultEvent)]),
    )
    spoil("fault_seen", never_lost)
    spoil("heal_seen", lambda story: story.fault(3000, number=1))
    spoil("heal_seen", lambda story: (story.fault(3295, number=1), story.undone(3290, 3294, number=1)))
    spoil("fault_seen", lambda story: story.sample(0, 1000, Role.MASTER, offset=9))
    spoil("final_reads", lambda story: story.final(2, (), run_id_after="other"))
    spoil("nothing_dropped", lambda story: story.final(2, (), evicted_keys=1))
    spoil("nothing_dropped", lambda story: story.event(499, "harness", "dropped", server="redis-0", evicted_keys=1))
    spoil("nothing_dropped", lambda story: before(story, run_id="another"))
    earlier = kill()
    before(earlier)
    assert seen(judge(earlier.history()), "assumptions.nothing_dropped") is Verdict.PASS
    spoil("last_write", lambda story: without(story, range(250, 350)))
    spoil("last_write", lambda story: story.write(900, 3499, server=1, cause=Cause.TIMEOUT))
    gone = kill()
    gone.silence(0, 500)
    gone.events = [event for event in gone.events if event.label != "server-up"]
    assert seen(judge(gone.history()), "assumptions.fault_seen") is Verdict.PASS


def check_stalls(judge: Judge, kill: Any, _: Any) -> None:
    """The probe's own part of a gap, cut to it; what it did before the load counts for nothing."""
    story = kill(max_outage_s=1.5)
    for since, until in ((-900, -100), (600, 660), (2000, 2090)):
        story.event(until, "probe", "probe-stalled", since=since)
    told = judge(story.history())
    assert round(told.availability.gap.stalled_ms) == 81
    assert seen(told, "assumptions.awake") is Verdict.PASS
    assert seen(told, "availability.outage") is Verdict.UNKNOWN


def check_unsound_is_unknown(judge: Judge, kill: Any, _: Any) -> None:
    story = kill(lost=(49,))
    story.believe(keys_before=1)

    told = judge(story.history())
    assert (told.verdict, seen(told, "judge.sound")) == (Verdict.UNKNOWN, Verdict.UNKNOWN)


def check_proven_beside_unsound_fails(judge: Judge, kill: Any, _: Any) -> None:
    for spoiled in (kill(lost=(49,)), kill(max_lost=None)):
        spoiled.write(350, 1800, server=0)
        for key in range(20):
            spoiled.write(351 + key, 3400, server=1, late=30, client=3 + key)
        told = judge(spoiled.history())
        assert told.verdict is Verdict.FAIL
        assert seen(told, "convergence.one_master") is Verdict.FAIL
        assert seen(told, "failover.expected") is Verdict.UNKNOWN


def check_a_raising_judge(judge: Judge, kill: Any, _: Any) -> None:
    story = kill()
    story.finals["redis-2"] = None

    assert "judge.ledger" in {finding.name for finding in judge(story.history()).findings}


def calm(kill: Any) -> Any:
    """The kill's story without a fault, and without what follows from one."""
    story = kill(failover=False)
    story.plan = replace(story.plan, faults=())
    story.events = [
        event
        for event in story.events
        if event.label in ("phase", "load-begin", "load-end", "connected", "sentinel-up")
    ]
    story.operations, story.samples = [], []
    for key in range(350):
        story.write(key, key * 10)
    for at in range(0, 3700, 20):
        story.sample(0, at, Role.MASTER, offset=at)
        for server in (1, 2):
            story.sample(server, at + 3, Role.REPLICA, offset=at, source=0)
    for server, role in enumerate(("master", "replica", "replica")):
        story.final(server, range(350), role=role)
    return story


def check_what_nobody_injected(judge: Judge, kill: Any, _: Any) -> None:
    def verdicts(story: Any) -> tuple[Verdict, Verdict]:
        told = judge(story.history())
        return told.verdict, seen(told, "unplanned.changes")

    assert verdicts(calm(kill)) == (Verdict.PASS, Verdict.PASS)
    manual = kill()
    manual.samples = [
        (*row[:5], Role.MASTER if row[5] == Role.UNREACHABLE else row[5], *row[6:]) for row in manual.samples
    ]
    manual.plan = replace(manual.plan, faults=())
    manual.events = [event for event in manual.events if not event.label.startswith(("fault-", "heal-"))]
    assert verdicts(manual) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    manual.expect(failover=False)
    assert verdicts(manual) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    told = judge(manual.history())
    assert (told.timeline.failover, told.timeline.new_master, len(told.timeline.switches)) == (True, "redis-1", 3)
    early = kill()
    early.switch(100, "redis-0", new=2)
    assert seen(judge(early.history()), "unplanned.changes") is Verdict.UNKNOWN
    assert seen(judge(kill().history()), "unplanned.changes") is Verdict.PASS
    restarted = kill()
    restarted.event(3000, "server:redis-2", "server-up", server="redis-2", address=TWO, run_id="another")
    restarted.final(2, restarted.finals["redis-1"].keys, run_id="another")
    assert verdicts(restarted) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    loose = calm(kill)
    loose.sample(2, 3690, Role.REPLICA, offset=3690)
    assert verdicts(loose) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    told = kill()
    told.event(3000, "sentinel:redis-1", "+set", f"{MASTER} down-after-milliseconds 60000")
    assert verdicts(told) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    other = kill()
    other.event(300, "sentinel:redis-1", "+switch-master", "cache 10.0.9.0 6379 10.0.9.1 6379")
    assert verdicts(other) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    assert len(judge(other.history()).timeline.switches) == 3


def check_the_untouched(judge: Judge, kill: Any, _: Any) -> None:
    def changes(story: Any) -> Verdict:
        return seen(judge(story.history()), "unplanned.changes")

    for until, verdict in ((3300, Verdict.UNKNOWN), (3180, Verdict.PASS)):
        silent = kill()
        silent.silence(2, 2200, until)
        assert changes(silent) is verdict
    silent = kill()
    silent.silence(2, 2200, 3300)
    silent.event(2500, "probe", "probe-stalled", since=2300)
    assert changes(silent) is Verdict.PASS
    restarted = kill()
    restarted.event(100, "server:redis-0", "server-up", server="redis-0", run_id="b", address="10.0.0.0:6379")
    assert changes(restarted) is Verdict.UNKNOWN
    lost = kill()
    lost.event(3300, "sentinel:redis-1", "sentinel-down", sentinel="redis-1")
    assert changes(lost) is Verdict.UNKNOWN
    for spoiled, text, verdict in (
        (kill(), MASTER, Verdict.UNKNOWN),
        (calm(kill), MASTER, Verdict.UNKNOWN),
        (kill(), f"slave {TWO} 10.0.0.2 6379 @ mymaster 10.0.0.0 6379", Verdict.PASS),
    ):
        spoiled.event(300, "sentinel:redis-1", "+sdown", text)
        assert changes(spoiled) is verdict
    _untouched_roles(judge, kill)
    quiet = kill()
    quiet.events = [event for event in quiet.events if not event.source.startswith(("sentinel:", "log:"))]
    quiet.asked()
    told = judge(quiet.history())
    assert (changes(quiet), seen(told, "failover.expected")) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    assert "redis-1 is master at the end" in finding(told, "unplanned.changes").text
    assert "redis-1 is master at the end" in finding(told, "failover.expected").text
    for name in ("redis-0", "redis-1", "redis-2"):
        quiet.fault(495, pod=name, container="sentinel", number=1)
        quiet.event(496, f"sentinel:{name}", "sentinel-down", sentinel=name)
    assert "is master at the end" not in finding(judge(quiet.history()), "unplanned.changes").text


def _untouched_roles(judge: Judge, kill: Any) -> None:
    """Masters that no Sentinel made, failovers that were requested, and writes that stood still."""

    def changes(story: Any) -> Verdict:
        return seen(judge(story.history()), "unplanned.changes")

    made, chosen, hit = kill(), kill(), kill()
    for story in (made, chosen, hit):
        story.sample(2, 2211, Role.MASTER, offset=2211)
    chosen.event(1700, "sentinel:redis-2", "+selected-slave", f"slave {TWO} 10.0.0.2 6379 @ {MASTER[7:]}")
    hit.fault(2000, pod="redis-2", number=1)
    assert [changes(story) for story in (made, chosen, hit)] == [Verdict.UNKNOWN, Verdict.PASS, Verdict.PASS]
    for fault, pod, named in (
        (stop("redis-0"), "redis-0", False),
        (rolling_upgrade(), "redis-0", False),
        (stop("redis-2"), "redis-2", True),
        (None, "redis-0", True),
    ):
        requested = kill()
        requested.events = [event for event in requested.events if event.label not in ("+odown", "fault-effect")]
        requested.events = [event for event in requested.events if event.label != "fault-begin"]
        requested.fault(500, pod=pod)
        if fault:
            requested.planned(fault)
        assert ("on request" in finding(judge(requested.history()), "unplanned.changes").text) is named
    twice = kill()
    twice.event(3505, "sentinel:redis-0", "+try-failover", MASTER)
    twice.event(3510, "sentinel:redis-0", "+elected-leader", MASTER)
    for name in ("redis-0", "redis-1", "redis-2"):
        twice.switch(3515, name, old=1, new=2)
    assert seen(judge(twice.history()), "failover.once") is Verdict.PASS
    followed, chained, back = calm(kill), calm(kill), kill()
    followed.sample(2, 1211, Role.REPLICA, offset=1211, source=1)
    chained.samples = [(*row[:4], 1, *row[5:]) if row[3] == 2 else row for row in chained.samples]
    back.sample(0, 3611, Role.REPLICA, offset=3611, source=2)
    assert [changes(story) for story in (followed, chained, back)] == [Verdict.UNKNOWN, Verdict.PASS, Verdict.PASS]
    stopped = kill()
    for name in ("redis-0", "redis-1", "redis-2"):
        stopped.switch(3515, name, old=1, new=2)
    assert seen(judge(stopped.history()), "failover.once") is Verdict.FAIL
    stopped.silence(1, 2300, 3600)
    assert seen(judge(stopped.history()), "failover.once") is Verdict.PASS
    asked = kill()
    asked.events = [event for event in asked.events if event.label != "+odown"]
    assert seen(judge(asked.history()), "failover.expected") is Verdict.PASS
    changed = kill(failover=False)
    assert seen(judge(changed.history()), "failover.expected") is Verdict.FAIL
    changed.event(3600, "harness", "setting-changed", server="redis-1", setting="save", before="", now="60 1")
    assert seen(judge(changed.history()), "failover.expected") is Verdict.UNKNOWN
    told = {"server": "redis-0", "commands": "", "usual": ""}
    used, killed = kill(), kill()
    used.event(3600, "harness", "executed", **{**told, "run_id": "run-0", "usual": "CONFIG SET 1"})
    killed.event(499, "harness", "executed", **{**told, "run_id": "run-0", "commands": "CLIENT KILL 1"})
    killed.event(3600, "harness", "executed", **{**told, "run_id": "run-0b", "usual": "CONFIG SET 1"})
    assert seen(judge(used.history()), "assumptions.left_alone") is Verdict.PASS
    assert seen(judge(killed.history()), "assumptions.left_alone") is Verdict.UNKNOWN
    written, flying = kill(), kill()
    own = sum(int(row["outcome"]) != Result.FAIL for row in written.history().operations)
    for story, more in ((written, 1), (flying, 0)):
        story.event(4000, "harness", "executed", **{**told, "run_id": "run-0", "sets": own + more})
    assert seen(judge(written.history()), "assumptions.left_alone") is Verdict.UNKNOWN
    assert seen(judge(flying.history()), "assumptions.left_alone") is Verdict.PASS
    slow, went = kill(), kill()
    slow.silence(1, 3400)
    went.silence(1, 2300)
    assert seen(judge(slow.history()), "convergence.redundant") is Verdict.FAIL
    assert seen(judge(went.history()), "convergence.redundant") is Verdict.UNKNOWN
    over = kill()
    over.event(1590, "sentinel:redis-2", "+try-failover", MASTER)
    over.event(1600, "sentinel:redis-2", "-odown", MASTER)
    assert changes(over) is Verdict.PASS
    still, stalled = calm(kill), calm(kill)
    stalled.event(1500, "probe", "probe-stalled", since=1300)
    for story in (still, stalled):
        story.operations = [row for row in story.operations if not ns(1200) < row[1] < ns(2300)]
    assert (changes(still), changes(stalled)) == (Verdict.UNKNOWN, Verdict.PASS)


def check_silence_is_no_agreement(judge: Judge, kill: Any, _: Any) -> None:
    down = kill()
    down.event(3000, "sentinel:redis-2", "sentinel-down", sentinel="redis-2")
    unasked = kill()
    unasked.asked()
    unasked.events = [event for event in unasked.events if getattr(event, "sentinel", "") != "redis-2"]
    for story in (down, unasked):
        told = judge(story.history())
        assert (told.verdict, seen(told, "convergence.sentinels_agree")) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    down.asked()
    assert seen(judge(down.history()), "convergence.sentinels_agree") is Verdict.PASS
    waited = kill()
    waited.event(3550, "harness", "wait-timeout", reason="waited 30 s for equal replication offsets")
    assert judge(waited.history()).verdict is Verdict.UNKNOWN


def check_two_masters_before_any_promotion(judge: Judge, kill: Any, _: Any) -> None:
    both = calm(kill)
    both.write(350, 1000, server=2, client=3)
    both.final(0, [*range(350), 350], role="master")
    assert seen(judge(both.history()), "convergence.one_master") is Verdict.FAIL
    taken_over = calm(kill)
    taken_over.write(350, 3499, server=2, took=90, client=3)
    assert seen(judge(taken_over.history()), "convergence.one_master") is Verdict.PASS


def check_writes_refused_in_part_up_to_the_end(judge: Judge, kill: Any, _: Any) -> None:
    def told(causes: Callable[[int, int], Cause], back: int = 2020) -> Verdict:
        """back: when the outage ends for both clients."""
        story = kill()
        story.plan = replace(
            story.plan, load=Load(writers=(Writers(count=2, rate=200.0, timeout_ms=500),), min_share=0.0)
        )
        story.operations = [
            (*row[:5], 1, NO_SERVER, 0, Cause.REFUSED, *row[9:])
            if row[8] == Cause.NONE and ns(1500) <= row[1] < ns(back)
            else (*row[:5], 1, *row[6:])
            for row in story.operations
        ]
        for key, at in enumerate(range(0, 3490, 5), start=350):
            cause = Cause.REFUSED if 500 <= at < back else causes(key, at)
            server = NO_SERVER if cause is Cause.REFUSED else 0 if at < 500 else 1
            story.write(key, at, client=2, server=server, cause=cause)
        return seen(judge(story.history()), "availability.restored")

    def refused(every: int, since: int, cause: Cause = Cause.NOREPLICAS) -> Callable[[int, int], Cause]:
        return lambda key, at: cause if at >= since and key % every == 0 else Cause.NONE

    assert told(refused(2, 2020)) is Verdict.UNKNOWN
    assert told(refused(2, 2020, Cause.WAITING)) is Verdict.PASS
    assert told(refused(2, 0)) is Verdict.PASS
    assert told(refused(20, 2020)) is Verdict.PASS
    assert told(refused(2, 3300)) is Verdict.PASS
    assert told(refused(2, 3300), back=3400) is Verdict.PASS


def check_how_far_replicas_are(judge: Judge, kill: Any, _: Any) -> None:
    def told(*replicas: int, owns_data: bool = True) -> tuple[Verdict, Verdict]:
        """replicas: where redis-2 stands still, by its watcher, and by its final read."""
        story = kill()
        story.believe(owns_data=owns_data)
        story.sample(1, 3570, Role.MASTER, offset=35800)
        story.sample(1, 3660, Role.MASTER, offset=35800)
        by_watcher, by_read = replicas
        story.samples = [(*row[:2], min(row[2], by_watcher), *row[3:]) if row[3] == 2 else row for row in story.samples]
        story.final(2, story.finals["redis-2"].keys, offset=by_read)
        judgement = judge(story.history())
        return seen(judgement, "convergence.redundant"), seen(judgement, "assumptions.final_reads")

    assert told(35400, 35400) == (Verdict.PASS, Verdict.PASS)
    assert told(35399, 35399) == (Verdict.FAIL, Verdict.PASS)
    assert told(35400, 35399) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    assert told(35300, 35300, owns_data=False) == (Verdict.PASS, Verdict.PASS)
    late = kill()
    late.samples = [
        (*row[:2], 1000, *row[3:]) if row[3] == 2 and ns(2100) <= row[0] < ns(3500) else row for row in late.samples
    ]
    assert ms(judge(late.history()), "redundant_at") > 2950
    ahead = kill()
    ahead.sample(1, 3660, Role.MASTER, offset=35800)
    ahead.final(1, ahead.finals["redis-1"].keys, role="master", offset=35801)
    assert seen(judge(ahead.history()), "assumptions.final_reads") is Verdict.UNKNOWN
    busy = kill()
    busy.sample(1, 3655, Role.LOADING, offset=1)
    assert seen(judge(busy.history()), "assumptions.final_reads") is Verdict.PASS


def check_what_moved(judge: Judge, kill: Any, _: Any) -> None:
    elsewhere = "slave 10.0.0.9:6379 10.0.0.9 6379 @ mymaster 10.0.0.0 6379"

    def changes(story: Any) -> Verdict:
        return seen(judge(story.history()), "unplanned.changes")

    def learned(at: float, text: str = elsewhere, *, sentinel: str = "redis-0") -> Any:
        story = kill()
        story.event(at, f"sentinel:{sentinel}", "+slave", text)
        return story

    assert changes(learned(700)) is Verdict.UNKNOWN
    assert changes(learned(2001)) is Verdict.PASS
    assert changes(learned(700, f"slave {TWO} 10.0.0.2 6379 @ mymaster 10.0.0.0 6379")) is Verdict.PASS
    hit = learned(700, sentinel="redis-2")
    hit.fault(600, pod="redis-2", container="sentinel", number=1)
    assert changes(hit) is Verdict.PASS
    passed_on = kill()
    for number, address in enumerate((TWO, "10.0.0.9:6379"), start=8):
        where = {"server": "redis-1", "run_id": "run-1", "address": address}
        passed_on.event(2100, "probe", "connected", connection=number, client=number, **where)
    assert changes(passed_on) is Verdict.PASS


def check_a_tilt_without_a_fault(judge: Judge, kill: Any, _: Any) -> None:
    story = calm(kill)
    story.event(3000, "sentinel:redis-2", "+tilt", "#tilt mode entered")
    assert seen(judge(story.history()), "unplanned.changes") is Verdict.UNKNOWN


def check_clients_of_an_entrance(judge: Judge, kill: Any, _: Any) -> None:
    story = beside(kill, back=2600, stale=(2100, 2200), max_lost=None)
    for number, pod in enumerate(("redis-0", "redis-2")):
        story.event(2090 - number, "kubernetes", "pod-ready", pod=pod, uid="u")
    found = judge(story.history())
    outage, writes = (finding(found, f"entrances.{name}").text for name in ("outage", "writes"))
    assert "master:" not in outage
    first = "redis-0, which answered first, became ready 11 ms before that"
    assert outage.endswith(f"7 found nothing that accepted a connection; {first}")
    late = finding(judge(beside(kill, back=2500).history()), "entrances.outage").text
    assert "480 ms later: 27 found nothing that accepted a connection, 20 were sent to a replica" in late
    assert writes.endswith("149 acknowledged, 10 of them by redis-0, which was not the master, 10 lost")
    assert seen(judge(beside(kill, never=True).history()), "entrances.outage") is Verdict.UNKNOWN


CHECKS = [check for name, check in list(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_checks_hold_for_the_judges_as_they_are(check: Any, kill: Any, tell: Any) -> None:
    check(load(UNCHANGED), kill, tell)


@pytest.mark.parametrize(
    ("name", "edit"),
    [(name, edit) for name, edits in MUTANTS.items() for edit in edits],
    ids=lambda part: part if isinstance(part, str) else label(part),
)
def test_every_mutant_is_noticed(name: str, edit: Edit, kill: Any, tell: Any) -> None:
    assert is_noticed(edit, globals()[name], kill, tell), f"{name} does not notice {label(edit)}"
