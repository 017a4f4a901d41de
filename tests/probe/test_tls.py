"""TLS and users as the probe meets them on real servers: whom it trusts, what it says where it is not let in."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from redis_resilience.deployments.certificates import Authority
from redis_resilience.model.access import ANY_NAME, NO_LOGIN, Access, Login, Tls
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.operations import Cause
from redis_resilience.model.plan import Load, Writers
from redis_resilience.probe.wire import Denied, Lost, ask, connect
from tests.probe.conftest import Bench, RedisProcess, StartRedis

AUTHORITY = Authority()
CLIENT = AUTHORITY.client()


def pong(endpoint: Endpoint, login: Login) -> object:
    return asyncio.run(ask(endpoint, "PING", within_s=2, login=login))


def process_with_tls(
    redis: StartRedis, folder: Path, *names: str, authority: Authority = AUTHORITY
) -> tuple[RedisProcess, Endpoint]:
    """A server that proves to be one of these names, and its TLS port; its plain port stays open for the test."""
    files = authority.issue(folder, names or ("127.0.0.1",))
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    server = redis(
        *("--tls-port", str(port), "--tls-auth-clients", "yes", "--tls-ca-cert-file", str(files.ca)),
        *("--tls-cert-file", str(files.chain), "--tls-key-file", str(files.key)),
    )
    return server, Endpoint("127.0.0.1", port)


def secured(redis: StartRedis, folder: Path, *names: str, authority: Authority = AUTHORITY) -> Endpoint:
    return process_with_tls(redis, folder, *names, authority=authority)[1]


def expired() -> Authority:
    """One whose certificates ran out yesterday."""
    made = Authority()
    now = dt.datetime.now(dt.UTC)
    issue = made._ca.issue_cert
    made._ca.issue_cert = lambda *names: issue(  # type: ignore[method-assign]
        *names, not_before=now - dt.timedelta(days=2), not_after=now - dt.timedelta(days=1)
    )
    return made


def without_key_usage() -> Authority:
    """One as `openssl req -x509` makes it, which Redis and its clients trust."""
    made = Authority()
    own = made._ca._certificate
    builder = x509.CertificateBuilder(
        issuer_name=own.issuer,
        subject_name=own.subject,
        public_key=own.public_key(),
        serial_number=own.serial_number,
        not_valid_before=own.not_valid_before_utc,
        not_valid_after=own.not_valid_after_utc,
    )
    for each in own.extensions:
        if not isinstance(each.value, x509.KeyUsage):
            builder = builder.add_extension(each.value, critical=each.critical)
    made._ca._certificate = builder.sign(made._ca._private_key, hashes.SHA256())
    return made


def test_a_load_and_its_final_read_go_over_tls(redis: StartRedis, bench: Bench, tmp_path: Path) -> None:
    """Also the watchers: the server is seen to be up, and its role is sampled."""
    endpoint = secured(redis, tmp_path)
    bench.probe.watch(
        servers={"redis-0": endpoint}, sentinels={}, master_name="", access=Access(servers=Login(tls=CLIENT))
    )
    bench.probe.open(bench.folder, "t")
    bench.eventually(lambda: bench.heard("server-up", server="redis-0"), "the server is up")
    bench.probe.start_load(Load(writers=(Writers(target="redis-0", count=2, rate=500.0),)))
    bench.eventually(lambda: bench.probe.status().acknowledged > 100, "writes are acknowledged")
    bench.probe.stop_load()
    bench.probe.read_back()
    bench.probe.close()
    assert set(bench.causes()) == {Cause.NONE}
    assert (bench.folder / "finals" / "redis-0.npy").exists()
    assert len(bench.records("samples")) > 0


def test_the_next_handshake_with_the_same_process_is_a_short_one(redis: StartRedis, tmp_path: Path) -> None:
    """A process that was started again knows no session: its certificate is checked again."""
    server, endpoint = process_with_tls(redis, tmp_path)
    login = Login(tls=CLIENT)

    async def resumed() -> bool:
        wire = await connect(endpoint, within_s=2, login=login)
        assert await wire.call("PING", within_s=2) == b"PONG"
        secured_by = wire._transport.get_extra_info("ssl_object")
        wire.abort("done")
        return bool(secured_by.session_reused)

    assert [asyncio.run(resumed()) for _ in range(3)] == [False, True, True]
    server.kill()
    server.launch()
    assert [asyncio.run(resumed()) for _ in range(2)] == [False, True]


@pytest.mark.parametrize(
    ("names", "name", "refused"),
    [
        (("127.0.0.1",), "", ""),
        (("redis-0.redis",), "redis-0.redis", ""),
        (("redis-0.redis",), ANY_NAME, ""),
        (("redis-0.redis",), "", "IP address mismatch, certificate is not valid for '127.0.0.1'"),
        (("redis-0.redis",), "redis-1.redis", "Hostname mismatch, certificate is not valid for 'redis-1.redis'"),
    ],
)
def test_the_name_in_the_certificate_is_checked(
    redis: StartRedis, tmp_path: Path, names: tuple[str, ...], name: str, refused: str
) -> None:
    """That of the host that is connected to, unless another is given, or none is to be checked."""
    endpoint = secured(redis, tmp_path, *names)
    login = Login(tls=replace(CLIENT, name=name))
    if not refused:
        assert pong(endpoint, login) == b"PONG"
        return
    with pytest.raises(Denied, match=refused):
        pong(endpoint, login)


@pytest.mark.parametrize(
    ("tls", "refused"),
    [
        (
            Authority().client(),
            "certificate is refused: self.signed certificate in certificate chain|unable to get local",
        ),
        (Tls(ca=CLIENT.ca), "certificate required|right after the handshake"),
        (replace(Authority().client(), ca=CLIENT.ca), "unknown ca|right after the handshake"),
    ],
    ids=["another authority", "no certificate of one's own", "one of another authority"],
)
def test_who_does_not_trust_the_other_gets_no_answer(redis: StartRedis, tmp_path: Path, tls: Tls, refused: str) -> None:
    with pytest.raises(Lost, match=refused):
        pong(secured(redis, tmp_path), Login(tls=tls))


def test_an_expired_certificate_is_refused_with_that_word(redis: StartRedis, tmp_path: Path) -> None:
    authority = expired()
    with pytest.raises(Denied, match="certificate has expired"):
        pong(secured(redis, tmp_path, authority=authority), Login(tls=Tls(ca=authority.client().ca)))


def test_an_authority_that_redis_trusts_is_trusted(
    redis: StartRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the library is strict by default, as with Python 3.13."""
    make = ssl.create_default_context

    def strict(*purpose: Any, **texts: Any) -> ssl.SSLContext:
        made = make(*purpose, **texts)
        made.verify_flags |= ssl.VERIFY_X509_STRICT
        return made

    monkeypatch.setattr(ssl, "create_default_context", strict)
    authority = without_key_usage()
    assert pong(secured(redis, tmp_path, authority=authority), Login(tls=authority.client())) == b"PONG"


