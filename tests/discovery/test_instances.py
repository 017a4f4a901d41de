"""What a pod runs is known by what it starts, and every fact names its evidence."""

from __future__ import annotations

from redis_resilience.discovery.instances import instances
from redis_resilience.discovery.system import Role
from tests.discovery.objects import EXPORTER, SENTINEL, SERVER, container, pod, trees


def test_roles_are_told_by_what_is_started() -> None:
    """An exporter beside a server is none, and a container's name decides nothing."""
    odd = container("main", "redis-server", "--port", "7000")
    found = instances(trees(pod("cache-0", [SERVER, SENTINEL, EXPORTER]), pod("odd-0", [odd])))
    assert [(each.place, each.role, each.port.value) for each in found] == [
        ("cache-0/redis", Role.REDIS, "6379"),
        ("cache-0/sentinel", Role.SENTINEL, "26379"),
        ("odd-0/main", Role.REDIS, "7000"),
    ]


def test_what_does_not_run_is_not_found() -> None:
    """A pod that is pending has nothing to attach to."""
    assert instances(trees(pod("cache-0", [SERVER], phase="Pending"))) == ()


def test_a_port_of_an_image_that_hides_its_configuration() -> None:
    """The declared port, where nothing else names one; by its name where there are several."""
    ports = [{"name": "metrics", "containerPort": 9121}, {"name": "tcp-redis", "containerPort": 6380}]
    hidden = {"name": "redis", "image": "example.com/redis:7", "ports": ports}
    (found,) = instances(trees(pod("cache-0", [hidden])))
    assert found.port.value == "6380"
    assert "declares" in found.port.where


def test_tls_by_its_port_or_a_variable() -> None:
    """Both ways in which charts turn it on."""
    by_port = container("redis", "redis-server", "--port", "0", "--tls-port", "6379")
    by_variable = container("redis", "redis-server") | {"env": [{"name": "REDIS_TLS_ENABLED", "value": "yes"}]}
    found = instances(trees(pod("a-0", [by_port]), pod("b-0", [by_variable]), pod("c-0", [SERVER])))
    assert [bool(each.tls) for each in found] == [True, True, False]
    assert found[0].port.value == "6379"


def test_passwords_of_a_variable_and_of_a_mounted_file() -> None:
    """The Secret and its key, never a value; a Sentinel's variable is the Sentinel's."""
    env = [
        {"name": "REDIS_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "redis", "key": "password"}}},
        {"name": "REDIS_SENTINEL_PASSWORD_FILE", "value": "/secrets/watch"},
        {"name": "REDIS_PASSWORD_HINT", "value": "none"},
    ]
    secret = {"secretName": "more", "items": [{"key": "sentinel-password", "path": "watch"}]}
    server = SERVER | {"env": env, "volumeMounts": [{"name": "secrets", "mountPath": "/secrets"}]}
    (found,) = instances(trees(pod("cache-0", [server], volumes=[{"name": "secrets", "secret": secret}])))
    assert [(str(key), key.of) for key in found.secrets] == [
        ("redis/password", None),
        ("more/sentinel-password", Role.SENTINEL),
    ]


def test_what_may_interfere_with_a_fault() -> None:
    """A liveness probe kills a paused server, a preStop hook runs before a deleted one gets its signal."""
    hooked = SERVER | {
        "livenessProbe": {"exec": {"command": ["redis-cli", "ping"]}, "periodSeconds": 5, "failureThreshold": 3},
        "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", "sleep 1"]}}},
    }
    (found,) = instances(trees(pod("cache-0", [hooked])))
    assert [said.partition(": ")[2] for said in found.disturbances] == [
        "the liveness probe restarts a server that has not answered for 15 s",
        "a preStop hook runs before a pod that is deleted gets its signal",
    ]


def test_a_certificate_is_shared_by_who_mounts_its_folder() -> None:
    """A Sentinel whose script writes its settings does not say where its certificate is; its pod's server does."""
    shown = ("--tls-cert-file", "/tls/a.crt", "--tls-key-file", "/tls/a.key")
    mounted = {"volumeMounts": [{"name": "tls", "mountPath": "/tls"}]}
    server = container("redis", "redis-server", "--port", "0", "--tls-port", "6379", *shown, **mounted)
    beside, elsewhere = ({**SENTINEL, "name": "sentinel", **more} for more in (mounted, {}))
    for sentinel, certificate in ((beside, ("/tls/a.crt", "/tls/a.key")), (elsewhere, ())):
        _, found = instances(trees(pod("cache-0", [server, sentinel])))
        assert (found.role, found.certificate) == (Role.SENTINEL, certificate)
