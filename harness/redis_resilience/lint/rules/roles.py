"""Who is master at the start, and who may become it."""

from __future__ import annotations

from collections.abc import Callable

from redis_resilience.lint.rule import Answers, Hit, Missing, Needs, Rule, value
from redis_resilience.lint.setup import Seen, Setup
from redis_resilience.model.lint import Severity


def _starts(kind: str, seen: str) -> Callable[[Setup], Answers]:
    """A rule about one way to find the first master."""

    def check(setup: Setup) -> Answers:
        if setup.clustered:
            return
        if setup.boot is None:
            yield Missing(text="how a starting server finds its role is not seen", where=setup.subject)
        elif setup.boot.value == kind:
            yield Hit(seen=seen, where=setup.boot.where)

    return check


def _none_to_promote(setup: Setup) -> Answers:
    if setup.server_count < 2:
        yield Hit(seen=f"{setup.server_count} data server", where=", ".join(each.name for each in setup.servers))
        return
    priorities = [value(server.settings, "replica-priority") for server in setup.servers]
    found = [each for each in priorities if isinstance(each, Seen)]
    if len(found) < len(priorities):
        yield from (each for each in priorities if isinstance(each, Missing))
        return
    barred = [seen for seen in found if seen.number == 0]
    eligible = sum(max(server.count, 1) for server, seen in zip(setup.servers, found, strict=True) if seen.number != 0)
    if barred and eligible < 2:
        but = ": nothing is left once it is gone" if eligible else ""
        which = "every server but one" if eligible else "every server"
        yield Hit(seen=f"replica-priority 0 on {which}{but}", where=barred[0].where)


_SERVERS = (Needs.SERVERS, Needs.COUNT)
_BOTH = (Needs.SERVERS, Needs.SENTINELS)

RULES = (
    Rule(
        id="master-by-name",
        severity=Severity.ERROR,
        about="a pod that always starts as master",
        why="Re-created after a failover it is a second master. Writes that reach it by its name are lost, until "
        "it is noticed.",
        source="bitnami#5543, #5418, #3700; documents 000, 001, 004",
        fix="Use a start script that asks the Sentinels, and waits while they may be electing another.",
        scenario="master-delete",
        needs=_BOTH,
        check=_starts("first", "a pod is master by its name or its own setting"),
    ),
    Rule(
        id="asks-else-becomes-master",
        severity=Severity.ERROR,
        about="a server that becomes master where no Sentinel answers",
        why="Sentinels that are slow, restarting or not reachable for a moment are taken for none: the server is a "
        "second master, takes writes, and loses them once it is found.",
        source="a widely used chart's start script; DNS and Sentinels of a pod's own are last to be there",
        fix="Wait for an answer, and end where none comes; let only the very first start choose a master.",
        scenario="master-delete",
        needs=_BOTH,
        check=_starts("asks-else-master", "asks the Sentinels, and starts as master when the answer is empty"),
    ),
    Rule(
        id="every-pod-master",
        severity=Severity.ERROR,
        about="pods that all start as masters of their own",
        why="Nothing is replicated at the start, and a pod that is re-created is a master again: each takes writes of "
        "its own, and whatever makes them replicas later throws away all of them but one's.",
        source="a replicated deployment without a replicaof; Sentinel turns such a server into a replica only after it "
        "knows it",
        fix="replicaof at the start, to the master that the Sentinels name.",
        scenario="master-delete-now",
        needs=_SERVERS,
        check=_starts("alone", "every pod starts as master, no replicaof anywhere"),
    ),
    Rule(
        id="no-master-at-all",
        severity=Severity.ERROR,
        about="pods that all start as replicas",
        why="Each follows the name that leads to the replicas themselves, or to itself. None is master, none takes a "
        "write, and the Sentinels have nothing to watch.",
        source="a replicaof to a Service that selects the replicas",
        fix="Let one pod start as master, or ask the Sentinels.",
        needs=_SERVERS,
        check=_starts("no-master", "every pod follows one of the pods that follow"),
    ),
    Rule(
        id="no-promotable-replica",
        severity=Severity.ERROR,
        about="no replica that may become master",
        why="The Sentinels agree that the master is gone, and find no server: -failover-abort-no-good-slave, for ever.",
        source="bitnami#6971, OT#1883, redis#3416",
        fix="Two replicas, with a replica-priority above 0.",
        scenario="master-kill",
        needs=(*_BOTH, Needs.COUNT),
        check=_none_to_promote,
    ),
)
