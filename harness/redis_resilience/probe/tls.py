"""TLS of the probe's connections: a context for each server, and what a failed handshake means."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache

from redis_resilience.model.access import ANY_NAME, Tls
from redis_resilience.model.endpoint import Endpoint

HANDSHAKE_S = 0.25
"""At least; as long as the wait for ROLE: a process that hangs accepts connections, and answers neither."""


class Context(ssl.SSLContext):
    """Of all connections to one server. The session of the newest that ended makes the next handshakes short.

    A whole handshake costs both sides up to 2 ms, and a server that was hung or isolated meets those of all its
    clients at once. A server that restarted knows no session, and is asked for its certificate again.
    """

    newest: ssl.SSLSession | None = None

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # noqa: FBT001, FBT002 - the signature of the class that it extends
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, session or self.newest)


@lru_cache
def context_of(tls: Tls, endpoint: Endpoint) -> Context:  # noqa: ARG001 - each server has its own, for its session
    """Raises ssl.SSLError where the texts are no certificates, or the key does not fit.

    As strict as Redis and its other clients, and not as the `ssl.create_default_context` of Python 3.13, which refuses
    an authority without the extension keyUsage, as `openssl req -x509` and Redis's own script make it.
    """
    context = Context(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=tls.ca)
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
