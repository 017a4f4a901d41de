"""Passwords and certificates of an attached Redis: read from where the user keeps them, or one clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.deployments.kube.keys import Keys, PasswordFrom, TlsFrom
from redis_resilience.model.access import Login, Tls
from redis_resilience.model.errors import UsageError

SECRETS = {
    ("redis", "password"): "of a Secret",
    ("redis", "sentinel"): "of another key",
    ("tls", "ca.crt"): "CA",
    ("tls", "tls.crt"): "CERTIFICATE",
    ("tls", "tls.key"): "KEY",
}


def secret(name, key):
    return SECRETS[name, key]


def test_one_password_is_everybody_s_unless_sentinels_have_their_own():
    keys = Keys(user="app", password=PasswordFrom(secret=("redis", "password")), sentinel_user="watcher")
    access = keys.read(secret, sentinel_ports=(5000,))
    assert access.servers == Login(user="app", password="of a Secret")  # noqa: S106
    assert access.at(5000) == Login(user="watcher", password="of a Secret")  # noqa: S106
    both = Keys(
        password=PasswordFrom(secret=("redis", "password")),
        sentinel_password=PasswordFrom(secret=("redis", "sentinel")),
    ).read(secret, sentinel_ports=(26379,))
    assert both.sentinels.password == "of another key"  # noqa: S105
    assert both.servers.password == "of a Secret"  # noqa: S105


def test_a_file_s_last_line_end_is_no_part_of_the_password(tmp_path):
    (tmp_path / "password").write_text("open sesame\n")
    assert PasswordFrom(file=tmp_path / "password").read(secret) == "open sesame"


def test_a_variable_of_the_environment():
    assert PasswordFrom(variable="SECRET").read(secret, {"SECRET": "open"}) == "open"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (PasswordFrom(variable="NOTHING"), "expected a password in the environment variable NOTHING; got nothing"),
        (PasswordFrom(file=Path("/nothing/here")), "expected a password in the file /nothing/here; got: No such file"),
    ],
)
def test_where_there_is_none_the_place_is_named(source, text):
    with pytest.raises(UsageError, match=text):
        source.read(secret, {})


def test_tls_from_a_secret_has_the_keys_that_kubernetes_gives_it():
    keys = Keys(tls=TlsFrom(secret="tls", name="redis"))  # noqa: S106 - its name
    assert keys.read(secret, sentinel_ports=()).servers.tls == Tls(
        ca="CA", certificate="CERTIFICATE", key="KEY", name="redis"
    )


def test_tls_from_files_may_lack_a_certificate_of_one_s_own(tmp_path):
    (tmp_path / "ca").write_text("CA")
    assert TlsFrom(ca=tmp_path / "ca").read(secret) == Tls(ca="CA")


def test_the_secrets_that_have_to_be_read_are_listed_once():
    keys = Keys(
        password=PasswordFrom(secret=("redis", "password")),
        sentinel_password=PasswordFrom(secret=("redis", "sentinel")),
        tls=TlsFrom(secret="tls"),  # noqa: S106 - its name
    )
    assert keys.secrets == ("redis", "tls")
