"""Dropped packets between pods: nftables on the deployment's bridge, and the proof by a connect attempt.

The rules look at every packet that the bridge forwards, so established connections are cut as well. The probe's
packets are not forwarded but come from the bridge itself: it goes on seeing every pod.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import shutil
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from redis_resilience.deployments.local.control import Agent
from redis_resilience.deployments.waiting import eventually
from redis_resilience.faults.effect import Effect
from redis_resilience.model.errors import DeploymentError, TargetAway, TargetBack, Unavailable
from redis_resilience.model.faults import Direction, Isolate

_TABLE = "bridge redis_resilience"
_SILENCE_S = 0.2
_RULES_WITHIN_S = 5.0
_OPEN_WITHIN_S = 5.0
_ANSWERS = (0, errno.ECONNREFUSED)

Way = tuple[str, str]
"""Who opens connections, and to whom."""


class Partition:
    """Which pods cannot connect to which. It names pods, so it follows one that comes back elsewhere.

    Raises TargetAway for a pod whose ways are all cut, TargetBack where there is nothing to be healed.
    """

    def __init__(self, agent: Agent, folder: Path, ports: Sequence[int]) -> None:
        """ports: those that peers of a pod connect to, its server's first."""
        self._ports = tuple(ports)
        self._agent = agent
        self._folder = folder
        self._cut: dict[str, set[Way]] = {}
        """By the isolated pod; a way between two of them is in both."""
        self._loads = 0

    def cut(self, pod: str, others: Iterable[str], addresses: Mapping[str, str], fault: Isolate) -> Effect:
        """addresses: of every pod that exists now. Raises DeploymentError where the rules have no effect."""
        sides = {Direction.IN: (False,), Direction.OUT: (True,), Direction.BOTH: (False, True)}[fault.direction]
        wanted = {(pod, other) if opens else (other, pod) for other in others for opens in sides}
        before = self._all_cut
        if wanted <= before:
            raise TargetAway(f"expected a way between {pod} and its peers that is open; all are cut already")
        here = _among(wanted - before, addresses)
        spared = [way for way in _among(map(_turned, wanted - before), addresses) if way not in before | wanted]
        silent = self._silent(here, addresses)
        if silent:
            raise DeploymentError(
                f"expected a way between pods before it is cut; got silence: {_words(silent)}; "
                "silence afterwards would prove nothing"
            )
        self._cut[pod] = self._cut.get(pod, set()) | wanted
        begin_ns, end_ns = self._load(addresses)
        open_ways = set(here) - set(self._silent(here, addresses))
        if open_ways:
            raise DeploymentError(f"expected silence after the rules were loaded; got an answer: {_words(open_ways)}")
        if deaf := self._silent(spared, addresses):
            raise DeploymentError(f"expected the other way to stay open; got silence: {_words(deaf)}")
        proof = f"connects that were answered before met silence for {_SILENCE_S:g} s: {_words(here)}"
        proof += f"; still answered: {_words(spared)}" if spared else ""
        return Effect(begin_ns=begin_ns, end_ns=end_ns, proof=proof)

    def heal(self, pod: str, addresses: Mapping[str, str]) -> Effect:
        if pod not in self._cut:
            raise TargetBack(f"expected {pod} to be partitioned from its peers; none of its ways is cut")
        healed = self._cut.pop(pod) - self._all_cut
        begin_ns, _ = self._load(addresses)
        here = _among(healed, addresses)

        def look() -> tuple[bool, str]:
            silent = self._silent(here, addresses)
            return not silent, f"silence: {_words(silent)}"

        eventually(look, within_s=_OPEN_WITHIN_S, what=f"{pod} and its peers to reach each other again")
        proof = f"connects are answered again: {_words(here)}"
        return Effect(begin_ns=begin_ns, end_ns=time.monotonic_ns(), proof=proof)

    @property
    def _all_cut(self) -> set[Way]:
        return set().union(*self._cut.values())

    def follow(self, addresses: Mapping[str, str]) -> None:
        """Apply the same rules to the pods' present addresses."""
        if self._cut:
            self._load(addresses)

    def _load(self, addresses: Mapping[str, str]) -> tuple[int, int]:
        """Replace all rules in one transaction; returns the instants before and after."""
        program = find_nft()
        self._loads += 1
        rules, log = self._folder / "etc" / "partition.nft", self._folder / "logs" / "nft.log"
        rules.write_text(ruleset(self._all_cut, addresses, self._ports))
        name = f"nft/{self._loads}"
        environment = {"PATH": os.defpath, "LC_ALL": "C"}
        begin_ns = self._agent.start(
            name, (program, "-f", str(rules)), pod=None, environment=environment, log=log
        ).begin_ns

        def look() -> tuple[bool, str]:
            state = self._agent.look()[name].state
            return state == "ended", state

        eventually(look, within_s=_RULES_WITHIN_S, what="nft to load the rules", every_s=0.002)
        ended = self._agent.look()[name]
        if ended.status != 0:
            raise DeploymentError(
                f"expected nft to load the rules; it ended with {ended.status}: {log.read_text()[-500:].strip()}"
            )
        return begin_ns, ended.since_ns

    def _silent(self, ways: Iterable[Way], addresses: Mapping[str, str]) -> list[Way]:
        """The directions in which a connect gets no answer. A refusal is an answer: the packet came back."""
        poll = select.poll()
        waiting: dict[int, tuple[socket.socket, Way]] = {}
        with contextlib.ExitStack() as stack:
            for source, target in sorted(ways):
                trial = stack.enter_context(self._agent.socket_of(source))
                trial.settimeout(0)
                if trial.connect_ex((addresses[target], self._ports[0])) == errno.EINPROGRESS:
                    poll.register(trial, select.POLLOUT)
                    waiting[trial.fileno()] = (trial, (source, target))
            deadline_s = time.monotonic() + _SILENCE_S
            while waiting and (left_s := deadline_s - time.monotonic()) > 0:
                for descriptor, _ in poll.poll(left_s * 1000):
                    poll.unregister(descriptor)
                    if waiting[descriptor][0].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in _ANSWERS:
                        del waiting[descriptor]
            return sorted(way for _, way in waiting.values())


