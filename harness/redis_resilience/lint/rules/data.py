"""What becomes of acknowledged writes: persistence, replicas, and which servers may take over."""

from __future__ import annotations

from redis_resilience.lint.rule import Answers, Hit, Missing, Needs, Rule, value
from redis_resilience.lint.setup import Seen, Server, Setup
from redis_resilience.model.lint import Severity

_LONG_LAG_S = 10
_AGREE = ("appendonly", "appendfsync", "save", "min-replicas-to-write", "maxmemory")


def _persistence(server: Server) -> tuple[Seen, Seen] | Missing:
    """Appendonly and save."""
    append, save = value(server.settings, "appendonly"), value(server.settings, "save")
    if isinstance(append, Missing):
        return append
    return save if isinstance(save, Missing) else (append, save)


def _no_persistence(setup: Setup) -> Answers:
    for server in setup.servers:
        found = _persistence(server)
        if isinstance(found, Missing):
            yield found
        elif found[0].value == "no" and found[1].value in ("", '""'):
            yield Hit(seen='appendonly no, save ""', where=found[0].where)


def _snapshots_only(setup: Setup) -> Answers:
    for server in setup.servers:
        found = _persistence(server)
        if isinstance(found, Missing):
            yield found
        elif found[0].value == "no" and found[1].value not in ("", '""'):
            yield Hit(seen=f"appendonly no, save {found[1].value}", where=found[1].where)


def _never_synced(setup: Setup) -> Answers:
    for server in setup.servers:
        append, sync = server.settings.get("appendonly"), value(server.settings, "appendfsync")
        if isinstance(sync, Missing):
            yield sync
        elif append and append.value == "yes" and sync.value == "no":
            yield Hit(seen="appendfsync no", where=sync.where)


def _gone_with_pod(setup: Setup) -> Answers:
    for server in setup.servers:
        if server.data is None:
            yield Missing(text="where its data is kept is not seen", where=server.name)
        elif server.data.value != "kept":
            place = "an emptyDir" if server.data.value == "emptyDir" else "the container's own file system"
            yield Hit(seen=f"its data is on {place}", where=server.data.where)


def _idle_volume(setup: Setup) -> Answers:
    for server in setup.servers:
        if server.idle_volume:
            where = server.data.where if server.data else server.name
            yield Hit(seen=f"{server.idle_volume} is mounted, data is written elsewhere", where=where)


def _no_minimum(setup: Setup) -> Answers:
    for server in setup.servers:
        least = value(server.settings, "min-replicas-to-write")
        if isinstance(least, Missing):
            yield least
        elif least.number == 0 and (setup.server_count > 1 or not setup.counted):
            yield Hit(seen="min-replicas-to-write 0", where=least.where)


def _minimum_too_late(setup: Setup) -> Answers:
    for server in setup.servers:
        least, lag = server.settings.get("min-replicas-to-write"), value(server.settings, "min-replicas-max-lag")
        if isinstance(lag, Missing):
            yield lag
        elif least and least.number > 0 and (lag.number == 0 or lag.number > _LONG_LAG_S):
            seen = f"min-replicas-max-lag {lag.value}"
            yield Hit(seen=f"{seen}: never too late" if lag.number == 0 else f"{seen} s", where=lag.where)


def _minimum_too_high(setup: Setup) -> Answers:
    replicas = setup.server_count - 1
    for server in setup.servers:
        least = value(server.settings, "min-replicas-to-write")
        if isinstance(least, Missing):
            yield least
        elif 0 < replicas <= least.number:
            yield Hit(seen=f"min-replicas-to-write {least.value} of {replicas} replicas", where=least.where)


def _disagree(setup: Setup) -> Answers:
    for name in _AGREE:
        found = [seen for server in setup.servers if (seen := server.settings.get(name))]
        if len({seen.value for seen in found}) > 1:
            told = ", ".join(f"{seen.value or '(empty)'} ({seen.where})" for seen in found)
            yield Hit(seen=f"{name}: {told}", where=found[0].where)


_SERVERS = (Needs.SERVERS,)

