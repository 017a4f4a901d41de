"""How a Redis that was found is guarded, in the terms of a topology."""

from __future__ import annotations

from redis_resilience.discovery.system import Role, System
from redis_resilience.topologies.security import Encryption, Security, SentinelPassword


def security_of(system: System, *, user: str, sentinel_user: str) -> Security:
    """By what its servers and Sentinels answered. user, sentinel_user: who asked, "" for the default user."""
    answers = [system.answers[each.place] for each in system.servers]
    guarded = any(answer.guarded for answer in answers)
    return Security(
        tls=_encryption(system),
        user=user,
        sentinel_user=sentinel_user,
        sentinel_password=SentinelPassword.SAME if sentinel_user else _of_sentinels(system, guarded=guarded),
        protected_mode=guarded and any(answer.settings.get("protected-mode") == "yes" for answer in answers),
    )


def _encryption(system: System) -> Encryption:
    if not any(system.over_tls(each) for each in system.servers):
        return Encryption.OFF
    asked = {system.answers[each.place].settings.get("tls-auth-clients") for each in system.servers}
    return Encryption.MUTUAL if asked == {"yes"} else Encryption.SERVER


def _of_sentinels(system: System, *, guarded: bool) -> SentinelPassword:
    """The same where their pods name no other Secret."""
    answers = [system.answers[each.place] for each in system.sentinels]
    if not any(answer.guarded for answer in answers):
        return SentinelPassword.NONE if guarded and answers else SentinelPassword.SAME
    own = any(key.of is Role.SENTINEL for key in system.passwords)
    return SentinelPassword.OTHER if own or not guarded else SentinelPassword.SAME
