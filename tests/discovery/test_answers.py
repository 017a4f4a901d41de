"""What the engine's own client prints is read without a guess, a refusal by its words."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from redis_resilience.discovery import answers
from redis_resilience.discovery.instances import instances
from redis_resilience.discovery.system import Instance, Role
from tests.discovery.objects import SENTINEL, SERVER, container, pod, trees

_SERVER, _SENTINEL = instances(trees(pod("cache-0", [SERVER, SENTINEL])))
_END = "ERR unknown command 'redis-resilience-next', with args beginning with: \n"
_OLD_END = "ERR unknown command `redis-resilience-next`, with args beginning with: \n\n"


_NO_CLUSTER = ("ERR This instance has cluster support disabled",) * 2
_NO_PERIODS = ("ERR Unknown subcommand",) * 3


def _said(*parts: str, end: str = _END) -> str:
    return "".join(f"{part}\n{end}" for part in parts)


def _of_server(
    *parts: str,
    login: str = "PONG",
    modules: str = "",
    users: str = "default",
    settings: Mapping[str, str] | None = None,
    end: str = _END,
) -> str:
    """parts: of INFO and CLUSTER. settings: those that it knows of all that it is asked for."""
    known = settings or {}
    asked = [line.removeprefix("CONFIG GET ") for line in answers.questions(_SERVER).splitlines() if "CONFIG" in line]
    told = [f"{name}\n{known[name]}" if name in known else "" for name in asked]
    return _said(login, *parts, modules, users, *told, end=end)


@pytest.mark.parametrize("end", [_END, _OLD_END])
def test_a_replica(end: str) -> None:
    """Of Redis 7 and of 6.2, whose words for an unknown command differ."""
    said = _of_server(
        "# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\n",
        "# Replication\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:down\r\n",
        "# Cluster\r\ncluster_enabled:0\r\n",
        *_NO_CLUSTER,
        end=end,
    )
    found = answers.read(_SERVER, said)
    assert (found.run_id, found.version, found.role) == ("abc", "Redis 7.0.15", "slave")
    assert (found.follows, found.linked, found.clustered, found.refused) == ("10.0.0.1:6379", False, False, "")


def test_a_node_of_a_cluster() -> None:
    """Its id, its table, its state and its time."""
    said = _of_server(
        "redis_version:8.0.2\r\nrun_id:x\r\n",
        "role:master\r\n",
        "cluster_enabled:1\r\n",
        "a 10.0.0.1:6379@16379,a.redis myself,master - 0 0 1 connected 0-16383\nb 10.0.0.2:6379@16379 slave a 0 0 1 x",
        "cluster_state:ok\r\ncluster_slots_assigned:16384\r\n",
        settings={"cluster-node-timeout": "5000"},
    )
    found = answers.read(_SERVER, said)
    assert (found.clustered, found.node_id, found.state, found.node_timeout_ms) == (True, "a", "ok", 5000)
    assert [(node.id, node.master_id) for node in found.table] == [("a", ""), ("b", "a")]


def test_valkey_by_its_own_version() -> None:
    """It reports a Redis version, too, for old clients."""
    said = _of_server(
        "redis_version:7.2.4\r\nvalkey_version:8.1.3\r\nrun_id:x\r\n", "role:master\r\n", "", *_NO_CLUSTER
    )
    assert answers.read(_SERVER, said).version == "Valkey 8.1.3"


def test_a_sentinel_with_two_masters() -> None:
    """Each with its own numbers, replicas and other Sentinels; an empty value is a line of its own."""
    masters = "name\none\nip\n10.0.0.1\nport\n6379\nrunid\nm1\nquorum\n2\ndown-after-milliseconds\n5000\n"
    masters += "name\ntwo\nip\n\nport\n0\nrunid\n\nquorum\n1\ndown-after-milliseconds\n30000"
    said = _said(
        "PONG",
        "self",
        "redis_version:8.0.2\n",
        masters,
        *_NO_PERIODS,
        "name\na\nrunid\nr1\nname\nb\nrunid\nr2",
        "name\ns\nrunid\ns2",
        "",
        "",
    )
    found = answers.read(_SENTINEL, said, ["one", "two"])
    assert found.run_id == "self"
    one, two = found.monitored
    assert (one.name, one.address, one.quorum, one.down_after_ms) == ("one", "10.0.0.1:6379", 2, 5000)
    assert (one.servers, one.sentinels) == (("m1", "r1", "r2"), ("s2",))
    assert (two.name, two.address, two.servers) == ("two", "", ())


def test_a_sentinel_that_is_asked_for_the_first_time() -> None:
    """It is not asked about other parts of a master before that one's name is known."""
    master = "name\none\nip\n10.0.0.1\nport\n6379\nrunid\nm1"
    found = answers.read(_SENTINEL, _said("PONG", "self", "redis_version:8.0.2\n", master, *_NO_PERIODS))
    assert (found.refused, [each.name for each in found.monitored]) == ("", ["one"])
    assert (found.settings, found.ping_period_ms) == ({}, 0)


