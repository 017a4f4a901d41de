"""How clients are let in: users, passwords, TLS. None of it is ever written to a history, a log or a page."""

from __future__ import annotations

from dataclasses import dataclass, field

ANY_NAME = "any"
"""In place of a name: the certificate must be of the CA, whatever names are in it. Redis itself checks no more."""
_SENTINEL_PORT = 26379


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM texts. certificate, key: the client's own, "" for none. name: what the server's certificate must be for.

    name: "" for the host that is connected to; ANY_NAME for no check of names. It is sent as SNI, too.
    """

    ca: str
    certificate: str = ""
    key: str = field(default="", repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """user: "" for the default user. password: "" for none. tls: None for plain TCP."""

    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls | None = None


NO_LOGIN = Login()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """To data servers, and to Sentinels, which listen on these ports and no server does."""

    servers: Login = NO_LOGIN
    sentinels: Login = NO_LOGIN
    sentinel_ports: tuple[int, ...] = (_SENTINEL_PORT,)

    def at(self, port: int) -> Login:
        """What a server or Sentinel on this port expects."""
        return self.sentinels if port in self.sentinel_ports else self.servers


OPEN = Access()


def one_password(password: str) -> Access:
    """The same password everywhere; "" for none."""
    login = Login(password=password)
    return Access(servers=login, sentinels=login)
