"""TLS of the probe's connections: contexts made once, and what a failed handshake means."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache

from redis_resilience.model.access import ANY_NAME, Tls

HANDSHAKE_S = 0.25
"""At least; as long as the wait for ROLE: a process that hangs accepts connections, and answers neither."""


@lru_cache
def context_of(tls: Tls) -> ssl.SSLContext:
    """Raises ssl.SSLError where the texts are no certificates, or the key does not fit.

    As strict as Redis and its other clients: Python 3.13 and up would refuse an authority without the extension
    keyUsage, as `openssl req -x509` and Redis's own script make it.
    """
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cadata=tls.ca)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.check_hostname = tls.name != ANY_NAME
    if tls.certificate:
        _load_own(context, tls)
    return context


def explain(error: ssl.SSLError) -> str:
    """The library's words without its source lines."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS: the server's certificate is refused: {error.verify_message}"
    return f"TLS: {(error.reason or str(error)).lower().replace('_', ' ')}"


def _load_own(context: ssl.SSLContext, tls: Tls) -> None:
    """Through memory: the library reads files only, and a key must not be left in one."""
    descriptor = os.memfd_create("client", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, f"{tls.certificate}\n{tls.key}".encode())
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
