"""What to try where a server or Sentinel of an attached Redis does not let the probe in. Pure: text in, text out."""

from __future__ import annotations

import re

_NO_TLS = "the port may require TLS: --redis-tls=yes with --redis-tls-ca=FILE or --redis-tls-secret=NAME"
_HINTS = (
    ("certificate has expired", "renew the server's certificate; a client that checks it is refused the same way"),
    ("certificate is not yet valid", "compare the clocks; a client that checks it is refused the same way"),
    ("mismatch", "name what is in the certificate with --redis-tls-name=NAME, or --redis-tls-name=any"),
    ("certificate is refused", "name the CA that signed it with --redis-tls-ca=FILE or --redis-tls-secret=NAME"),
    (
        "right after the handshake",
        "give the probe a certificate: --redis-tls-cert=FILE and --redis-tls-key=FILE, or --redis-tls-secret=NAME",
    ),
    (
        "TLS handshake within",
        "this port may speak no TLS: leave --redis-tls out, or name another with --redis-port; or it is too busy",
    ),
    (
        "certificate required",
        "give the probe one: --redis-tls-cert=FILE and --redis-tls-key=FILE, or --redis-tls-secret=NAME",
    ),
    (
        "unknown ca",
        "the server does not know the CA of the probe's certificate: name another with --redis-tls-cert=FILE",
    ),
    (
        "TLS:",
        "this port may speak no TLS: leave --redis-tls out, or name another with --redis-port, --redis-sentinel-port",
    ),
    (
        "closed by the server",
        _NO_TLS,
    ),
    ("WRONGPASS", "is the password right (--redis-password-secret, -file or -env), and the user (--redis-user)?"),
    ("NOAUTH", "is the password right (--redis-password-secret, -file or -env), and the user (--redis-user)?"),
    ("NOPERM", "allow this user all commands and keys, or name another with --redis-user"),
    ("DENIED", "protected mode lets only this pod's own network in: set a password, or protected-mode no"),
    ("ConnectionReset", _NO_TLS),
    ("Connect", "no server listens on this port, or it is not up: name the port with --redis-port"),
)
_OF_SENTINELS = (
    ("--redis-password-secret", "--redis-sentinel-password-secret"),
    ("--redis-user", "--redis-sentinel-user"),
    ("with --redis-port", "with --redis-sentinel-port"),
)


def advice(seen: str, *, sentinel: bool = False) -> str:
    """By the first words of the table that are in what was seen."""
    found = next((told for words, told in _HINTS if words in seen), "is it up, and reachable from the probe's pod?")
    for word, of_sentinels in _OF_SENTINELS if sentinel else ():
        found = found.replace(word, of_sentinels)
    return found


def in_short(seen: str) -> str:
    """Its first sentence: a server in protected mode replies with a page."""
    return re.split(r"\. (?!\()", seen, maxsplit=1)[0]
