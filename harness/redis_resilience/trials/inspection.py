"""A running deployment as lint sees it: the settings that its servers and Sentinels have now, asked through the probe.

What settings do not show (where data is kept, who starts as master) comes from the topology that was deployed; of a
Redis that was there before it is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.replies import pairs
from redis_resilience.lint.check import check
from redis_resilience.lint.from_topology import read_topology
from redis_resilience.lint.setup import DEFAULTS, SECRET, Directives, Seen, Sentinel, Server, Setup
from redis_resilience.model.lint import LintReport

_PASSWORDS = ("masterauth", "requirepass")


def inspect(deployment: Deployment) -> LintReport:
    """What lint reports of this deployment as it runs; a server that does not answer is one that was not seen."""
    return check(read_deployment(deployment))


def read_deployment(deployment: Deployment) -> Setup:
    planned = read_topology(deployment.topology, deployment.profile)
    ours = deployment.owns_data
    kept = {server.name: server.data for server in planned.servers if ours}
    states = {sentinel.name: sentinel.state for sentinel in planned.sentinels if ours}
    asked = {name: _redis(deployment, name) for name in deployment.servers()}
    password = any((seen := settings.get("requirepass")) and seen.value for settings in asked.values())
    return replace(
        planned,
        subject=f"{planned.subject}, on {deployment.backend}",
        live=True,
        boot=planned.boot if ours else None,
        servers=tuple(
            Server(name=name, settings=settings, workload=name, data=kept.get(name)) for name, settings in asked.items()
        ),
        sentinels=tuple(
            replace(found, state=states.get(name))
            for name in deployment.sentinels()
            if (found := _sentinel(deployment, name, password=password))
        ),
    )


def _redis(deployment: Deployment, name: str) -> Directives:
    config = pairs(deployment.probe.query(deployment.servers()[name], "CONFIG", "GET", "*").value)
    if not config.get("requirepass") and _closed(deployment, name):
        config["requirepass"] = SECRET
    config |= {secret: SECRET for secret in _PASSWORDS if config.get(secret)}
    return _settings(f"{name}, CONFIG GET", {key: value for key, value in config.items() if key in DEFAULTS})


def _closed(deployment: Deployment, name: str) -> bool:
    """Whether there are users and the default user, whose password is requirepass, is switched off."""
    told = pairs(deployment.probe.query(deployment.servers()[name], "ACL", "GETUSER", "default").value)
    return "off" in told.get("flags", "")


def _sentinel(deployment: Deployment, name: str, *, password: bool) -> Sentinel | None:
    """None where it does not answer, or monitors nothing."""
    endpoint, master = deployment.sentinels()[name], deployment.topology.master_name
    facts = pairs(deployment.probe.query(endpoint, "SENTINEL", "MASTER", master).value)
    if not facts:
        return None
    own = pairs(deployment.probe.query(endpoint, "SENTINEL", "CONFIG", "GET", "*").value)
    check_quorum = deployment.probe.query(endpoint, "SENTINEL", "CKQUORUM", master)
    told = {key: value for key, value in {**own, **facts}.items() if key in DEFAULTS or key == "quorum"}
    told["ping-period"] = str(deployment.profile.ping_period_ms)
    # A Sentinel that reaches a master that requires a password knows it.
    told["auth-pass"] = SECRET if password and facts.get("flags") == "master" else ""
    return Sentinel(
        name=name,
        settings=_settings(f"{name}, SENTINEL MASTER", told),
        workload=name,
        monitored=Seen(value=facts.get("ip", ""), where=f"{name}, SENTINEL MASTER"),
        known=int(facts.get("num-other-sentinels", "0")) + 1,
        ckquorum=str(check_quorum.value or check_quorum.error or ""),
    )


def _settings(where: str, told: Mapping[str, str]) -> Directives:
    """What the engine does not name is not known, rather than at a default of another version."""
    return Directives(
        where=where,
        seen={name: Seen(value=value, where=f"{where} {name}") for name, value in told.items()},
        complete=False,
    )
