"""What Kubernetes does to the processes in the pods: kill, restart, stop, throttle."""

from __future__ import annotations

from redis_resilience.lint.rule import Answers, Hit, Missing, Needs, Rule, value
from redis_resilience.lint.setup import Setup
from redis_resilience.model.lint import Severity

_SHUTDOWN_S = 10
_WHOLE_CPU_M = 1000


def _kills_loading(setup: Setup) -> Answers:
    for _, container in setup.containers("redis"):
        probe = container.liveness
        if probe is None or probe.kind == "tcpSocket" or probe.startup_probe:
            continue
        where = f"{container.where}, livenessProbe"
        if probe.text is None:
            yield Missing(text="what the liveness probe runs is not seen", where=where)
        elif _refuses_loading(probe.text):
            allowed_s = probe.first_after_s + probe.period_s * probe.failures
            yield Hit(seen=f"a server that loads for more than {allowed_s} s is killed", where=where)


def _refuses_loading(command: str) -> bool:
    """redis-cli exits with 0 on any reply, unless -e is given or its reply is checked."""
    looks = "PONG" in command or "redis-cli -e" in command or "role" in command.lower()
    return looks and "LOADING" not in command


def _kills_silent(setup: Setup) -> Answers:
    downs = [seen for sentinel in setup.sentinels if (seen := sentinel.settings.get("down-after-milliseconds"))]
    for _, container in setup.containers("redis"):
        if container.liveness is None:
            continue
        where = f"{container.where}, livenessProbe"
        killed_s = container.liveness.period_s * container.liveness.failures
        if not downs:
            yield Missing(text="D is not seen", where=where)
        elif killed_s * 1000 < max(seen.number for seen in downs):
            yield Hit(seen=f"killed after {killed_s} s of silence, D = {downs[0].number / 1e3:g} s", where=where)


def _grace(setup: Setup) -> Answers:
    for workload in setup.workloads:
        if not workload.holds("redis"):
            continue
        shutdowns = [
            seen.number
            for server in setup.servers
            if server.workload == workload.name and (seen := server.settings.get("shutdown-timeout"))
        ]
        needed_s = max(shutdowns, default=_SHUTDOWN_S)
        if workload.grace_s <= needed_s:
            yield Hit(
                seen=f"{workload.grace_s} s, the server alone may take {needed_s} s (shutdown-timeout)",
                where=f"{workload.where}, terminationGracePeriodSeconds",
            )


def _stop_too_long(setup: Setup) -> Answers:
    for workload, container in setup.containers("redis", "sentinel"):
        if container.pre_stop_s >= workload.grace_s:
            yield Hit(
                seen=f"the preStop hook sleeps {container.pre_stop_s} s, the grace period is {workload.grace_s} s",
                where=f"{container.where}, lifecycle.preStop",
            )


def _ready_unsynced(setup: Setup) -> Answers:
    for workload, container in setup.containers("redis"):
        probe = container.readiness
        if probe is None or workload.count < 2 or setup.clustered:
            continue
        where = f"{container.where}, readinessProbe"
        if probe.kind == "exec" and probe.text is None:
            yield Missing(text="what the readiness probe runs is not seen", where=where)
        elif probe.kind == "tcpSocket" or (probe.text and _only_pings(probe.text)):
            yield Hit(seen="a replica is ready before it has its master's data", where=where)


def _only_pings(command: str) -> bool:
    said = command.lower()
    return "ping" in said and not any(word in said for word in ("role", "master_link", "master_sync", "replication"))


def _no_planned_failover(setup: Setup) -> Answers:
    for _, container in setup.containers("redis"):
        if not container.pre_stop and setup.sentinels:
            yield Hit(seen="no preStop hook", where=container.where)


def _swallows(setup: Setup) -> Answers:
    for _, container in setup.containers("redis", "sentinel"):
        if container.swallows_signals is None:
            yield Missing(text="what its first process does is not seen", where=container.where)
        elif container.swallows_signals:
            yield Hit(seen="a shell starts the server without exec", where=f"{container.where}, command")