def test_without_tls_a_tls_port_says_nothing_and_the_other_way_it_is_named(redis: StartRedis, tmp_path: Path) -> None:
    with pytest.raises(Lost, match=r"closed by the server|ConnectionReset"):
        pong(secured(redis, tmp_path), NO_LOGIN)
    with pytest.raises(Lost, match=r"TLS: wrong version number|no TLS handshake within 2000 ms"):
        pong(redis().endpoint, Login(tls=CLIENT))


def test_a_port_that_no_server_listens_on_is_refused_by_tls_too() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        with pytest.raises(Lost, match=r"Connect call failed|Connection refused"):
            pong(Endpoint("127.0.0.1", sock.getsockname()[1]), Login(tls=CLIENT))


@pytest.mark.parametrize(
    ("user", "password", "refused"),
    [("app", "right", ""), ("app", "wrong", "'app'"), ("other", "right", "'other'"), ("", "right", "'default'")],
)
def test_users_and_passwords(redis: StartRedis, user: str, password: str, refused: str) -> None:
    """A refusal names the user, and never the password."""
    server = redis("--user", "app", "on", ">right", "~*", "&*", "+@all")
    assert server.ask("ACL SETUSER default >other") == "+OK"
    login = Login(user=user, password=password)
    if not refused:
        assert pong(server.endpoint, login) == b"PONG"
        return
    with pytest.raises(Denied, match=f"WRONGPASS .*user {refused}") as error:
        pong(server.endpoint, login)
    assert password not in str(error.value).partition("WRONGPASS")[0]


def test_writes_of_a_refused_user_fail_for_that_reason(redis: StartRedis, bench: Bench) -> None:
    server = redis()
    assert server.ask("ACL SETUSER app on >right ~* &* +@all") == "+OK"
    access = Access(servers=Login(user="app", password="wrong"))  # noqa: S106 - a test's
    bench.probe.watch(servers={"redis-0": server.endpoint}, sentinels={}, master_name="", access=access)
    bench.probe.open(bench.folder, "t")
    bench.probe.start_load(Load(writers=(Writers(target="redis-0", count=1, rate=100.0),)))
    bench.eventually(lambda: bench.probe.status().failed > 5, "writes fail")
    bench.probe.stop_load()
    bench.probe.close()
    assert set(bench.causes()) == {Cause.NOAUTH}


def test_neither_a_password_nor_a_key_is_shown() -> None:
    shown = repr(Access(servers=Login(user="app", password="secret", tls=CLIENT)))  # noqa: S106 - a test's
    assert "secret" not in shown
    assert "PRIVATE KEY" not in shown
    assert trustme.__name__ not in shown
