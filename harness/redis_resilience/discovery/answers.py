"""What a server or a Sentinel answers, from the raw text of the engine's own command-line client in its container.

The questions go to the client's standard input, the password with them: nothing of it is in an argument or a log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from redis_resilience.discovery.system import Answer, Instance, Monitored, Role
from redis_resilience.model.cluster import parse_nodes

_MARK = "redis-resilience-next"
"""A command that no engine has ends each answer: a Sentinel lacks ECHO, and every server refuses an unknown command."""
_END = re.compile(rf"^.*unknown command.*{_MARK}.*\n?", re.MULTILINE)
_NODE_TIMEOUT = "cluster-node-timeout"
CARRIED = (
    *("appendonly", "appendfsync", "no-appendfsync-on-rewrite", "save", "stop-writes-on-bgsave-error"),
    *("min-replicas-to-write", "min-replicas-max-lag", "replica-priority", "replica-serve-stale-data"),
    *("repl-diskless-sync", "repl-diskless-sync-delay", "repl-backlog-size", "repl-timeout"),
    *("repl-ping-replica-period", "maxmemory", "maxmemory-policy", "timeout", "tcp-keepalive", "shutdown-timeout"),
)
"""Directives of a server that decide what a fault does to it, and mean the same on another machine."""
CARRIED_OF_CLUSTERS = (
    *("cluster-require-full-coverage", "cluster-replica-validity-factor", "cluster-allow-reads-when-down"),
    *("cluster-allow-replica-migration", "cluster-migration-barrier"),
)
_SETTINGS = (_NODE_TIMEOUT, "dir", "protected-mode", "tls-auth-clients", *CARRIED, *CARRIED_OF_CLUSTERS)
_OF_SERVER = (
    *("INFO server", "INFO replication", "INFO cluster", "CLUSTER NODES", "CLUSTER INFO"),
    *("INFO modules", "ACL USERS", *(f"CONFIG GET {name}" for name in _SETTINGS)),
)
NAMED_BY = ("resolve-hostnames", "announce-hostnames")
"""Directives of a Sentinel that decide whether it works with names."""
_OF_SENTINEL = (
    *("SENTINEL MYID", "INFO server", "SENTINEL MASTERS", "SENTINEL DEBUG"),
    *(f"SENTINEL CONFIG GET {name}" for name in NAMED_BY),
)
NOTHING = "nothing"
"""In place of an answer: the client reports to its standard error that it could not connect, and ends well."""
_MODULE = re.compile(r"^module:name=([^,\s]+)", re.MULTILINE)
_REFUSALS = ("NOAUTH", "NOPERM", "WRONGPASS", "ERR", "DENIED", "Could not connect", "Error:", "I/O error")


def command(instance: Instance, program: str = "redis-cli", *, from_outside: bool = False) -> tuple[str, ...]:
    """What to run in the container. A server's own certificate is not checked here: nothing is decided by it.

    from_outside: at the pod's own address, where others reach it, too.
    """
    shown = ("--cert", instance.certificate[0], "--key", instance.certificate[1]) if instance.certificate else ()
    tls = ("--tls", "--insecure", *shown) if instance.tls else ()
    host = ("-h", instance.address) if from_outside else ()
    return (program, "--raw", *host, "-p", instance.port.value, *tls)


def questions(instance: Instance, *, user: str = "", password: str = "", masters: Sequence[str] = ()) -> str:
    """Lines for the client. masters: asks for who else is part of them, which is known after the first answer."""
    asked = list(_asked(instance))
    for name in masters:
        asked += [f"SENTINEL REPLICAS {name}", f"SENTINEL SENTINELS {name}"]
    login = [" ".join(("AUTH", *filter(None, (user, _quoted(password)))))] if password else []
    return "".join(f"{line}\n{_MARK}\n" for line in (*(login or ["PING"]), *asked))


def _asked(instance: Instance) -> tuple[str, ...]:
    return _OF_SERVER if instance.role is Role.REDIS else _OF_SENTINEL


def read(instance: Instance, said: str, masters: Sequence[str] = ()) -> Answer:
    """The answer to `questions` of the same masters."""
    parts = [part.strip("\r\n") for part in _END.split(said)]
    if len(parts) < 1 + len(_asked(instance)):
        return Answer(refused=said.strip().splitlines()[-1] if said.strip() else NOTHING)
    login, first, second, third, *rest = parts
    guarded = login == "OK"
    if first.startswith(_REFUSALS):
        because = f" ({login})" if login.startswith(_REFUSALS) else ""
        return Answer(refused=f"{first}{because}")
    if instance.role is Role.SENTINEL:
        periods, *named_by = rest[: len(_OF_SENTINEL) - 3]
        told = [_monitored(each, rest[len(_OF_SENTINEL) - 3 :], masters) for each in _records(third)]
        return Answer(
            run_id=first,
            version=_version(_pairs(second)),
            role="sentinel",
            monitored=tuple(told),
            guarded=guarded,
            settings=_settings(NAMED_BY, named_by),
            ping_period_ms=_number(_of_names(periods).get("PING-PERIOD")),
        )
    server, replication = _pairs(first), _pairs(second)
    table, state, modules, users, *told_settings = rest[: len(_OF_SERVER) - 3]
    settings = _settings(_SETTINGS, told_settings)
    return Answer(
        run_id=server.get("run_id", ""),
        version=_version(server),
        role=replication.get("role", ""),
        follows=_address(replication.get("master_host", ""), replication.get("master_port", "")),
        linked=replication.get("master_link_status") == "up",
        clustered=_pairs(third).get("cluster_enabled") == "1",
        table=parse_nodes(table),
        state=_pairs(state).get("cluster_state", ""),
        node_timeout_ms=_number(settings.get(_NODE_TIMEOUT)),
        guarded=guarded,
        settings=settings,
        modules=tuple(_MODULE.findall(modules)),
        users=() if users.startswith(_REFUSALS) else tuple(users.splitlines()),
    )


def _settings(names: Sequence[str], replies: Sequence[str]) -> dict[str, str]:
    """Those that it reports; an engine does not know all of them, and a user may not ask for any."""
    told = ((name, _of_names(reply)) for name, reply in zip(names, replies, strict=True))
    return {name: found[name] for name, found in told if name in found}


def _of_names(reply: str) -> dict[str, str]:
    """Names and values, one line each; an empty value at the end is no line."""
    lines = reply.splitlines()
    return dict(zip_longest(lines[::2], lines[1::2], fillvalue=""))


def _monitored(facts: dict[str, str], rest: Sequence[str], masters: Sequence[str]) -> Monitored:
    name = facts.get("name", "")
    replicas: list[dict[str, str]] = []
    others: list[dict[str, str]] = []
    if name in masters:
        at = 2 * masters.index(name)
        replicas, others = ([*_records(part)] for part in rest[at : at + 2])
    return Monitored(
        name=name,
        address=_address(facts.get("ip", ""), facts.get("port", "")),
        quorum=_number(facts.get("quorum")),
        down_after_ms=_number(facts.get("down-after-milliseconds")),
        failover_timeout_ms=_number(facts.get("failover-timeout")),
        parallel_syncs=_number(facts.get("parallel-syncs")),
        servers=tuple(filter(None, (facts.get("runid"), *(each.get("runid") for each in replicas)))),
        sentinels=tuple(filter(None, (each.get("runid") for each in others))),
        replicas=tuple(_address(each.get("ip", ""), each.get("port", "")) for each in replicas),
    )


def _records(text: str) -> Iterator[dict[str, str]]:
    """Lists of names and values, one line each; every list begins with "name"."""
    found: dict[str, str] = {}
    lines = text.splitlines()
    for name, value in zip(lines[::2], lines[1::2], strict=False):
        if name == "name" and found:
            yield found
            found = {}
        found[name] = value
    if "name" in found:
        yield found


def _pairs(info: str) -> dict[str, str]:
    return {
        name: value for line in info.splitlines() if ":" in line for name, _, value in [line.strip().partition(":")]
    }


def _version(server: dict[str, str]) -> str:
    if "valkey_version" in server:
        return f"Valkey {server['valkey_version']}"
    return f"Redis {server['redis_version']}" if "redis_version" in server else ""


def _address(host: str, port: str) -> str:
    return f"{host}:{port}" if host else ""


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def _quoted(text: str) -> str:
    """As the client reads an argument that may contain anything but a line's end."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