def test_what_a_sentinel_works_with() -> None:
    """Names or addresses, its period, and the times of its master; a password let it be asked."""
    master = "name\none\nip\na\nport\n1\nfailover-timeout\n9000\nparallel-syncs\n2"
    periods = ("INFO-PERIOD\n10000\nPING-PERIOD\n240", "resolve-hostnames\nyes", "announce-hostnames\nno")
    found = answers.read(_SENTINEL, _said("OK", "self", "redis_version:8.0.2\n", master, *periods))
    assert (found.guarded, found.ping_period_ms) == (True, 240)
    assert found.settings == {"resolve-hostnames": "yes", "announce-hostnames": "no"}
    assert (found.monitored[0].failover_timeout_ms, found.monitored[0].parallel_syncs) == (9000, 2)


def test_settings_users_and_modules_of_a_server() -> None:
    """An empty value is one; a directive that the engine does not know is not there."""
    modules = "# Modules\r\nmodule:name=vectorset,ver=1,api=1\r\n"
    known = {"save": "", "appendonly": "yes", "dir": "/data"}
    said = _of_server("a:b", "c:d", "", *_NO_CLUSTER, login="OK", modules=modules, users="app\ndefault", settings=known)
    found = answers.read(_SERVER, said)
    assert (found.settings, found.users, found.modules) == (known, ("app", "default"), ("vectorset",))
    assert found.guarded


def test_who_may_not_ask_for_users_learns_of_none() -> None:
    said = _of_server("a:b", "c:d", "", *_NO_CLUSTER, users="NOPERM this user has no permissions to run 'acl|users'")
    assert answers.read(_SERVER, said).users == ()


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        (_of_server("NOAUTH Authentication required.", *[""] * 4, login="NOAUTH Authentication required."), "NOAUTH"),
        (_of_server("NOAUTH Authentication required.", *[""] * 4, login="WRONGPASS invalid pair"), "WRONGPASS"),
        ("Could not connect to Redis at 127.0.0.1:6379: Connection refused\n", "Connection refused"),
        ("", "nothing"),
    ],
)
def test_a_refusal_is_told_in_its_own_words(said: str, refused: str) -> None:
    """Then nothing else is taken for an answer."""
    found = answers.read(_SERVER, said)
    assert refused in found.refused
    assert not found.run_id


def test_a_password_is_in_no_argument() -> None:
    """It goes to the client's input, quoted as the client reads it."""
    password = 'a "b" \\c d'  # noqa: S105 - of no server
    assert not any(password in word for word in answers.command(_SERVER))
    assert answers.questions(_SERVER, password=password).startswith('AUTH "a \\"b\\" \\\\c d"\n')


def test_a_client_of_tls() -> None:
    """The client has to speak it where the server does."""
    made: Instance = instances(trees(pod("a-0", [container("redis", "redis-server", "--tls-port", "6379")])))[0]
    assert made.role is Role.REDIS
    assert "--tls" in answers.command(made)


def test_a_client_shows_the_servers_own_certificate() -> None:
    """As replicas do, where a server requires one; of the two that it may have, that for clients."""
    server = ("redis-server", "--port", "0", "--tls-port", "6379", "--tls-cert-file", "/tls/s.crt")
    for more, shown in (((), "/tls/s.crt"), (("--tls-client-cert-file", "/tls/c.crt"), "/tls/c.crt")):
        keys = ("--tls-key-file", "/tls/s.key", "--tls-client-key-file", "/tls/c.key")
        made = instances(trees(pod("a-0", [container("redis", *server, *keys, *more)])))[0]
        assert answers.command(made)[-3:-1] == (shown, "--key")


def test_a_server_with_both_ports_is_asked_without_tls() -> None:
    flags = ("--port", "6379", "--tls-port", "6380")
    made: Instance = instances(trees(pod("a-0", [container("redis", "redis-server", *flags)])))[0]
    assert (made.port.value, made.tls) == ("6379", None)
    assert "--tls" not in answers.command(_SERVER)
