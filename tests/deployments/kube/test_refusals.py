"""Whoever refuses the probe, the user learns which option to try."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.refusals import advice, in_short


@pytest.mark.parametrize(
    ("seen", "option"),
    [
        ("10.0.0.1:6379: WRONGPASS invalid username-password pair or user is disabled. (user 'app')", "--redis-user"),
        ("NOAUTH Authentication required.", "--redis-password-secret"),
        ("NOPERM User app has no permissions to run the 'info' command", "--redis-user"),
        ("TLS: the server's certificate is refused: certificate has expired", "renew"),
        ("TLS: the server's certificate is refused: self-signed certificate in certificate chain", "--redis-tls-ca"),
        ("TLS: the server's certificate is refused: unable to get local issuer certificate", "--redis-tls-ca"),
        ("TLS: the server's certificate is refused: IP address mismatch, certificate is not valid", "--redis-tls-name"),
        ("TLS: tlsv13 alert certificate required", "--redis-tls-cert"),
        ("TLS: tlsv1 alert unknown ca", "--redis-tls-cert"),
        ("TLS: refused right after the handshake (ConnectionResetError)", "--redis-tls-cert"),
        ("10.0.0.1:6379: no TLS handshake within 250 ms", "leave --redis-tls out"),
        ("TLS: wrong version number", "leave --redis-tls out"),
        ("closed by the server", "--redis-tls=yes"),
        ("ConnectionResetError: [Errno 104] Connection reset by peer", "--redis-tls=yes"),
        ("10.0.0.1:6379: Connect call failed ('10.0.0.1', 6379)", "--redis-port"),
        ("connecting to 10.0.0.1:6379 took more than 1000 ms", "reachable"),
    ],
)
def test_advice_fits_what_was_seen(seen, option):
    assert option in advice(seen)


def test_of_a_sentinel_the_sentinels_options_are_named():
    assert "--redis-sentinel-password-secret" in advice("WRONGPASS", sentinel=True)
    assert "--redis-sentinel-user" in advice("WRONGPASS", sentinel=True)
    assert "--redis-sentinel-port" in advice("Connect call failed", sentinel=True)


def test_a_page_of_a_reply_is_its_first_sentence_and_the_user_is_still_named():
    protected = "DENIED Redis is running in protected mode. In this mode connections are only accepted from loopback."
    wrong = "WRONGPASS invalid username-password pair or user is disabled. (user 'app')"
    assert in_short(protected) == "DENIED Redis is running in protected mode"
    assert in_short(wrong) == wrong
