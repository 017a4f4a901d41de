"""What reached servers and Sentinels beside the trial: keys that went, commands of others, settings that changed.

Asked just before each fault, as the counters end with the process that it ends, and at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.replies import fields, pairs
from redis_resilience.model.environment import Server
from redis_resilience.model.events import Dropped, Executed, SettingChanged
from redis_resilience.trials.commands import Calls, administrative, calls_in, in_words, since, writing
from redis_resilience.trials.notes import Notes
from redis_resilience.trials.survey import describe_servers, survey

_COUNTERS_S = 0.25
_Told = Mapping[str, str]


class Alterations:
    """moves_slots: the trial itself moves slots and their keys. sets: it changes settings, to fail over."""

    def __init__(self, deployment: Deployment, notes: Notes, *, moves_slots: bool = False, sets: bool = False) -> None:
        self._deployment, self._notes = deployment, notes
        self._moves_slots = moves_slots
        self._own = frozenset({"config|set"} if sets else ())
        self._calls: dict[str, Calls] = {}
        self._usual: frozenset[str] = frozenset()
        self._periods: dict[str, tuple[str, _Told]] = {}

    def begin(self) -> None:
        """From now on commands are counted. Where others administer the servers, what was usual until now still is."""
        self._calls = {told.get("run_id", ""): calls_in(told) for told in map(self._told, self._deployment.servers())}
        if self._deployment.administered:
            self._usual = frozenset(
                command for calls in self._calls.values() for command in administrative(calls, moves_slots=False)
            )
        self._periods = dict(self._sentinels())

    def note(self) -> None:
        """Which servers have evicted or expired keys, or executed commands of others."""
        for name in self._deployment.servers():
            told = self._told(name)
            run_id = told.get("run_id", "")
            evicted, expired = (int(told.get(f"{kind}_keys", "0")) for kind in ("evicted", "expired"))
            if evicted or expired:
                self._notes.keep(
                    Dropped(
                        at_ns=self._notes.now_ns(),
                        server=name,
                        run_id=run_id,
                        evicted_keys=evicted,
                        expired_keys=expired,
                    )
                )
            self._note_commands(name, run_id, told)

    def _note_commands(self, name: str, run_id: str, told: _Told) -> None:
        calls = since(calls_in(told), self._calls.get(run_id, {}))
        found = administrative(calls, moves_slots=self._moves_slots)
        usual = {command: count for command, count in found.items() if command in self._usual}
        sets = 0
        if told.get("role") == "master" and self._deployment.owns_data:
            found |= writing(calls, moves_slots=self._moves_slots)
            sets = calls.get("set", 0)
        others = {each: count for each, count in found.items() if each not in usual and each not in self._own}
        if others or usual or sets:
            self._notes.keep(
                Executed(
                    at_ns=self._notes.now_ns(),
                    server=name,
                    run_id=run_id,
                    commands=in_words(others),
                    usual=in_words(usual),
                    sets=sets,
                )
            )

    def note_settings(self, before: Iterable[Server]) -> None:
        """Which settings are others than before; a server at another address, or that tells none, is left out."""
        known = {(server.name, server.address): server.config for server in before}
        for server in describe_servers(self._deployment, survey(self._deployment)):
            self._compare(server.name, known.get((server.name, server.address), {}), server.config)
        for name, (run_id, periods) in self._sentinels():
            known_id, known_periods = self._periods.get(name, ("", {}))
            if run_id == known_id:
                self._compare(f"the Sentinel of {name}", known_periods, periods)

    def _compare(self, server: str, before: _Told, now: _Told) -> None:
        for setting, value in sorted(before.items()):
            if now.get(setting, value) != value:
                self._notes.keep(
                    SettingChanged(
                        at_ns=self._notes.now_ns(), server=server, setting=setting, before=value, now=now[setting]
                    )
                )

    def _told(self, name: str) -> dict[str, str]:
        endpoint = self._deployment.servers()[name]
        return fields(self._deployment.probe.query(endpoint, "INFO", "everything", timeout_s=_COUNTERS_S).value)

    def _sentinels(self) -> Iterable[tuple[str, tuple[str, _Told]]]:
        """Of each Sentinel its run_id, and the periods that SENTINEL DEBUG tells."""
        probe = self._deployment.probe
        for name, endpoint in self._deployment.sentinels().items():
            run_id = fields(probe.query(endpoint, "INFO", "server", timeout_s=_COUNTERS_S).value).get("run_id", "")
            periods = pairs(probe.query(endpoint, "SENTINEL", "DEBUG", timeout_s=_COUNTERS_S).value)
            yield name, (run_id, {period.lower(): value for period, value in periods.items()})
