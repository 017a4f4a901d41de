"""Where the passwords and certificates of a Redis that is there already come from: files, the environment, Secrets.

The harness reads them once and gives them to the probe on its standard input; they are in no argument or file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from redis_resilience.model.access import Access, Login, Tls
from redis_resilience.model.errors import UsageError

ReadSecret = Callable[[str, str], str]
"""The text under this key of the Secret of this name; raises KubeError."""
TLS_KEYS = ("ca.crt", "tls.crt", "tls.key")
"""As Kubernetes and cert-manager call them in a Secret of the type kubernetes.io/tls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordFrom:
    """One of: a Secret and a key in it, a file, an environment variable. None of them: there is no password."""

    secret: tuple[str, str] | None = None
    file: Path | None = None
    variable: str = ""

    def __bool__(self) -> bool:
        return bool(self.secret or self.file or self.variable)

    def read(self, secret: ReadSecret, environ: Mapping[str, str] = os.environ) -> str:
        """Without the line's end of a file. Raises UsageError where there is none."""
        if self.secret:
            return secret(*self.secret)
        if self.file:
            return _must_hold(_text_of(self.file, "a password"), f"the file {self.file}")
        if self.variable:
            return _must_hold(environ.get(self.variable, ""), f"the environment variable {self.variable}")
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFrom:
    """secret: one with the keys of TLS_KEYS, in place of files. No CA: the system's. name: as in `Tls`."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    secret: str = ""
    name: str = ""

    def read(self, secret: ReadSecret) -> Tls:
        """Raises UsageError for files that cannot be read."""
        if self.secret:
            ca, certificate, key = (secret(self.secret, name) for name in TLS_KEYS)
        else:
            ca = _text_of(self.ca, "certificates of the CA in PEM") if self.ca else ""
            certificate = _text_of(self.certificate, "a certificate in PEM") if self.certificate else ""
            key = _text_of(self.key, "a key in PEM") if self.key else ""
        return Tls(ca=ca, certificate=certificate, key=key, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """sentinel_password: none for the servers' own. tls: None for plain TCP; of servers and Sentinels alike."""

    user: str = ""
    password: PasswordFrom = field(default_factory=PasswordFrom)
    sentinel_user: str = ""
    sentinel_password: PasswordFrom = field(default_factory=PasswordFrom)
    tls: TlsFrom | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of the Secrets that have to be read."""
        given = [each.secret[0] for each in (self.password, self.sentinel_password) if each.secret]
        given += [self.tls.secret] if self.tls and self.tls.secret else []
        return tuple(dict.fromkeys(given))

    def read(self, secret: ReadSecret, *, sentinel_ports: tuple[int, ...]) -> Access:
        """Raises UsageError or KubeError for what cannot be read."""
        tls = self.tls.read(secret) if self.tls else None
        password = self.password.read(secret)
        of_sentinels = self.sentinel_password.read(secret) if self.sentinel_password else password
        return Access(
            servers=Login(user=self.user, password=password, tls=tls),
            sentinels=Login(user=self.sentinel_user, password=of_sentinels, tls=tls),
            sentinel_ports=sentinel_ports,
        )


def _text_of(path: Path, what: str) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no text"
        raise UsageError(
            f"expected {what} in the file {path}; got: {why}; name another, or let this user read it"
        ) from (error)


def _must_hold(text: str, where: str) -> str:
    password = text.rstrip("\r\n")
    if not password:
        raise UsageError(f"expected a password in {where}; got nothing; put it there, or leave the option out")
    return password
