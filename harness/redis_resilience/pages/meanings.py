"""What the words for causes mean: why a write was not acknowledged, why an acknowledged one is lost."""

from __future__ import annotations

from collections.abc import Mapping

from redis_resilience.model.operations import Cause

NOT_ACKNOWLEDGED: Mapping[str, str] = {
    Cause.REFUSED.name: "no connection: refused, unreachable or timed out",
    Cause.NO_MASTER.name: "no Sentinel or node named a master that could be asked",
    Cause.WAITING.name: "not sent: the client still waited for the reply to its request before",
    Cause.READONLY.name: "the server that was asked is a replica",
    Cause.LOADING.name: "the server was loading its data",
    Cause.MASTERDOWN.name: "the server is a replica without a link to its master",
    Cause.NOREPLICAS.name: "the master had fewer replicas in sync than min-replicas-to-write asks for",
    Cause.OOM.name: "the server had reached maxmemory",
    Cause.MISCONF.name: "the server could not save to disk and stops writes for that reason",
    Cause.CLUSTERDOWN.name: "the node saw slots without a master",
    Cause.MOVED.name: "another node owns the key's slot",
    Cause.NOAUTH.name: "the server asked for a password or refused it",
    Cause.TAKEN.name: "the key existed before: written twice, or the keyspace was not clean",
    Cause.REJECTED.name: "another error reply",
    Cause.ASK.name: "the key's slot was being moved",
    Cause.TRYAGAIN.name: "the key's slot was being moved",
    Cause.TIMEOUT.name: "sent, no reply in time: it may have been done",
    Cause.CLOSED.name: "sent, then the connection ended: it may have been done",
    Cause.UNFINISHED.name: "sent, and the load ended before the reply: it may have been done",
    Cause.UNREPLICATED.name: "the master has it, but too few replicas acknowledged it in time (WAIT): it may be lost",
}

LOST: Mapping[str, str] = {
    "async tail": "Acknowledged by the old master, which failed before the promoted replica had received them: "
    "replication is asynchronous.",
    "split brain": "Acknowledged by a server after another one had been promoted; it discarded them when it became a "
    "replica of the new master.",
    "stale master": "Acknowledged by a master that was recreated without its data; the server promoted after it never "
    "replicated from it.",
    "wipe": "The master restarted without its data before any failover, and its replicas copied the empty data.",
    "not persisted": "The master restarted with an older state of its data, without a failover: what it had not saved "
    "is gone.",
    "promoted out of sync": "The promoted server had restarted without them, and had not copied its master's data "
    "since.",
    "unexplained": "Nothing that was recorded accounts for them.",
}
