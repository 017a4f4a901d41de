"""Live settings of this harness's own deployment that forbid a Sentinel to promote a server.

A promotion is one transaction: MULTI, SLAVEOF NO ONE, CONFIG REWRITE, CLIENT KILL, EXEC (redis/redis src/sentinel.c,
4f8cdc2a, sentinelSendSlaveOf). A command in it that the server refuses undoes all of it, and the Sentinel reports
-failover-abort-slave-timeout.
"""

from __future__ import annotations

from redis_resilience.deployments.deployment import Deployment

_PROMOTION = (("MULTI",), ("SLAVEOF", "NO", "ONE"), ("CONFIG", "REWRITE"), ("EXEC",))


def forbidden(deployment: Deployment) -> str:
    """Why no server can be promoted; "" where nothing is known to forbid it.

    The identity of an attached deployment's Sentinels to its servers is not known here, and raises no objection.
    """
    if not deployment.owns_data:
        return ""
    settings, probe = dict(deployment.topology.sentinel_config), deployment.probe
    user = deployment.topology.monitoring_user
    for server, endpoint in deployment.servers().items():
        refused = probe.query(endpoint, "CONFIG", "GET", "maxmemory").error
        if refused.startswith("ERR unknown command") and "rename-command" not in settings:
            return (
                f"{server} has no command CONFIG, which a Sentinel needs to promote it, and no Sentinel knows another"
            )
        for command in _PROMOTION if user else ():
            answer = probe.query(endpoint, "ACL", "DRYRUN", user, *command).value
            if isinstance(answer, str) and answer != "OK":
                return f"{server} lets the Sentinels' user {user} do no {' '.join(command)}: {answer}"
    return ""
