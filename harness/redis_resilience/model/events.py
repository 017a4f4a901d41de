"""Anything with an instant that is not an operation: Sentinel messages, role changes, phases, faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

Scalar = str | int | float | bool | None


class Role(IntEnum):
    """What a server said of itself in ROLE."""

    UNREACHABLE = 0
    MASTER = 1
    REPLICA = 2
    LOADING = 3
    OTHER = 4  # an error reply, NOAUTH for example


class Link(IntEnum):
    """State of a replica's link to its master, as ROLE tells it."""

    NONE = 0
    CONNECT = 1
    CONNECTING = 2
    SYNC = 3
    CONNECTED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened in [since_ns, at_ns] on the history's clock (since_ns = 0: exactly at_ns).

    source: who says so: "sentinel:redis-0" (its pub/sub), "log:redis-0" (its log), "server:redis-1" (a watcher of
    it), "probe", "harness".
    kind: a Sentinel event's own name ("+switch-master"), or one of the names below.

    Kinds of the probe, and their data:
      "connected"    connection, client, server, address, run_id, sentinel   a writer's connection, once its server
                     said who it is; sentinel: who named it master, "" where none was asked
      "server-up"    server, address, run_id                       a watcher reached a server (again)
      "server-down"  server, address, cause                        a watcher lost it
      "role"         server, role, before                          ROLE changed between two samples
      "sentinel-up" / "sentinel-down"  sentinel, address, run_id
      "name-found"   server, name, address      a name that a server is known by has a (new) address
      "name-lost"    server, name, cause        it has none
      "lookup"       client, name               a writer waited for the resolver, for longer than 20 ms
      "load-begin" / "load-end"
    Of each node of a Redis Cluster, by what its own table (CLUSTER NODES, CLUSTER INFO) says; source "node:redis-0":
      "table-up" / "table-down"  node, id, address, cause          it can be asked (again), or no more
      "pfail" / "fail" / "cleared"  node                           of another node: it does not reach it, the cluster
                                                                   took it for dead, it took that back
      "owner"        slots, owner, before, epoch                   these slots have another master
      "address"      node, address, before                         another node is elsewhere
      "joined" / "left"  node, address                             another node became known, or was forgotten
      "cluster-state"  state, before                               "ok" or "fail": whether it serves at all
      "unread"       server   the final read of a server failed; text: why
      "probe-error"  the probe itself failed: an error of the harness, not of what is measured
      "writing-failed"  the history could not be written (disk full): everything after it is missing
    Kinds of the harness:
      "phase"  name
      "fault-begin" / "fault-effect" / "fault-end" / "heal-begin" / "heal-end"  fault, target, ...; of an effect and its
                     heal also pods: those that are out as a whole, their Sentinels too, between commas
      "fault-asked"  fault, ...   the cluster accepted the request that breaks it
    """

    at_ns: int
    source: str
    kind: str
    text: str = ""
    since_ns: int = 0
    data: dict[str, Scalar] = field(default_factory=dict)

    @property
    def earliest_ns(self) -> int:
        return self.since_ns or self.at_ns
