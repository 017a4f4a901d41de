"""Whether the remaining Sentinels can still agree: counts, quorum, majority."""

from __future__ import annotations

from redis_resilience.lint.rule import Answers, Hit, Missing, Needs, Rule, value
from redis_resilience.lint.setup import Setup
from redis_resilience.model.lint import Severity


def _majority(setup: Setup) -> int:
    return setup.sentinel_count // 2 + 1


def _where(setup: Setup) -> str:
    return ", ".join(dict.fromkeys(sentinel.name for sentinel in setup.sentinels))


def _too_few(setup: Setup) -> Answers:
    if setup.sentinel_count < 3:
        yield Hit(seen=f"{setup.sentinel_count} Sentinels, majority {_majority(setup)}", where=_where(setup))


def _even(setup: Setup) -> Answers:
    count = setup.sentinel_count
    if count > 2 and count % 2 == 0:
        yield Hit(seen=f"{count} Sentinels, majority {_majority(setup)}", where=_where(setup))


def _quorum_below_majority(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        quorum = value(sentinel.settings, "quorum")
        if isinstance(quorum, Missing):
            yield quorum
        elif 0 < quorum.number < _majority(setup):
            yield Hit(
                seen=f"quorum {quorum.value}, majority of {setup.sentinel_count} Sentinels {_majority(setup)}",
                where=quorum.where,
            )


def _quorum_above_survivors(setup: Setup) -> Answers:
    left = setup.sentinel_count - setup.beside_master
    for sentinel in setup.sentinels:
        quorum = value(sentinel.settings, "quorum")
        if isinstance(quorum, Missing):
            yield quorum
        elif quorum.number > left:
            yield Hit(seen=f"quorum {quorum.value}, {left} Sentinels once the master's pod is gone", where=quorum.where)


def _no_majority_without_master(setup: Setup) -> Answers:
    left = setup.sentinel_count - setup.beside_master
    if setup.beside_master and left < _majority(setup):
        yield Hit(
            seen=f"{left} of {setup.sentinel_count} Sentinels once the master's pod is gone, majority "
            f"{_majority(setup)}",
            where=_where(setup),
        )


def _beside_master(setup: Setup) -> Answers:
    left = setup.sentinel_count - setup.beside_master
    if setup.beside_master and left == _majority(setup):
        yield Hit(
            seen=f"{left} of {setup.sentinel_count} Sentinels once the master's pod is gone: exactly the majority",
            where=_where(setup),
        )


def _identity_lost(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        if sentinel.state is None:
            yield Missing(text="where it keeps its identity is not seen", where=sentinel.name)
        elif sentinel.state.value == "lost":
            yield Hit(seen="no fixed myid, and its configuration goes with its pod", where=sentinel.state.where)


def _dead_known(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        if sentinel.known is not None and sentinel.known > setup.sentinel_count:
            yield Hit(
                seen=f"knows {sentinel.known} Sentinels, {setup.sentinel_count} answer: the majority is "
                f"{sentinel.known // 2 + 1}",
                where=sentinel.name,
            )


def _no_ckquorum(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        if sentinel.ckquorum and not sentinel.ckquorum.startswith("OK"):
            yield Hit(seen=sentinel.ckquorum, where=sentinel.name)


def _disagree(setup: Setup) -> Answers:
    for master in dict.fromkeys(sentinel.master for sentinel in setup.sentinels):
        same = [sentinel for sentinel in setup.sentinels if sentinel.master == master]
        for name in ("quorum", "down-after-milliseconds", "failover-timeout", "parallel-syncs"):
            found = [seen for sentinel in same if (seen := sentinel.settings.get(name))]
            if len({seen.value for seen in found}) > 1:
                yield Hit(
                    seen=f"{name}: {', '.join(sorted({seen.value for seen in found}))}",
                    where=", ".join(dict.fromkeys(seen.where for seen in found)),
                )


_SENTINELS = (Needs.SENTINELS,)
_COUNTED = (Needs.SENTINELS, Needs.COUNT)

RULES = (
    Rule(
        id="sentinels-too-few",
        severity=Severity.ERROR,
        about="fewer than three Sentinels",
        why="A failover needs the majority of all Sentinels. Of one or two none may be lost.",
        source="redis#10621, kubeblocks#3148",
        fix="Run three Sentinels, on three nodes.",
        scenario="sentinel-majority-lost",
        needs=_COUNTED,
        check=_too_few,
    ),
    Rule(
        id="sentinels-even",
        severity=Severity.WARNING,
        about="an even number of Sentinels",
        why="One more than an odd number raises the majority and lets no more of them fail.",
        source="documents 001 and 002: 4 Sentinels, majority 3",
        fix="Run one fewer, or one more.",
        scenario="sentinel-majority-lost",
        needs=_COUNTED,
        check=_even,
    ),
    Rule(
        id="quorum-below-majority",
        severity=Severity.NOTE,
        about="a quorum below the majority",
        why="The quorum only declares the master down; to replace it a leader still needs the majority of all known "
        "Sentinels. So the quorum does not say how many may be lost.",
        source="Sentinel's election; documents 001 and 002: quorum 2, majority 3",
        fix="Set the quorum to the majority, or keep it and know that it is only about detection.",
        scenario="sentinel-majority-lost",
        needs=_COUNTED,
        check=_quorum_below_majority,
    ),
    Rule(
        id="quorum-above-survivors",
        severity=Severity.ERROR,
        about="a quorum that cannot be reached without the master's pod",
        why="The Sentinel beside the master dies with it. The others can then never agree that the master is down.",
        source="Sentinel's +odown; the quorum of 3 Sentinels beside 3 servers must be 2",
        fix="Lower the quorum to the majority, or give the Sentinels pods of their own.",
        scenario="master-kill",
        needs=_COUNTED,
        check=_quorum_above_survivors,
    ),
    Rule(
        id="majority-lost-with-master",
        severity=Severity.ERROR,
        about="the master's pod takes the majority with it",
        why="The Sentinel beside the master dies with it, and those that are left may not elect a leader.",
        source="redis#10621",
        fix="Run three Sentinels or more.",
        scenario="sentinel-majority-lost",
        needs=_COUNTED,
        check=_no_majority_without_master,
    ),
    Rule(
        id="sentinel-beside-master",
        severity=Severity.NOTE,
        about="a Sentinel dies with the master, and just the majority is left",
        why="While the master's pod is away no other Sentinel may be: one more loss, and there is no failover until it "
        "is back.",
        source="documents 000 to 002 and 004",
        fix="Five Sentinels, or Sentinels in pods of their own on nodes of their own.",
        scenario="sentinel-majority-lost",
        needs=_COUNTED,
        check=_beside_master,
    ),
    Rule(
        id="sentinel-identity-lost",
        severity=Severity.WARNING,
        about="a recreated Sentinel is a new one",
        why="Sentinels never forget each other. Each new pod leaves a dead one behind that counts for the majority, "
        "until that cannot be reached any more.",
        source="k/k#18193, redis#7753",
        fix="Keep its configuration on a claim, or give each Sentinel a fixed `sentinel myid` of its own.",
        scenario="sentinel-delete",
        needs=_SENTINELS,
        check=_identity_lost,
    ),
    Rule(
        id="sentinels-dead-but-known",
        severity=Severity.WARNING,
        about="stale Sentinel entries that the others still count",
        why="The majority is that of all known Sentinels, dead ones included.",
        source="k/k#18193, redis#7753",
        fix="Run SENTINEL RESET on each Sentinel in turn, 30 s apart, while the deployment is healthy.",
        scenario="sentinel-majority-lost",
        needs=(Needs.LIVE,),
        check=_dead_known,
    ),
    Rule(
        id="ckquorum-refused",
        severity=Severity.ERROR,
        about="SENTINEL CKQUORUM says that no failover is possible",
        why="If the master fails now, no replica is promoted.",
        source="SENTINEL CKQUORUM",
        fix="Bring the missing Sentinels back, or reset what the others know of them.",
        scenario="sentinel-majority-lost",
        needs=(Needs.LIVE,),
        check=_no_ckquorum,
    ),
    Rule(
        id="sentinels-disagree",
        severity=Severity.WARNING,
        about="Sentinels with different settings",
        why="Which of them leads decides how long a failover takes; SENTINEL SET reaches one Sentinel only.",
        source="Sentinel's documentation, SENTINEL SET",
        fix="Set the same on every Sentinel.",
        scenario="master-kill",
        needs=_SENTINELS,
        check=_disagree,
    ),
)
