"""What a trial's files say, worked out a second time: by the definitions in the documents, without the judges.

    redis-resilience dump TRIAL > operations.jsonl
    python tests/trials/recompute.py TRIAL operations.jsonl

Reads plan.json, environment.json, trial.jsonl, events.jsonl, finals/, logs/ and what `dump` printed, nothing else.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from copy import copy
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
SLOTS = 16384


@cache
def slot(key: str) -> int:
    """CRC16 (XModem) of the whole key, as the cluster specification has it."""
    crc = 0
    for byte in key.encode():
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc % SLOTS


class Recomputed:
    """A trial, or one shard of a cluster: only its own keys, and its own master."""

    def __init__(self, trial: Path, dumped: Iterable[str]) -> None:
        self._folder = trial
        self.plan = json.loads((trial / "plan.json").read_text())
        self.environment = json.loads((trial / "environment.json").read_text())
        events = (*_lines(trial / "trial.jsonl"), *_lines(trial / "events.jsonl"))
        self.events = sorted(events, key=lambda event: int(event["at_ns"]))
        self.writes = [row for row in map(json.loads, dumped) if row["kind"] == "write"]
        self.master = self.environment["master"]
        self.servers = [server["name"] for server in self.environment["servers"]]

    def shards(self) -> dict[str, Recomputed]:
        found = {}
        for shard in self.environment.get("shards") or ():
            part = copy(self)
            part.master, part.servers = shard["master"], shard["servers"]
            part.writes = [row for row in self.writes if self._in(row["key"], shard["slots"])]
            found[shard["name"]] = part
        return found

    @property
    def acked(self) -> list[Row]:
        return [row for row in self.writes if row["outcome"] == "ok"]

    @property
    def lost(self) -> int:
        """Acknowledged, and not on the server that is master at the end; 0 where there is none: not known."""
        finals = {path.stem: json.loads(path.read_text()) for path in (self._folder / "finals").glob("*.json")}
        named = Counter(self._named())
        masters = [name for name in self.servers if finals.get(name, {}).get("role") == "master"]
        masters.sort(key=lambda name: -named[name])
        if not masters:
            return 0
        held = set(np.load(self._folder / "finals" / f"{masters[0]}.npy").tolist())
        return sum(row["key"] not in held for row in self.acked)

    @property
    def fault(self) -> Row | None:
        """The first effect that took the master, else the first of all."""
        effects = self._of("fault-effect")
        return next((event for event in effects if self._takes(event, self.master)), next(iter(effects), None))

    @property
    def outage_ms(self) -> float:
        """The longest time between two acknowledgements in a row of which the later came after the fault.

        The load's last due time ends the time after the last acknowledgement.
        """
        since = self.fault
        since_ns = (since["since_ns"] or since["at_ns"]) if since else self._phase("fault") or 0
        due_ns = max((row["due_ns"] for row in self._followers(self.writes)), default=0)
        times = self._acks()
        if times and times[-1] < due_ns:
            times.append(due_ns)
        return max(((b - a) / 1e6 for a, b in pairwise(times) if b >= since_ns), default=0.0)

    @property
    def noise_ms(self) -> float:
        """The same between the start of the load and the fault phase."""
        begin_ns = max([self._phase("control") or 0, *(event["at_ns"] for event in self._of("load-begin")[:1])])
        fault_ns = self._phase("fault") or 0
        times = [at for at in self._acks() if begin_ns <= at < fault_ns]
        return max(((b - a) / 1e6 for a, b in pairwise(times)), default=0.0)

    @property
    def switch(self) -> tuple[int, str] | None:
        """When the first Sentinel or node is proved to name another master after the fault, and which.

        A line of a Sentinel's log proves it a millisecond after its stamp, a message when it was heard.
        A Sentinel whose pod was deleted does not count.
        """
        fault = self.fault
        if fault is None or not self._takes(fault, self.master):
            return None
        since_ns = fault["since_ns"] or fault["at_ns"]
        pods = fault.get("pods") or ()
        gone = {f"sentinel:{pod}" for pod in (pods.split() if isinstance(pods, str) else pods)}
        found = []
        for event in (*self.events, *self._logged()):
            if event["at_ns"] < since_ns or event["source"] in gone:
                continue
            if event["kind"] == "owner" and event["owner"] in self.servers and event["before"] == self.master:
                found.append((event["at_ns"], event["owner"]))
            elif event.get("name", event["kind"]) == "+switch-master":
                _, old, old_port, new, new_port = event["text"].split()
                if (old, old_port) != (new, new_port):
                    found.append((event["at_ns"], self._name(f"{new}:{new_port}")))
        return min(found, default=None)

    def _logged(self) -> Iterator[Row]:
        offset_ns = self.environment["clock_ns"] - self.environment["wall_ns"]
        for path in sorted((self._folder / "logs").glob("*-sentinel.log")):
            for stamp, text in re.findall(r"^\d+:X (.{24}) # \+switch-master (.*)$", path.read_text(), re.MULTILINE):
                moment = datetime.strptime(f"{stamp} +0000", "%d %b %Y %H:%M:%S.%f %z")
                at_ns = (int(moment.timestamp()) * 1000 + moment.microsecond // 1000 + 1) * 1_000_000 + offset_ns
                source = f"sentinel:{path.name.removesuffix('-sentinel.log')}"
                yield {"at_ns": at_ns, "kind": "+switch-master", "source": source, "text": text}

    @property
    def first_write_ns(self) -> int | None:
        """The first acknowledgement of a write that the new master was sent after the fault."""
        switch, fault = self.switch, self.fault
        if switch is None or fault is None or switch[1] == self.master:
            return None
        names = [server["name"] for server in self.environment["servers"]]
        number, since_ns = names.index(switch[1]), fault["since_ns"] or fault["at_ns"]
        own = (row["return_ns"] for row in self.acked if row["server"] == number and row["call_ns"] >= since_ns)
        return min(own, default=None)

    def _acks(self) -> list[int]:
        return sorted(row["return_ns"] for row in self._followers(self.acked))

    def _followers(self, rows: list[Row]) -> list[Row]:
        """Of writers that follow the master; of all, where none does."""
        groups = self.plan["load"]["writers"]
        follows = [group.get("target", "master") == "master" for group in groups for _ in range(group["count"])]
        if all(follows) or not any(follows):
            return rows
        return [row for row in rows if follows[(row["client"] - 1) % len(follows)]]

    def _named(self) -> Iterator[str]:
        for event in self._of("named"):
            yield self._name(event.get("address") or event["text"])

    def _name(self, address: str) -> str:
        places = {server["address"]: server["name"] for server in self.environment["servers"]}
        places |= {event["address"]: event["server"] for event in self._of("server-up") if "address" in event}
        return places.get(address, address.split(":", maxsplit=1)[0].split(".", maxsplit=1)[0])

    def _in(self, key: int, slots: list[list[int]]) -> bool:
        number = slot(f"rr:{self.plan['trial']}:{key:012d}")
        return any(first <= number <= last for first, last in slots)

    def _of(self, kind: str) -> list[Row]:
        return [event for event in self.events if event["kind"] == kind]

    def _phase(self, name: str) -> int | None:
        return next((event["at_ns"] for event in self._of("phase") if event["name"] == name), None)

    @staticmethod
    def _takes(event: Row, server: str) -> bool:
        own = {event["pod"]} if event["container"] == "redis" else set()
        pods = event.get("pods") or ()
        return server in own | set(pods.split() if isinstance(pods, str) else pods)


def _lines(path: Path) -> Iterator[Row]:
    for line in path.read_text().splitlines():
        told = json.loads(line)
        if "records" in told:
            continue
        yield {**told.pop("data", {}), **told}  # version 1 keeps what an event says besides under "data"


def main() -> None:
    with Path(sys.argv[2]).open() as dumped:
        told = Recomputed(Path(sys.argv[1]), dumped)
    for name, part in (told.shards() or {"": told}).items():
        numbers = {"acknowledged": len(part.acked), "lost": part.lost, "outage_ms": part.outage_ms}
        numbers |= {"noise_ms": part.noise_ms, "switch": part.switch, "first_write_ns": part.first_write_ns}
        sys.stdout.write(json.dumps({"shard": name, **numbers}) + "\n")


if __name__ == "__main__":
    main()
