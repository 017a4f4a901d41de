"""What a user chose for an attached Redis reaches it, and what makes no sense together is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.deployments.kube.keys import Keys, PasswordFrom, TlsFrom
from redis_resilience.model.errors import UsageError
from redis_resilience.options import OPTIONS
from redis_resilience.trials.discovered import attachment_of
from redis_resilience.trials.keeper import context_of
from redis_resilience.trials.settings import settings

ATTACHED = {"redis_backend": "context", "redis_attach": "app=redis", "redis_context": "c", "redis_namespace": "n"}


def chosen(**texts: str):
    """As typed, parsed by the options themselves."""
    parsed = {option.name: option.value(texts[option.field]) for option in OPTIONS if option.field in texts}
    return settings({**ATTACHED, **parsed}, results=Path("results"))


def test_without_any_there_is_plain_tcp_and_no_password() -> None:
    found = attachment_of(chosen())
    assert found.keys == Keys()
    assert (found.port, found.sentinel_port) == (6379, 26379)


def test_all_of_it_reaches_the_attachment() -> None:
    found = attachment_of(
        chosen(
            port="7000",
            sentinel_port="27000",
            user="app",
            password_env="DATA",  # noqa: S106
            sentinel_user="watcher",
            sentinel_password_file="/keys/sentinel",  # noqa: S106
            tls_ca="/keys/ca.crt",
            tls_cert="/keys/tls.crt",
            tls_key="/keys/tls.key",
            tls_name="redis",
        )
    )
    assert (found.port, found.sentinel_port) == (7000, 27000)
    assert found.keys == Keys(
        user="app",
        password=PasswordFrom(variable="DATA"),
        sentinel_user="watcher",
        sentinel_password=PasswordFrom(file=Path("/keys/sentinel")),
        tls=TlsFrom(
            ca=Path("/keys/ca.crt"), certificate=Path("/keys/tls.crt"), key=Path("/keys/tls.key"), name="redis"
        ),
    )


@pytest.mark.parametrize("given", [{"tls": "yes"}, {"tls_ca": "/ca"}, {"tls_secret": "s"}, {"tls_name": "any"}])
def test_any_option_of_tls_means_tls(given: dict[str, str]) -> None:
    assert attachment_of(chosen(**given)).keys.tls is not None


def test_every_secret_that_is_read_needs_a_permission() -> None:
    where = context_of(chosen(password_secret="redis/a", sentinel_password_secret="watch/b", tls_secret="tls"))  # noqa: S106
    assert where.secrets == ("redis", "watch", "tls")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            {"password_secret": "redis/a", "password_env": "A"},
            "--redis-password-env; got --redis-password-secret and --redis-password-env",
        ),
        ({"tls_secret": "tls", "tls_ca": "/ca"}, "expected one of --redis-tls-secret, --redis-tls-ca"),
        ({"tls_cert": "/cert"}, "expected --redis-tls-cert and --redis-tls-key together; got one of them"),
        ({"attach": "", "user": "app"}, "expected --redis-attach with --redis-user; got none"),
        ({"attach": "", "tls": "yes"}, "expected --redis-attach with --redis-tls; got none"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, str], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        chosen(**given)


@pytest.mark.parametrize("given", ["0", "65536", "redis", "-1"])
def test_a_port_is_a_number_of_tcp(given: str) -> None:
    with pytest.raises(ValueError, match=f"expected a port from 1 to 65535; got '{given}'"):
        chosen(port=given)
