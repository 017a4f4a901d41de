"""What reached the servers of a deployment of our own beside the trial: keys that went, and settings that changed.

Asked just before each fault, as the counters end with the process that it ends, and at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.replies import fields
from redis_resilience.model.environment import Server
from redis_resilience.model.events import Dropped, SettingChanged
from redis_resilience.trials.notes import Notes
from redis_resilience.trials.survey import describe_servers, survey

REMOVING = ("del", "flushall", "flushdb", "getdel", "move", "rename", "renamenx", "swapdb", "unlink")
"""Commands that take keys away. A replica runs its master's, and DEL for what expires there."""
_COUNTERS_S = 0.25
_CALLS = re.compile(r"calls=(\d+)")


class Alterations:
    """moves_slots: the trial itself moves slots, and with them keys: their replicas delete them by DEL."""

    def __init__(self, deployment: Deployment, notes: Notes, *, moves_slots: bool = False) -> None:
        self._deployment, self._notes = deployment, notes
        self._own = frozenset({"del"} if moves_slots else ())
        self._calls: dict[str, dict[str, int]] = {}

    def begin(self) -> None:
        """From now on such commands are counted."""
        self._calls = {told.get("run_id", ""): _calls(told) for told in map(self._told, self._deployment.servers())}

    def note_dropped(self) -> None:
        """Which servers have evicted or expired keys, or executed commands that remove some."""
        for name in self._deployment.servers():
            told = self._told(name)
            run_id = told.get("run_id", "")
            evicted, expired = (int(told.get(f"{kind}_keys", "0")) for kind in ("evicted", "expired"))
            removing = self._removing(run_id, told) if self._deployment.owns_data else ""
            if evicted or expired or removing:
                self._notes.keep(
                    Dropped(
                        at_ns=self._notes.now_ns(),
                        server=name,
                        run_id=run_id,
                        evicted_keys=evicted,
                        expired_keys=expired,
                        removing=removing,
                    )
                )

    def note_settings(self, before: Iterable[Server]) -> None:
        """Which settings are others than before; a server at another address, or that tells none, is left out."""
        known = {(server.name, server.address): server.config for server in before}
        for server in describe_servers(self._deployment, survey(self._deployment)):
            for setting, value in sorted(known.get((server.name, server.address), {}).items()):
                if server.config.get(setting, value) != value:
                    self._notes.keep(
                        SettingChanged(
                            at_ns=self._notes.now_ns(),
                            server=server.name,
                            setting=setting,
                            before=value,
                            now=server.config[setting],
                        )
                    )

    def _told(self, name: str) -> dict[str, str]:
        endpoint = self._deployment.servers()[name]
        return fields(self._deployment.probe.query(endpoint, "INFO", "everything", timeout_s=_COUNTERS_S).value)

    def _removing(self, run_id: str, told: Mapping[str, str]) -> str:
        """Those of a master since the trial began: "flushall 1, unlink 3"."""
        if told.get("role") != "master":
            return ""
        before = self._calls.get(run_id, {})
        since = {
            command: count - before.get(command, 0)
            for command, count in _calls(told).items()
            if command not in self._own
        }
        return ", ".join(f"{command} {count}" for command, count in sorted(since.items()) if count > 0)


def _calls(told: Mapping[str, str]) -> dict[str, int]:
    """How often each was executed, by INFO commandstats; those that were not are left out."""
    found = {command: _CALLS.match(told.get(f"cmdstat_{command}", "")) for command in REMOVING}
    return {command: int(match[1]) for command, match in found.items() if match}
