"""Every rule with a deployment that it objects to, beside one that it checked and accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from redis_resilience.command.scenarios import scenarios
from redis_resilience.lint.check import check
from redis_resilience.lint.rule import Needs
from redis_resilience.lint.rules import RULES
from redis_resilience.lint.setup import Budget, Directives, Seen, Setup
from redis_resilience.model.lint import LintReport, Severity

Spoil = Callable[..., Setup]

BAD: dict[str, Spoil] = {
    "sentinels-too-few": lambda make: make.setup(sentinels=(make.watcher(count=2),)),
    "sentinels-even": lambda make: make.setup(sentinels=(make.watcher(count=4),)),
    "quorum-below-majority": lambda make: make.setup(sentinels=(make.watcher(count=5),)),
    "quorum-above-survivors": lambda make: make.setup(
        sentinels=(make.watcher(workload="data", settings=make.sentinel(quorum="3")),)
    ),
    "majority-lost-with-master": lambda make: make.setup(sentinels=(make.watcher(workload="data", count=2),)),
    "sentinel-beside-master": lambda make: make.setup(sentinels=(make.watcher(workload="data"),)),
    "sentinel-identity-lost": lambda make: make.setup(
        sentinels=(make.watcher(state=Seen(value="lost", where="emptyDir")),)
    ),
    "sentinels-dead-but-known": lambda make: make.setup(live=True, sentinels=(make.watcher(known=4),)),
    "ckquorum-refused": lambda make: make.setup(
        live=True, sentinels=(make.watcher(ckquorum="NOQUORUM 1 usable Sentinels"),)
    ),
    "sentinels-disagree": lambda make: make.setup(
        sentinels=(
            make.watcher(count=2),
            make.watcher(count=1, settings=make.sentinel(down_after_milliseconds="3000")),
        )
    ),
    "down-after-below-ping": lambda make: _times(make, down_after_milliseconds="1100"),
    "down-after-long": lambda make: _times(make, down_after_milliseconds="30000"),
    "restart-within-down-after": lambda make: _times(make, down_after_milliseconds="2001"),
    "failover-timeout-below-resync": lambda make: _times(make, failover_timeout="9999"),
    "retry-late": lambda make: _times(make, failover_timeout="60000"),
    "parallel-syncs-high": lambda make: make.setup(
        servers=(make.server(count=5),), sentinels=(make.watcher(settings=make.sentinel(parallel_syncs="3")),)
    ),
    "wipe-no-persistence": lambda make: _directives(make, appendonly="no", save='""'),
    "wipe-with-pod": lambda make: make.setup(servers=(make.server(data=Seen(value="emptyDir", where="/data")),)),
    "data-volume-unused": lambda make: make.setup(servers=(make.server(idle_volume="/redis-data"),)),
    "snapshots-only": lambda make: _directives(make, appendonly="no", save="900 1"),
    "never-synced": lambda make: _directives(make, appendfsync="no"),
    "master-by-name": lambda make: make.setup(boot=Seen(value="first", where="start.sh")),
    "asks-else-becomes-master": lambda make: make.setup(boot=Seen(value="asks-else-master", where="start.sh")),
    "every-pod-master": lambda make: make.setup(boot=Seen(value="alone", where="redis.conf")),
    "no-master-at-all": lambda make: make.setup(boot=Seen(value="no-master", where="redis.conf")),
    "bind-loopback": lambda make: make.setup(servers=(make.server(settings=make.redis(bind="127.0.0.1 -::1")),)),
    "monitors-loopback": lambda make: make.setup(
        sentinels=(make.watcher(monitored=Seen(value="127.0.0.1", where="sentinel.conf")),)
    ),
    "tls-on-plain-port": lambda make: _times(make, tls_replication="yes"),
    "announced-name-shared": lambda make: _directives(make, replica_announce_ip="10.0.0.1"),
    "sentinel-myid-shared": lambda make: _times(make, myid="ab" * 20),
    "hostnames-not-announced": lambda make: make.setup(
        boot=Seen(value="first", where="start.sh"), sentinels=(make.watcher(settings=make.sentinel(announce_ip="")),)
    ),
    "down-after-in-restart-window": lambda make: _times(make, down_after_milliseconds="1999"),
    "pre-stop-longer-than-grace": lambda make: _container(make, pre_stop_s=30),
    "ready-before-synced": lambda make: _container(make, readiness=make.probe("redis-cli ping")),
    "min-replicas-unset": lambda make: _directives(make, min_replicas_to_write="0"),
    "min-replicas-lag-long": lambda make: _directives(make, min_replicas_max_lag="0"),
    "min-replicas-all": lambda make: _directives(make, min_replicas_to_write="2"),
    "no-promotable-replica": lambda make: _directives(make, replica_priority="0"),
    "servers-disagree": lambda make: make.setup(
        servers=(make.server(count=1), make.server(count=2, settings=make.redis(appendfsync="always")))
    ),
    "addresses-for-names": lambda make: _times(make, announce_hostnames="no"),
    "name-not-resolved": lambda make: _times(make, resolve_hostnames="no"),
    "resolver-slow": lambda make: make.setup(
        workloads=(make.workload("redis"), make.workload("sentinel", resolver_ms=10_000))
    ),
    "names-only-when-ready": lambda make: make.setup(
        services=(make.service("data", 6379, publishes_not_ready=False), make.service("watch", 26379))
    ),
    "service-missing": lambda make: make.setup(services=(make.service("watch", 26379),)),
    "service-any-server": lambda make: make.setup(
        services=(
            make.service("data", 6379),
            make.service("watch", 26379),
            make.service("all", 6379, headless=False, selects=("data",)),
        )
    ),
    "sentinels-behind-one-service": lambda make: make.setup(
        services=(make.service("data", 6379), make.service("watch", 26379, headless=False))
    ),
    "liveness-kills-loading": lambda make: _container(make, liveness=make.probe('[ "$(redis-cli ping)" = PONG ]')),
    "liveness-before-down-after": lambda make: make.setup(
        sentinels=(make.watcher(settings=make.sentinel(down_after_milliseconds="31000")),),
        workloads=(
            make.workload("redis", make.container("redis", liveness=make.probe("redis-cli ping"))),
            make.workload("sentinel"),
        ),
    ),
    "grace-too-short": lambda make: make.setup(
        workloads=(make.workload("redis", grace_s=10), make.workload("sentinel"))
    ),
    "no-planned-failover": lambda make: _container(make, pre_stop=False),
    "signal-swallowed": lambda make: _container(make, swallows_signals=True),
    "sentinel-config-read-only": lambda make: make.setup(
        sentinels=(make.watcher(read_only=Seen(value="/conf/sentinel.conf", where="sentinel")),)
    ),
    "bare-pod": lambda make: make.setup(workloads=(make.workload("redis", kind="Pod"), make.workload("sentinel"))),
    "no-spread": lambda make: make.setup(workloads=(make.workload("redis", spread=False), make.workload("sentinel"))),
    "no-disruption-budget": lambda make: make.setup(budgets=()),
    "disruption-budget-loose": lambda make: make.setup(
        budgets=(Budget(where="budget", selects=("data", "watch"), min_available=1),)
    ),
    "cpu-limit-low": lambda make: _container(make, cpu_limit_m=100),
    "memory-limit-without-maxmemory": lambda make: _container(make, memory_limit=100_000_000),
    "image-floating": lambda make: _container(make, image="registry:5000/redis"),
    "no-password": lambda make: _directives(make, requirepass=""),
    "password-half-set": lambda make: _directives(make, masterauth=""),
    "protected-mode": lambda make: _directives(make, requirepass="", protected_mode="yes"),
    "command-renamed": lambda make: _directives(make, rename_command="SLAVEOF xyz"),
    "cluster-not-announced": lambda make: make.cluster(cluster_announce_ip=""),
    "cluster-all-or-nothing": lambda make: make.cluster(cluster_require_full_coverage="yes"),
}


def _times(make, **changes: str) -> Setup:
    return make.setup(sentinels=(make.watcher(settings=make.sentinel(**changes)),))


def _directives(make, **changes: str) -> Setup:
    return make.setup(servers=(make.server(settings=make.redis(**changes)),))


def _container(make, **changes) -> Setup:
    own = make.container("redis", **changes)
    return make.setup(workloads=(make.workload("redis", own), make.workload("sentinel")))


def _rules(report: LintReport) -> set[str]:
    return {finding.rule for finding in report.findings}


def test_every_rule_is_tried():
    assert set(BAD) == {rule.id for rule in RULES}


@pytest.mark.parametrize("rule", BAD)
def test_a_rule_objects_to_what_it_is_about(make, rule):
    report = check(BAD[rule](make))

    found = [finding for finding in report.findings if finding.rule == rule]
    assert len(found) == 1, report
    assert found[0].seen
    assert found[0].where


def test_a_sound_set_up_is_let_pass_by_every_rule(make):
    """And each was really checked: those about running Sentinels, and about a Redis Cluster, where there are such."""
    static, live, cluster = (
        check(make.setup()),
        check(make.setup(live=True, sentinels=(make.watcher(known=3, ckquorum="OK 3 usable Sentinels"),))),
        check(make.cluster()),
    )

    assert [report.findings for report in (static, live, cluster)] == [(), (), ()]
    assert {each.rule for each in static.not_seen} == {"sentinels-dead-but-known", "ckquorum-refused"}
    assert live.not_seen == ()
    assert cluster.not_seen == ()


def test_what_cannot_be_read_is_said_and_not_guessed(make):
    """A setting that a script computes is neither fine nor wrong."""
    hidden = Directives(where="pod", complete=False, unreadable={"down-after-milliseconds": "start.sh"})
    setup = make.setup(
        servers=(make.server(settings=hidden, data=None),),
        sentinels=(make.watcher(settings=hidden, monitored=None, state=None),),
        boot=None,
        workloads=(
            make.workload("redis", make.container("redis", liveness=make.probe(None), swallows_signals=None)),
            make.workload("sentinel"),
        ),
    )

    report = check(setup)

    said = {each.rule: each.text for each in report.not_seen}
    assert said["down-after-long"] == "down-after-milliseconds is set by start.sh, which cannot be read"
    assert said["wipe-no-persistence"] == "appendonly is not set where it can be read"
    assert said["wipe-with-pod"] == "where its data is kept is not seen"
    assert said["liveness-kills-loading"] == "what the liveness probe runs is not seen"
    silent = {"sentinels-disagree", "servers-disagree", "min-replicas-lag-long", "grace-too-short"}
    assert not _rules(report) & set(said)
    assert not _rules(report) & silent


@pytest.mark.parametrize(
    "probe",
    ["redis-cli ping", '[ "$(redis-cli ping)" = PONG ] || redis-cli ping | grep LOADING'],
    ids=["any reply", "LOADING too"],
)
def test_a_probe_that_lets_a_server_load_is_let_pass(make, probe):
    assert "liveness-kills-loading" not in _rules(check(_container(make, liveness=make.probe(probe))))


@pytest.mark.parametrize("changes", [{"kind": "tcpSocket"}, {"startup_probe": True}], ids=str)
def test_so_is_one_that_waits_or_does_not_ask(make, changes):
    probe = make.probe('[ "$(redis-cli ping)" = PONG ]', **changes)

    assert "liveness-kills-loading" not in _rules(check(_container(make, liveness=probe)))


@pytest.mark.parametrize("image", ["redis@sha256:abc", "host:5000/redis:8.0"])
def test_an_image_with_a_digest_or_a_tag_is_let_pass(make, image):
    assert "image-floating" not in _rules(check(_container(make, image=image)))


def test_a_node_that_announces_what_cannot_be_read_announces(make):
    """$(POD_IP) is an address, whichever."""
    computed = Directives(
        where="pod", seen=make.redis(cluster_enabled="yes").seen, unreadable={"cluster-announce-ip": "x"}
    )

    report = check(make.setup(servers=(make.server(settings=computed),), sentinels=()))

    assert "cluster-not-announced" not in _rules(report)


def test_one_pod_each_of_several_controllers_is_several_pods(make):
    """Which may be on one node all the same."""
    lonely = (make.workload("redis", count=1, spread=False), make.workload("sentinel", count=1, spread=False))

    found = [each for each in check(make.setup(workloads=lonely)).findings if each.rule == "no-spread"]

    assert [each.where for each in found] == ["data; watch"]


def test_the_same_thing_in_two_places_is_one_finding(make):
    """With both places in it."""
    servers = tuple(
        make.server(count=1, data=Seen(value="emptyDir", where=where)) for where in ("alpha.conf", "beta.conf")
    )
    report = check(make.setup(servers=(*servers, make.server(count=1))))

    found = [finding for finding in report.findings if finding.rule == "wipe-with-pod"]
    assert [finding.where for finding in found] == ["alpha.conf; beta.conf"]


def test_the_worst_comes_first(make):
    lost = make.server(data=Seen(value="emptyDir", where="/data"))
    report = check(make.setup(budgets=(), servers=(lost,), sentinels=(make.watcher(count=5),)))

    assert [finding.severity for finding in report.findings] == [Severity.ERROR, Severity.WARNING, Severity.NOTE]
    assert report.at_least(Severity.WARNING) == report.findings[:2]
    assert report.count(Severity.NOTE) == 1


def test_a_redis_cluster_is_not_asked_for_sentinels(make):
    report = check(make.cluster())

    assert not [each for each in report.not_seen if "Sentinel" in each.text]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_all_that_its_reader_needs(rule):
    """Kebab-case and unique; a reason, a source, a fix; a scenario that exists."""
    assert rule.id == rule.id.lower().replace("_", "-").strip("-")
    assert [each.id for each in RULES].count(rule.id) == 1
    for text in (rule.why, rule.fix):
        assert text.endswith(".")
    assert rule.source
    shown = {rule.shown_by(clustered=clustered) for clustered in (False, True)}
    assert shown <= {"", *(each.name for each in scenarios())}


@pytest.mark.parametrize("rule", [rule for rule in RULES if not {Needs.SENTINELS, Needs.LIVE} & set(rule.needs)])
def test_what_is_found_in_a_redis_cluster_is_shown_by_what_runs_there(rule):
    assert not rule.shown_by(clustered=True).startswith("sentinel-")


def test_a_finding_names_what_shows_it_in_its_own_system(make):
    def shown(setup):
        return {each.rule: each.scenario for each in check(setup).findings}["no-spread"]

    pod = make.workload("redis", spread=False)
    assert shown(make.setup(workloads=(pod,))) == "sentinel-majority-lost"
    assert shown(replace(make.cluster(), workloads=(pod,))) == "cluster-node-lost"


def test_a_command_that_the_sentinels_know_by_its_new_name_is_let_pass(make):
    """A command that was disabled, or that they know by another name, is not."""

    def found(new: str, told: str) -> bool:
        setup = make.setup(
            servers=(make.server(settings=make.redis(rename_command=f"CONFIG {new}")),),
            sentinels=(make.watcher(settings=make.sentinel(rename_command=told)),),
        )
        return "command-renamed" in _rules(check(setup))

    assert not found("hidden", "config hidden")
    assert found("hidden", "config other")
    assert found('""', "")


def test_an_only_server_needs_no_masterauth(make):
    alone = make.server(count=1, settings=make.redis(masterauth=""))

    assert "password-half-set" not in _rules(check(make.setup(servers=(alone,))))


def test_one_file_says_nothing_of_how_many_there_are(make):
    """Rules that count say so; those about its directives are asked."""
    report = check(make.setup(counted=False, servers=(make.server(count=1, settings=make.redis(appendonly="no")),)))

    assert {"sentinels-too-few", "no-promotable-replica", "min-replicas-all"} <= {each.rule for each in report.not_seen}
    assert "wipe-no-persistence" in _rules(report)


def test_settings_of_several_masters_are_no_disagreement(make):
    """And their Sentinels are counted once."""
    sentinels = tuple(
        make.watcher(master=master, settings=make.sentinel(down_after_milliseconds=down))
        for master, down in (("orders", "3000"), ("carts", "4000"))
    )
    setup = make.setup(sentinels=sentinels)

    assert setup.sentinel_count == 3
    assert "sentinels-disagree" not in _rules(check(setup))


def test_servers_that_announce_one_host_with_ports_of_their_own_are_told_apart(make):
    servers = tuple(
        make.server(count=1, settings=make.redis(replica_announce_ip="10.0.0.1", replica_announce_port=port))
        for port in ("6380", "6381")
    )

    assert "announced-name-shared" not in _rules(check(make.setup(servers=servers)))


def test_a_sentinel_that_is_older_than_names_starts_with_one(make):
    """It resolves it once; that it keeps the address then is another rule's."""

    def found(image: str) -> bool:
        own = make.container("sentinel", image=image)
        sentinels = (make.watcher(settings=make.sentinel(resolve_hostnames="no")),)
        setup = make.setup(sentinels=sentinels, workloads=(make.workload("redis"), make.workload("sentinel", own)))
        return "name-not-resolved" in _rules(check(setup))

    assert found("redis:6.2.0")
    assert found("redis@sha256:abc")
    assert not found("host:5000/redis:6.0.9")
