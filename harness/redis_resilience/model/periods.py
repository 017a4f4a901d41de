"""Sentinel's own periods, and what a PING period set by SENTINEL DEBUG must leave room for.

From redis/redis src/sentinel.c, 4f8cdc2a (2024-10-18); the same from Redis 7.0 on and in Valkey. In the names that it
has there: sentinel_ping_period is the period of PINGs and the least time between two attempts to connect
(sentinelReconnectInstance). A replica is promoted only while its last INFO is no older than 5 x sentinel_ping_period
(sentinelSelectSlave, line 5041), and INFO is asked for once a second while the master is down
(sentinelSendPeriodicCommands). Only the first of these three periods can be changed.
"""

from __future__ import annotations

TICK_MS = 100.0
"""Longest time between two runs of Sentinel's timer: its frequency is 10 to 19 Hz, drawn at random each time."""
PING_MS = 1000
"""Sentinel's own period of PINGs and of attempts to connect; a profile may set another."""
INFO_MS = 1000.0
"""Replicas are asked for INFO this often while their master is down; it is 10 s otherwise."""
ASK_MS = 1000.0
"""sentinel_ask_period: how often a Sentinel asks the others whether the master is down."""
DESYNC_MS = 1000.0
"""SENTINEL_MAX_DESYNC: an attempt begins up to so much later, at random."""
TILT_MS = 30_000.0
"""sentinel_tilt_period: a Sentinel whose clock jumped or that stalled acts upon nothing for so long."""
RECONFIGURATION_MS = 10_000.0
"""SENTINEL_SLAVE_RECONF_TIMEOUT: a leader waits for one replica to take its new master for so long."""
ABORTED = ("-failover-abort-no-good-slave", "-failover-abort-not-elected", "-failover-abort-slave-timeout")
"""How a Sentinel reports a failed attempt; the next one follows 2 x failover-timeout after it began."""
ATTEMPTS_OBSERVED = 3
"""So many more are observed after a failed one, before the conclusion is that there is no failover."""
CAUGHT_UP_MS = 2000.0
"""Before a planned failover a master refuses writes, and its replicas catch up, for so long at most."""
_PINGS_OF_AN_INFO = 5


def connected_by_ms(ping_ms: float) -> float:
    """The longest that a Sentinel takes to connect to a new master and to hear from it; a lower D takes it for dead."""
    return ping_ms + 2 * TICK_MS


def no_room_for_info(ping_ms: float) -> str:
    """Why a healthy replica may be taken for too old to promote (-failover-abort-no-good-slave); "" if it is not.

    The first election comes right after INFO was asked for; a repeated one comes at any time.
    """
    counts_ms, asked_ms = _PINGS_OF_AN_INFO * ping_ms, INFO_MS + TICK_MS
    if counts_ms > asked_ms:
        return ""
    return (
        f"with PINGs every {ping_ms:g} ms a replica's INFO counts for 5 x {ping_ms:g} ms = {counts_ms:g} ms, and is "
        f"asked for every {asked_ms:g} ms"
    )
