"""redis-resilience: break a documented Redis topology on purpose, and say with evidence what happened.

This is the public API: everything that a scenario needs. Each name is imported when it is first used, so that
`import redis_resilience` itself loads nothing else. The types of all names are in `__init__.pyi`.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "faults.target": ("EVERY_SERVER", "MASTER", "MASTER_MAJORITY", "REPLICA", "SENTINEL", "SENTINEL_MAJORITY"),
    "model.errors": (
        "BrokenJournal",
        "BrokenRecords",
        "BrokenTrial",
        "DeploymentError",
        "ProbeError",
        "ResilienceError",
        "Unavailable",
        "UsageError",
        "WaitTimeout",
    ),
    "model.faults": (
        "Fault",
        "delete_pod",
        "grow",
        "isolate",
        "kill",
        "pause",
        "rolling_upgrade",
        "scale_to_zero",
        "stop",
        "stop_node",
    ),
    "model.plan": ("Plan",),
    "model.verdict": ("Finding", "Verdict"),
    "topologies.topology": (
        "REDIS_PORT",
        "SENTINEL_PORT",
        "Boot",
        "Controller",
        "ControllerKind",
        "Pod",
        "Profile",
        "System",
        "Topology",
        "Volume",
    ),
    "trials.manual": ("ManualSteps",),
    "trials.outcome": ("Outcome",),
    "trials.trial": ("Trial",),
    "trials.verification": ("switches", "written_and_read_everywhere"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = list(_HOME_OF)


def __getattr__(name: str) -> object:
    """Import the name's module and keep what it has there; raises AttributeError for a name that is not public."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
