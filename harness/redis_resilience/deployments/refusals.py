"""Why a server refuses the data of another version, by its log; and where an upgrade is not done at all."""

from __future__ import annotations

import re

CLUSTER_UPGRADE = "the planned failover of a rolling upgrade is asked of Sentinels, and a Redis Cluster has none"
_REFUSALS = re.compile(
    r"Can't handle RDB format version \d+"
    r"|Unknown RDB (?:string )?encoding type \S+"
    r"|The RDB file contains (?:module|AUX) [^\n]*"
    r"|Bad file format reading the append only file[^\n]*"
    r"|Unknown command '[^'\n]*' reading the append only file[^\n]*"
    r"|Invalid AOF manifest file format"
    r"|Wrong signature trying to load DB from file"
    r"|Unexpected reply to PSYNC[^\n]*"
    r"|Unrecoverable error reading the append only file[^\n]*"
    r"|Fatal error loading the DB[^\n]*"
    r"|FATAL CONFIG FILE ERROR[^\n]*(?:\n[^\n]+){0,3}"
)


def refusal_in(log: str) -> str:
    """The first line of the log that says so; "" where none does."""
    found = _REFUSALS.search(log)
    return " ".join(found[0].split()) if found else ""
