"""Deleting every key between two trials, also where the topology has disabled FLUSHALL.

A deployment that renames it away does so to keep clients from it. The keys can still be deleted one by one, and a
script on the server does that: no write can interleave, so none is left over.
"""

from __future__ import annotations

from redis_resilience.deployments.probe import Probe
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError

_WITHIN_S = 30.0
_DELETE_ALL = """
local cursor = '0'
repeat
    local found = redis.call('SCAN', cursor, 'COUNT', 1000)
    cursor = found[1]
    for _, key in ipairs(found[2]) do
        redis.call('UNLINK', key)
    end
until cursor == '0'
return redis.call('DBSIZE')
"""


def empty(probe: Probe, master: Endpoint) -> None:
    """Delete every key of this master; its replicas follow. Raises DeploymentError where it refuses."""
    answer = probe.query(master, "FLUSHALL", timeout_s=_WITHIN_S)
    if "unknown command" in answer.error:
        answer = probe.query(master, "EVAL", _DELETE_ALL, "0", timeout_s=_WITHIN_S)
    if answer.error or answer.unreachable:
        raise DeploymentError(
            f"expected the master at {master} to give up its keys; got: {answer.error or answer.unreachable}; "
            "a trial needs an empty keyspace: allow FLUSHALL, or EVAL with SCAN and UNLINK"
        )