def find_nft() -> str:
    """The program, also from directories that an ordinary user's PATH lacks; raises Unavailable where it is missing."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"))
    found = shutil.which("nft", path=path)
    if found is None:
        raise Unavailable("expected the program nft for partitions; got none on PATH; install the package nftables")
    return found


def ruleset(cut: Iterable[Way], addresses: Mapping[str, str], ports: Sequence[int]) -> str:
    """All rules as one nft script, which takes effect as a whole; the first line lets the second find its table."""
    here = set(_among(cut, addresses))
    drops = "".join(
        _rules(addresses[way[0]], addresses[way[1]], ports, alone=_turned(way) not in here) for way in sorted(here)
    )
    return (
        f"table {_TABLE}\ndelete table {_TABLE}\ntable {_TABLE} {{\n  chain forward {{\n"
        f"    type filter hook forward priority 0; policy accept;\n{drops}  }}\n}}\n"
    )


def _rules(source: str, target: str, ports: Sequence[int], *, alone: bool) -> str:
    """alone: the other direction stays open, so only packets of connections that `source` opened are dropped."""
    ip = "ip6" if ":" in source else "ip"
    if not alone:
        return f"    {ip} saddr {source} {ip} daddr {target} drop\n"
    listed = ", ".join(map(str, ports))
    return (
        f"    {ip} saddr {source} {ip} daddr {target} tcp dport {{ {listed} }} drop\n"
        f"    {ip} saddr {target} {ip} daddr {source} tcp sport {{ {listed} }} drop\n"
    )


def _turned(way: Way) -> Way:
    return way[1], way[0]


def _among(ways: Iterable[Way], addresses: Mapping[str, str]) -> list[Way]:
    """Those of pods that exist."""
    return sorted(way for way in ways if addresses.keys() >= set(way))


def _words(ways: Iterable[Way]) -> str:
    return ", ".join(f"{source} to {target}" for source, target in sorted(ways)) or "no pair of live pods"
