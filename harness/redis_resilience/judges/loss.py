"""Why acknowledged writes are gone: one cause for each, by rules that err in one direction only.

A cause is named where everything that was recorded agrees with it; everything else is `unexplained`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges.evidence import samples_of, server_index
from redis_resilience.judges.masters import Promotion
from redis_resilience.judges.reading import Reading
from redis_resilience.model.columns import Columns
from redis_resilience.model.events import Connected, Link, Role, ServerUp
from redis_resilience.model.history import FinalRead

ASYNC_TAIL = "async tail"  # acknowledged by the old master, not yet replicated to the one promoted
SPLIT_BRAIN = "split brain"  # acknowledged by a server other than the promoted master after the promotion
STALE = "stale master"  # acknowledged by a master that was recreated, and that the one promoted later never followed
WIPE = "wipe"  # a master came back without any of its data, and was final, or copied by the one promoted
NOT_PERSISTED = "not persisted"  # the same with an older state of its data
OUT_OF_SYNC = "promoted out of sync"  # the promoted server had restarted, and had not copied its master since
UNEXPLAINED = "unexplained"
CAUSES = (UNEXPLAINED, ASYNC_TAIL, SPLIT_BRAIN, WIPE, NOT_PERSISTED, STALE, OUT_OF_SYNC)

_FOREVER = np.iinfo(np.int64).max


def offsets_around(reading: Reading, rows: Columns) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The acknowledging master's offset, last sampled before each call and first after each reply; -1 = not known.

    If the neighbouring sample is not that of a master, the process that acknowledged may be gone: nothing is known.
    """
    before = np.full(len(rows), -1, dtype=np.int64)
    after = np.full(len(rows), -1, dtype=np.int64)
    for index in np.unique(rows["server"]):
        own = samples_of(reading, int(index))
        mine = rows["server"] == index
        offsets = np.concatenate((np.where(own["role"] == Role.MASTER, own["offset"], -1), [-1]))
        earlier = np.searchsorted(own["return_ns"], rows["call_ns"][mine], side="right") - 1
        later = np.searchsorted(own["call_ns"], rows["return_ns"][mine], side="left")
        before[mine], after[mine] = offsets[earlier], offsets[later]
    return before, after


def causes(
    reading: Reading,
    rows: Columns,
    *,
    survivors: Columns,
    promotions: tuple[Promotion, ...],
    final: FinalRead,
) -> NDArray[np.uint8]:
    """Index into CAUSES for each lost write. survivors: the acknowledged writes that the final master still holds."""
    found = np.zeros(len(rows), dtype=np.uint8)
    _, offset_after = offsets_around(reading, rows)
    begins = [np.iinfo(np.int64).min, *(announced_ns(change) for change in promotions)]
    masters = [reading.environment.master, *(change.new for change in promotions)]
    for reign, (begin, master) in enumerate(zip(begins, masters, strict=True)):
        end = begins[reign + 1] if reign + 1 < len(begins) else _FOREVER
        during = (rows["return_ns"] > begin) & (rows["return_ns"] <= end)
        by_master = rows["server"] == server_index(reading, master)
        if reign:
            found[during & ~by_master] = CAUSES.index(SPLIT_BRAIN)
        if reign < len(promotions):
            had_it = (offset_after >= 0) & (offset_after <= promotions[reign].offset)
            found[during & by_master & ~had_it] = CAUSES.index(ASYNC_TAIL)
            if _out_of_sync(reading, promotions[reign]):
                earlier = (rows["return_ns"] <= begins[reign + 1]) & (found == CAUSES.index(UNEXPLAINED))
                found[earlier | (during & by_master)] = CAUSES.index(OUT_OF_SYNC)
    again, copied = _first_master_again(reading, promotions)
    if again is not None and copied is False:
        by_first = rows["server"] == server_index(reading, reading.environment.master)
        found[by_first & (rows["call_ns"] >= again) & (rows["return_ns"] <= begins[1])] = CAUSES.index(STALE)
    if again is not None and copied:
        _mark_older(found, rows, survivors, again)
    restart = _restart_ns(reading, final.server, final.run_id_after)
    if restart is not None and masters[-1] == final.server and begins[-1] < restart:
        _mark_older(found, rows, survivors, restart)
    return found


def _mark_older(found: NDArray[np.uint8], rows: Columns, survivors: Columns, restart_ns: int) -> None:
    """What a master that restarted then, and was copied, did not have any more."""
    earlier = rows["call_ns"] < restart_ns
    kept = survivors["call_ns"][survivors["call_ns"] < restart_ns]
    if not len(kept):
        found[earlier] = CAUSES.index(WIPE)
    else:
        found[earlier & (rows["return_ns"] >= kept.max())] = CAUSES.index(NOT_PERSISTED)


def announced_ns(change: Promotion) -> int:
    """When the new master was master for certain."""
    return change.at.latest_ns if change.at else change.switches[0].heard.latest_ns


def _first_master_again(reading: Reading, promotions: tuple[Promotion, ...]) -> tuple[int | None, bool | None]:
    """Since when the first master was a different process, before another server was promoted, and whether that one
    had copied the new process by then.

    None: there was no such process; the promoted one was not sampled meanwhile.
    """
    old = reading.environment.master
    if not promotions or promotions[0].new == old or promotions[0].at is None:
        return None, None
    since = _restart_ns(reading, old)
    if since is None or since >= promotions[0].at.earliest_ns:
        return None, None
    own = samples_of(reading, server_index(reading, promotions[0].new))
    meanwhile = own[(own["call_ns"] >= since) & (own["return_ns"] <= promotions[0].at.earliest_ns)]
    linked = (meanwhile["link"] == Link.CONNECTED) & (meanwhile["source"] == server_index(reading, old))
    return since, bool(linked.any()) if len(meanwhile) else None


def _out_of_sync(reading: Reading, change: Promotion) -> bool:
    """Whether the promoted server was another process by then, and none of its samples since has it linked.

    False where it was not sampled in between: then it may have copied its master.
    """
    if change.at is None:
        return False
    index = server_index(reading, change.new)
    run_id = reading.environment.servers[index].run_id if index >= 0 else ""
    restarted_ns = None
    for event in reading.of(ServerUp):
        if event.server == change.new and event.earliest_ns <= change.at.earliest_ns and event.run_id != run_id:
            restarted_ns, run_id = event.earliest_ns, event.run_id
    if restarted_ns is None:
        return False
    own = samples_of(reading, index)
    since = own[(own["call_ns"] >= restarted_ns) & (own["return_ns"] <= change.at.earliest_ns)]
    return bool(np.any(since["role"] == Role.REPLICA) and not np.any(since["link"] == Link.CONNECTED))


def _restart_ns(reading: Reading, name: str, run_id: str = "") -> int | None:
    """When a process of this server was first met other than the one that the trial began with.

    run_id: that process; "" for any other.
    """
    server = next((known for known in reading.environment.servers if known.name == name), None)
    if server is None or server.run_id == run_id:
        return None
    met = [
        event.earliest_ns
        for event in reading.of(ServerUp, Connected)
        if event.server == name and event.run_id != server.run_id and run_id in ("", event.run_id)
    ]
    return min(met, default=None)