RULES = (
    Rule(
        id="wipe-no-persistence",
        severity=Severity.ERROR,
        about="no persistence, and a restart by itself",
        why="A master that is restarted before D comes back empty, is still master, and its replicas copy the nothing: "
        "every write is gone, everywhere.",
        source="kubeblocks#10753; Redis's replication documentation",
        fix="appendonly yes on a volume that outlives the pod; or a start script that stays away until it is replaced.",
        scenario="master-wiped",
        needs=_SERVERS,
        check=_no_persistence,
    ),
    Rule(
        id="wipe-with-pod",
        severity=Severity.ERROR,
        about="data that is deleted with the pod",
        why="A master's pod that is recreated before the failover comes back empty under its old name: its replicas "
        "copy the nothing. Back after it, it may be a second master without data.",
        source="kubeblocks#10753; measured: 288 of 288 and 291 of 291 writes lost",
        fix="A claim (volumeClaimTemplates), and a start script that is no master while its data is lost.",
        scenario="master-delete-now",
        needs=_SERVERS,
        check=_gone_with_pod,
    ),
    Rule(
        id="data-volume-unused",
        severity=Severity.ERROR,
        about="a data volume that is not written to",
        why="Data that looks persistent is not: its directory is not on the volume.",
        source="documents 000, 002 and 004: replicas with `dir ./`",
        fix="Set `dir` to the volume's mount path.",
        scenario="master-delete-now",
        needs=(Needs.SERVERS, Needs.PODS),
        check=_idle_volume,
    ),
    Rule(
        id="snapshots-only",
        severity=Severity.WARNING,
        about="snapshots without an append-only file",
        why="A master that is killed and back before D has lost what came after its last snapshot, and its replicas "
        "throw it away too.",
        source="Redis's persistence documentation",
        fix="appendonly yes, appendfsync everysec.",
        scenario="master-wiped",
        needs=_SERVERS,
        check=_snapshots_only,
    ),
    Rule(
        id="never-synced",
        severity=Severity.WARNING,
        about="an append-only file that is never synced",
        why="When the machine is lost, so is what the kernel had not written: half a minute of writes, usually.",
        source="Redis's persistence documentation",
        fix="appendfsync everysec.",
        needs=_SERVERS,
        check=_never_synced,
    ),
    Rule(
        id="min-replicas-unset",
        severity=Severity.WARNING,
        about="a master that accepts writes without a replica",
        why="An isolated master keeps acknowledging writes until it learns of its successor; all of them are lost.",
        source="redis#6062; measured: 8608 of 10226 writes lost, 168 with min-replicas-to-write 1",
        fix="min-replicas-to-write 1, min-replicas-max-lag 5: loss is bounded to about that many seconds, at the price "
        "of refusing writes while no replica is there.",
        scenario="master-isolate",
        in_cluster="cluster-master-isolated",
        needs=_SERVERS,
        check=_no_minimum,
    ),
    Rule(
        id="min-replicas-lag-long",
        severity=Severity.WARNING,
        about="replicas that count although they have been silent for too long",
        why="min-replicas-max-lag bounds what an isolated master may acknowledge; 0 removes the bound.",
        source="Redis's replication documentation",
        fix="min-replicas-max-lag 5.",
        scenario="master-isolate",
        in_cluster="cluster-master-isolated",
        needs=_SERVERS,
        check=_minimum_too_late,
    ),
    Rule(
        id="min-replicas-all",
        severity=Severity.ERROR,
        about="writes need every replica",
        why="One replica that restarts stops all writes; after a failover there is one fewer for as long as the old "
        "master is away.",
        source="NOREPLICAS",
        fix="min-replicas-to-write below the number of replicas.",
        scenario="replica-kill",
        needs=(Needs.SERVERS, Needs.COUNT),
        check=_minimum_too_high,
    ),
    Rule(
        id="servers-disagree",
        severity=Severity.WARNING,
        about="servers with different settings",
        why="A failover then changes what a write is worth: the new master persists, refuses or evicts by other rules.",
        source="every server may become master",
        fix="One configuration for all servers.",
        scenario="master-kill",
        needs=_SERVERS,
        check=_disagree,
    ),
)
