"""Who may talk to the servers, and whether those that must can."""

from __future__ import annotations

from redis_resilience.lint.rule import Answers, Hit, Missing, Needs, Rule, value
from redis_resilience.lint.setup import Seen, Server, Setup
from redis_resilience.model.lint import Severity

_NEEDED = ("client", "config", "exec", "info", "multi", "ping", "publish", "replicaof", "slaveof", "subscribe")
"""What Sentinel sends to a server."""


def _no_password(setup: Setup) -> Answers:
    for server in setup.servers:
        password = value(server.settings, "requirepass")
        if isinstance(password, Missing):
            yield password
        elif not password.value:
            yield Hit(seen="no requirepass", where=password.where)


def _half_a_password(setup: Setup) -> Answers:
    asked = False
    alone = setup.counted and setup.server_count < 2
    for server in setup.servers:
        password, replica = value(server.settings, "requirepass"), value(server.settings, "masterauth")
        if isinstance(password, Missing) or (isinstance(replica, Missing) and not alone):
            yield from (each for each in (password, replica) if isinstance(each, Missing))
            continue
        asked = asked or bool(password.value)
        if password.value and isinstance(replica, Seen) and not replica.value and not alone:
            yield from _not_known(setup, server, password)
    for sentinel in setup.sentinels:
        if not setup.watches_here(sentinel):
            continue
        own = value(sentinel.settings, "auth-pass")
        if asked and isinstance(own, Missing):
            yield own
        elif asked and not isinstance(own, Missing) and not own.value:
            yield Hit(seen="servers ask for a password, no sentinel auth-pass", where=own.where)


def _not_known(setup: Setup, server: Server, password: Seen) -> Answers:
    follows = server.settings.get("replicaof")
    if setup.counted or setup.sentinels or (follows and follows.value):
        yield Hit(seen="requirepass without masterauth", where=password.where)
    else:
        yield Missing(text="whether it has replicas is not seen", where=server.name)


def _protected(setup: Setup) -> Answers:
    if setup.live:  # it was reached
        return
    for server in setup.servers:
        password, mode = value(server.settings, "requirepass"), value(server.settings, "protected-mode")
        if isinstance(password, Missing) or isinstance(mode, Missing):
            yield from (each for each in (password, mode) if isinstance(each, Missing))
        elif not password.value and mode.value == "yes":
            yield Hit(seen="protected-mode yes, no password", where=mode.where)


def _renamed(setup: Setup) -> Answers:
    for server in setup.servers:
        renamed = value(server.settings, "rename-command")
        if isinstance(renamed, Missing):
            yield renamed
            continue
        lost = {old: new for old, new in _pairs(renamed.value).items() if old in _NEEDED}
        for sentinel in setup.sentinels:
            if not lost or not setup.watches_here(sentinel):
                continue
            told = sentinel.settings.get("rename-command")
            known = _pairs(told.value) if told else {}
            unknown = sorted(old for old, new in lost.items() if new == '""' or known.get(old) != new)
            if told is None:
                yield Missing(text=sentinel.settings.why_not("sentinel rename-command"), where=sentinel.name)
            elif unknown:
                yield Hit(seen=f"renamed: {', '.join(unknown)}", where=renamed.where)


def _pairs(renamed: str) -> dict[str, str]:
    """Commands by their old names, in lower case, to the new ones; a command that is disabled has ""."""
    words = renamed.lower().split()
    return dict(zip(words[::2], words[1::2], strict=False))


_SERVERS = (Needs.SERVERS,)

RULES = (
    Rule(
        id="no-password",
        severity=Severity.WARNING,
        about="servers that accept writes without a password",
        why="Any client that reaches the port can empty the servers, or make one a replica of its own.",
        source="documents 000, 002, 003, 004",
        fix="requirepass and masterauth from a Secret, sentinel auth-pass; a NetworkPolicy besides.",
        needs=_SERVERS,
        check=_no_password,
    ),
    Rule(
        id="password-half-set",
        severity=Severity.ERROR,
        about="a password that not every server and Sentinel has",
        why="Without masterauth a server cannot follow once it is replica; without auth-pass a Sentinel takes the "
        "master for dead.",
        source="every server may become replica; Sentinel's documentation",
        fix="The same requirepass and masterauth on every server, sentinel auth-pass on every Sentinel.",
        scenario="master-kill",
        needs=_SERVERS,
        check=_half_a_password,
    ),
    Rule(
        id="protected-mode",
        severity=Severity.ERROR,
        about="protected mode without a password",
        why="From 7.0 on `bind` no longer turns it off: replicas, Sentinels and clients of other pods are refused.",
        source="Redis 7.0 release notes; documents 000, 002, 003, 004 as printed",
        fix="A password; or protected-mode no, behind a NetworkPolicy.",
        scenario="replication",
        needs=_SERVERS,
        check=_protected,
    ),
    Rule(
        id="command-renamed",
        severity=Severity.ERROR,
        about="commands renamed that Sentinel needs",
        why="Sentinel sends them by their names: it sees the server as down, or cannot make it master.",
        source="redis's own test 07-down-conditions; measured: with `sentinel rename-command` it fails over in 2.6 s",
        fix="`sentinel rename-command` with the new names on every Sentinel; or leave them alone, and restrict users "
        "by ACL.",
        scenario="master-kill",
        needs=(Needs.SERVERS, Needs.SENTINELS),
        check=_renamed,
    ),
)
