"""How a topology guards its servers and Sentinels. Passwords are drawn for each deployment and no part of this data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

REPLICATION_USER = "replica"
"""With which a server follows its master, where there are users."""
MONITORING_USER = "monitor"
"""With which a Sentinel speaks to the servers, where there are users."""
PEER_USER = "peer"
"""With which a Sentinel speaks to the others, where Sentinels have users."""


class Encryption(StrEnum):
    OFF = "off"
    SERVER = "server"  # servers and Sentinels prove who they are; clients need no certificate
    MUTUAL = "mutual"  # clients do, too


class SentinelPassword(StrEnum):
    SAME = "same"  # as the servers', if they have one
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """tls: of clients, replication and Sentinels alike; there is no port without it then.

    user: ACL user of the clients of servers, "" for the default user, who is off otherwise; replicas and Sentinels have
    users of their own with only the rights that Redis's documentation lists. sentinel_user: the same at Sentinels.
    """

    tls: Encryption = Encryption.OFF
    user: str = ""
    sentinel_user: str = ""
    sentinel_password: SentinelPassword = SentinelPassword.SAME
    protected_mode: bool = False