def _read_only(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        if sentinel.read_only is not None:
            yield Hit(seen=f"starts on {sentinel.read_only.value}", where=sentinel.read_only.where)


def _throttled(setup: Setup) -> Answers:
    for _, container in setup.containers("redis", "sentinel"):
        if container.cpu_limit_m is not None and container.cpu_limit_m < _WHOLE_CPU_M:
            yield Hit(
                seen=f"{container.cpu_limit_m} m of a processor at most",
                where=f"{container.where}, resources.limits.cpu",
            )


def _out_of_memory(setup: Setup) -> Answers:
    for workload, container in setup.containers("redis"):
        if container.memory_limit is None:
            continue
        for server in setup.servers:
            if server.workload != workload.name:
                continue
            most = value(server.settings, "maxmemory")
            if isinstance(most, Missing):
                yield most
            elif most.number == 0 or most.number >= container.memory_limit:
                yield Hit(
                    seen=f"limit {container.memory_limit >> 20} MiB, maxmemory {most.value}",
                    where=f"{container.where}, resources.limits.memory",
                )


_PODS = (Needs.PODS,)

RULES = (
    Rule(
        id="liveness-kills-loading",
        severity=Severity.ERROR,
        about="a liveness probe that kills a server which loads its data",
        why="The more data there is, the longer loading takes; from some size on the server is killed before it is "
        "done, again and again.",
        source="bitnami PR #17103; Redis answers LOADING",
        fix="Let the probe accept LOADING, add a startupProbe, or leave the probe out: the kubelet sees a dead "
        "process, Sentinel a silent one.",
        needs=_PODS,
        check=_kills_loading,
    ),
    Rule(
        id="liveness-before-down-after",
        severity=Severity.WARNING,
        about="a liveness probe that is faster than Sentinel",
        why="A master that hangs is restarted before the Sentinels replace it: two repairs at work on one fault.",
        source="Kubernetes restarts what its probe calls dead; helm/charts#21287",
        fix="period x failureThreshold above D, or no liveness probe.",
        scenario="master-pause",
        needs=_PODS,
        check=_kills_silent,
    ),
    Rule(
        id="grace-too-short",
        severity=Severity.WARNING,
        about="a grace period that ends before the server has",
        why="On SIGTERM a master holds writes back and waits up to shutdown-timeout for its replicas. Killed "
        "meanwhile, it takes with it what they had not got.",
        source="redis#9693, PR #9872",
        fix="terminationGracePeriodSeconds of 30 or more, longer than hook and shutdown-timeout together.",
        scenario="master-delete",
        needs=_PODS,
        check=_grace,
    ),
    Rule(
        id="pre-stop-longer-than-grace",
        severity=Severity.WARNING,
        about="a preStop hook that takes longer than the pod has",
        why="The grace period runs while the hook does. When it is over the server is killed with SIGKILL: it never "
        "got SIGTERM, its replicas lack what they had not got, and the disk what was not synced.",
        source="Kubernetes, Pod lifecycle: hook and termination share terminationGracePeriodSeconds",
        fix="terminationGracePeriodSeconds above the hook's time and shutdown-timeout together.",
        scenario="master-delete",
        needs=_PODS,
        check=_stop_too_long,
    ),
    Rule(
        id="ready-before-synced",
        severity=Severity.NOTE,
        about="a readiness probe that a replica without data passes",
        why="A rolling update goes on to the next pod as soon as this one is ready. With the master as the next one, "
        "the replicas may not have its data yet.",
        source="StatefulSet: rolling updates wait for readiness only; Redis answers PING while it synchronises",
        fix="Let the probe ask INFO replication for master_link_status:up, where the server is a replica.",
        scenario="master-delete",
        needs=(Needs.PODS, Needs.SERVERS),
        check=_ready_unsynced,
    ),
    Rule(
        id="no-planned-failover",
        severity=Severity.NOTE,
        about="a planned stop is an unplanned failover",
        why="A master that is deleted, drained or updated is replaced only after down-after-milliseconds. A hook that "
        "requests a failover first makes that about a second.",
        source="measured: 0.8 s with a planned failover, D without; bitnami#12598 and #36362 show how hooks go wrong",
        fix="Add a preStop hook that refuses writes, lets replicas catch up, and asks a Sentinel for a failover.",
        scenario="master-delete",
        needs=(Needs.PODS, Needs.SENTINELS),
        check=_no_planned_failover,
    ),
    Rule(
        id="signal-swallowed",
        severity=Severity.WARNING,
        about="a shell that does not forward signals",
        why="A pod that is deleted goes on serving through its whole grace period, without a name, and is then killed "
        "with SIGKILL: no last synchronisation, no last sync of the disk.",
        source="bitnami#3710; documents 000, 002, 004",
        fix="exec redis-server ... as the script's last command.",
        scenario="master-delete",
        needs=_PODS,
        check=_swallows,
    ),
    Rule(
        id="sentinel-config-read-only",
        severity=Severity.ERROR,
        about="Sentinel's configuration on a read-only volume",
        why="Sentinel exits if it cannot write its configuration, and ConfigMaps and Secrets are read-only.",
        source="docker-library-redis#134; Kubernetes 1.9.4 and newer",
        fix="Copy the file to a claim or an emptyDir first.",
        needs=(Needs.PODS, Needs.SENTINELS),
        check=_read_only,
    ),
    Rule(
        id="cpu-limit-low",
        severity=Severity.WARNING,
        about="a CPU limit",
        why="A throttled server or Sentinel looks down to the others, and a Sentinel that stands still for 2 s does "
        "nothing for 30 s (TILT).",
        source="spotahome#193; documents 002 and 004: limit 0.1",
        fix="A request, and no limit.",
        scenario="replication",
        needs=_PODS,
        check=_throttled,
    ),
    Rule(
        id="memory-limit-without-maxmemory",
        severity=Severity.NOTE,
        about="a memory limit that Redis does not know of",
        why="The kernel kills the server where it would have refused or evicted; copying memory for a snapshot may "
        "double what it needs.",
        source="Redis's administration documentation",
        fix="maxmemory of half to three quarters of the limit.",
        scenario="master-kill",
        needs=(Needs.PODS, Needs.SERVERS),
        check=_out_of_memory,
    ),
)
