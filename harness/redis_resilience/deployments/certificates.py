"""A certificate authority of a deployment's own: a certificate for each pod, and one for the probe."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from redis_resilience.model.access import Tls
from redis_resilience.model.errors import Unavailable

if TYPE_CHECKING:
    from trustme import LeafCert


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Files in PEM: the authority's certificate, its holder's, and the holder's key."""

    ca: Path
    chain: Path
    key: Path


class Authority:
    """Keys are of elliptic curves: a handshake costs both sides well under a millisecond of computing.

    Raises Unavailable where trustme is not installed.
    """

    def __init__(self) -> None:
        try:
            import trustme  # noqa: PLC0415 - only a topology with TLS pays for it
        except ImportError as error:
            raise Unavailable(
                "expected the library trustme, which makes the certificates of a topology with TLS; it is not "
                "installed; try: pip install 'redis-resilience[tls]'"
            ) from error
        self._ca = trustme.CA()
        self._client: Tls | None = None

    def issue(self, folder: Path, names: Iterable[str]) -> Certificate:
        """A certificate for these names and addresses, as files in `folder`, readable by their owner only."""
        issued = self._ca.issue_cert(*names)
        texts = {"ca.crt": self._pem, "tls.crt": _chain(issued), "tls.key": issued.private_key_pem.bytes().decode()}
        for name, text in texts.items():
            with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(text)
        return Certificate(ca=folder / "ca.crt", chain=folder / "tls.crt", key=folder / "tls.key")

    def client(self) -> Tls:
        """The probe's: this authority, and a certificate of its own. The same each time."""
        if self._client is None:
            issued = self._ca.issue_cert("probe")
            self._client = Tls(ca=self._pem, certificate=_chain(issued), key=issued.private_key_pem.bytes().decode())
        return self._client

    @property
    def _pem(self) -> str:
        pem: str = self._ca.cert_pem.bytes().decode()
        return pem


def _chain(issued: LeafCert) -> str:
    return "".join(each.bytes().decode() for each in issued.cert_chain_pems)
