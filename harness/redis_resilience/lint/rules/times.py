"""Sentinel's times compared with each other and with what they wait for."""

from __future__ import annotations

from redis_resilience.lint.rule import Answers, Hit, Missing, Needs, Rule, value
from redis_resilience.lint.setup import Setup
from redis_resilience.model.lint import Severity

_TICKS_MS = 200
"""Two runs of Sentinel's timer."""
_RESTART_MS = (1000, 2000)
"""A container that is restarted in place is back within this time (measured)."""
_LONG_DOWN_MS = 30_000
_LONG_RETRY_MS = 120_000
_TRANSFER_MS = 5000
"""The least time that a replica gets to receive the data, once a full synchronisation has begun."""


def _below_ping(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        down = value(sentinel.settings, "down-after-milliseconds")
        ping = value(sentinel.settings, "ping-period")
        if isinstance(down, Missing) or isinstance(ping, Missing):
            yield from (each for each in (down, ping) if isinstance(each, Missing))
        elif 0 < down.number < ping.number + _TICKS_MS:
            yield Hit(seen=f"D = {down.value} ms, PINGs every {ping.value} ms", where=down.where)


def _long(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        down = value(sentinel.settings, "down-after-milliseconds")
        if isinstance(down, Missing):
            yield down
        elif down.number >= _LONG_DOWN_MS:
            yield Hit(seen=f"D = {down.number / 1e3:g} s", where=down.where)


def _back_in_time(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        down = value(sentinel.settings, "down-after-milliseconds")
        if isinstance(down, Missing):
            yield down
        elif down.number > _RESTART_MS[1]:
            yield Hit(seen=f"D = {down.number / 1e3:g} s, a container is back after 1 to 2 s", where=down.where)


def _restart_window(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        down = value(sentinel.settings, "down-after-milliseconds")
        if isinstance(down, Missing):
            yield down
        elif _RESTART_MS[0] <= down.number < _RESTART_MS[1]:
            yield Hit(
                seen=f"down-after-milliseconds {down.value}, a container is back after 1000 to 2000 ms",
                where=down.where,
            )


def _below_resync(setup: Setup) -> Answers:
    delays = [seen for server in setup.servers if (seen := server.settings.get("repl-diskless-sync-delay"))]
    delay = max(delays, key=lambda seen: seen.number, default=None)
    for sentinel in setup.sentinels:
        timeout = value(sentinel.settings, "failover-timeout")
        if isinstance(timeout, Missing):
            yield timeout
        elif delay is None:
            yield Missing(text="repl-diskless-sync-delay of the servers is not seen", where=sentinel.name)
        elif 0 < timeout.number < delay.number * 1000 + _TRANSFER_MS:
            yield Hit(
                seen=f"failover-timeout {timeout.number / 1e3:g} s; a full synchronisation begins after "
                f"{delay.value} s, and needs some",
                where=timeout.where,
            )


def _retry_late(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        timeout = value(sentinel.settings, "failover-timeout")
        if isinstance(timeout, Missing):
            yield timeout
        elif 2 * timeout.number >= _LONG_RETRY_MS:
            yield Hit(
                seen=f"failover-timeout {timeout.number / 1e3:g} s: the next attempt after {timeout.number / 500:g} s",
                where=timeout.where,
            )


def _all_at_once(setup: Setup) -> Answers:
    replicas = setup.server_count - 1
    for sentinel in setup.sentinels:
        parallel = value(sentinel.settings, "parallel-syncs")
        if isinstance(parallel, Missing):
            yield parallel
        elif replicas > 2 and parallel.number >= replicas - 1:
            yield Hit(seen=f"parallel-syncs {parallel.value}, {replicas} replicas", where=parallel.where)


_SENTINELS = (Needs.SENTINELS,)

RULES = (
    Rule(
        id="down-after-below-ping",
        severity=Severity.ERROR,
        about="down-after-milliseconds below Sentinel's PING period",
        why="After a switch a Sentinel may reach the new master only one PING period later. Until then it counts as "
        "silent, and a D below that replaces a healthy master.",
        source="measured: 9 of 9 kills at D = 300 ms were followed by further failovers; redis#8607",
        fix="D of 2 s or more, unless PINGs are made more frequent too (SENTINEL DEBUG ping-period).",
        scenario="master-kill",
        needs=_SENTINELS,
        check=_below_ping,
    ),
    Rule(
        id="down-after-long",
        severity=Severity.WARNING,
        about="down-after-milliseconds of half a minute or more",
        why="Writes stop for D and a second or two, each time that the master is lost.",
        source="the documents' own 60 s; Sentinel's default is 30 s",
        fix="D of 5 s to 10 s is enough for most networks.",
        scenario="master-kill",
        needs=_SENTINELS,
        check=_long,
    ),
    Rule(
        id="restart-within-down-after",
        severity=Severity.NOTE,
        about="a restarted container is back within down-after-milliseconds",
        why="Then there is no failover: the outage is the restart and the loading of the data, which Sentinel takes "
        "for being available however long it lasts.",
        source="helm/charts#21287; Sentinel counts LOADING as an answer",
        fix="Nothing where data is small and kept. Else master-reboot-down-after-period (7.0), or a shorter D.",
        scenario="master-back-in-time",
        needs=_SENTINELS,
        check=_back_in_time,
    ),
    Rule(
        id="down-after-in-restart-window",
        severity=Severity.WARNING,
        about="a container is restarted just when the Sentinels vote",
        why="The old master is back, and takes writes, in the same moment in which another is promoted: which of the "
        "two wins is chance, and writes to the one that loses are thrown away.",
        source="measured on kind, a chart with 1500 ms: 59 % and 62 % of all acknowledged writes lost in two kills",
        fix="down-after-milliseconds of 5000, well after the restart.",
        scenario="master-kill",
        needs=(Needs.SENTINELS, Needs.PODS),
        check=_restart_window,
    ),
    Rule(
        id="failover-timeout-below-resync",
        severity=Severity.WARNING,
        about="failover-timeout shorter than a full synchronisation",
        why="The leader ends the failover before the replicas have followed, and a replica that is slow is re-pointed "
        "while it still synchronises.",
        source="+failover-end-for-timeout; bitnami#6971",
        fix="A failover-timeout of several times the longest full synchronisation; repl-diskless-sync-delay 0 helps.",
        scenario="master-kill",
        needs=_SENTINELS,
        check=_below_resync,
    ),
    Rule(
        id="retry-late",
        severity=Severity.NOTE,
        about="a failed election is repeated only after minutes",
        why="The next attempt comes after twice the failover-timeout. Until then there is no master.",
        source="Sentinel's retry gate; redis#4334; the documents' 180 s make it 6 minutes",
        fix="A failover-timeout of 60 s or less, if full synchronisations are shorter than that.",
        scenario="sentinel-majority-lost",
        needs=_SENTINELS,
        check=_retry_late,
    ),
    Rule(
        id="parallel-syncs-high",
        severity=Severity.NOTE,
        about="nearly all replicas synchronise at once",
        why="While a replica loads the new master's data it serves no reads; with all of them at it there is none to "
        "read from.",
        source="Sentinel's documentation, parallel-syncs",
        fix="parallel-syncs 1.",
        scenario="master-kill",
        needs=(Needs.SENTINELS, Needs.COUNT),
        check=_all_at_once,
    ),
)
