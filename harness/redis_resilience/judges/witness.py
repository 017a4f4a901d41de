"""Whether each fault, and each heal, was seen by independent observers; traits say which witnesses it has.

The injector's own proof is one source. The other is on record: samples of the probe's watchers, replication that stands
still or flows, what Sentinels and the tables of a cluster's nodes report. It counts only within the fault's own time,
and none of it may contradict: a process that goes on answering did not end, and data that flows crosses no partition.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from redis_resilience.judges.evidence import fault_of, phase_at, samples_of, server_index
from redis_resilience.judges.reading import Reading
from redis_resilience.model.events import (
    Cleared,
    Fail,
    FaultBegin,
    FaultEffect,
    FaultEvent,
    FoundAway,
    HealBegin,
    HealEnd,
    Left,
    Link,
    Owner,
    Pfail,
    Role,
    SentinelDown,
    SentinelMessage,
    SentinelUp,
    ServerUp,
)
from redis_resilience.model.records import Records
from redis_resilience.model.traits import Process, Traits

SLACK_NS = 100_000_000
"""What was under way when the fault took effect may still arrive."""
STILL_NS = 200_000_000
"""A replica that got nothing for so long, while its master had more, is partitioned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """From the earliest instant of the effect, and from when it was proved, until its heal begins and has ended."""

    earliest_ns: int
    proved_ns: int
    heal_ns: int
    healed_ns: int


def unseen(reading: Reading) -> list[str]:
    """The places of faults that no witness saw, or that one saw untouched: "redis-0/redis: why"."""
    found = []
    for effect in reading.of(FaultEffect):
        traits = fault_of(reading, effect).traits
        span = _span(reading, effect)
        if traits.watchers_lose_it and effect.container != "redis":
            why = _sentinel_lived_on(reading, effect.pod, span, traits)
        elif traits.watchers_lose_it:
            lived = (_lived_on(reading, name, span, traits) for name in sorted(_known(reading, effect)))
            why = next(filter(None, lived), "")
        elif traits.partitions:
            why = _was_reached(reading, effect.pod, span, traits)
        else:
            why = "" if _owns(reading, effect.pod, span) else "no node's table says that it has a slot"
        if why:
            found.append(f"{effect.pod}/{effect.container}: {why}")
    there = (event for event in reading.of(FoundAway) if _was_there(reading, event))
    return found + [
        f"{event.pod}/{event.container}: answered when fault {event.fault} found it away" for event in there
    ]


def _was_there(reading: Reading, found: FoundAway) -> bool:
    """Whether the target answered between the beginning of this fault and what it found."""
    if not fault_of(reading, found).traits.watchers_lose_it:
        return False
    begun_ns = min((event.earliest_ns for event in reading.of(FaultBegin) if _same(event, found)), default=found.at_ns)
    if found.container != "redis":
        words = [event for event in reading.of(SentinelDown, SentinelUp) if event.sentinel == found.pod]
        before = [event for event in words if event.at_ns <= begun_ns]
        return not before or isinstance(before[-1], SentinelUp)
    own = samples_of(reading, server_index(reading, found.pod))
    within = (own["call_ns"] >= begun_ns) & (own["return_ns"] <= found.at_ns)
    return bool(np.any(within & (own["role"] != Role.UNREACHABLE)))


def unhealed(reading: Reading) -> list[str]:
    """The places of heals that no witness saw, in the same form; none where the scenario expects no healed end."""
    if not reading.plan.expect.heals:
        return []
    found = []
    for end in reading.of(HealEnd):
        traits = fault_of(reading, end).traits
        since_ns = _begun_ns(reading, end)
        if f"{end.pod}/{end.container}" in end.unreplaced:
            continue
        if traits.watchers_lose_it and end.container != "redis":
            seen = _sentinel_is_back(reading, end.pod)
        elif traits.watchers_lose_it:
            seen = all(_answers(reading, name, since_ns) for name in _known(reading, end))
        elif traits.partitions:
            seen = _is_joined(reading, end.pod, since_ns)
        else:
            seen = any(
                event.node == end.pod and event.teller != end.pod and event.at_ns >= since_ns
                for event in reading.of(Left)
            )
        if not seen:
            found.append(f"{end.pod}/{end.container}")
    return found


def unended(reading: Reading) -> list[str]:
    """The places of faults of which no record says that they were undone: that one is back does not say by whom.

    None where the scenario expects no healed end, or the trial did not come so far.
    """
    if not reading.plan.expect.heals or phase_at(reading, "quiesce") is None:
        return []
    ended = reading.of(HealEnd)
    return [
        f"{effect.pod}/{effect.container}"
        for effect in reading.of(FaultEffect)
        if not any(_same(end, effect) and end.at_ns >= effect.at_ns for end in ended)
    ]


def _span(reading: Reading, effect: FaultEffect) -> _Span:
    end_ns = max((event.at_ns for event in reading.events), default=effect.at_ns)
    end_ns = phase_at(reading, "quiesce") or end_ns

    def first(kind: type[HealBegin | HealEnd]) -> int:
        after = (event.at_ns for event in reading.of(kind) if _same(event, effect) and event.at_ns >= effect.at_ns)
        return min(after, default=end_ns)

    ended = _ends_ns(reading, effect)
    return _Span(
        earliest_ns=effect.earliest_ns,
        proved_ns=effect.at_ns,
        heal_ns=min([first(HealBegin), *ended]),
        healed_ns=min([first(HealEnd), *ended]),
    )


def _ends_ns(reading: Reading, effect: FaultEffect) -> list[int]:
    """When later faults ended the process that this one made hang."""
    if fault_of(reading, effect).traits.process is not Process.HANGS:
        return []
    return [
        later.earliest_ns
        for later in reading.of(FaultEffect)
        if later.at_ns > effect.at_ns
        and fault_of(reading, later).traits.process in (Process.ENDS, Process.ENDS_GRADUALLY)
        and ((later.pod, later.container) == (effect.pod, effect.container) or effect.pod in later.pods)
    ]


def _same(one: FaultEvent, other: FaultEvent) -> bool:
    return (one.fault, one.pod, one.container) == (other.fault, other.pod, other.container)


def _begun_ns(reading: Reading, end: HealEnd) -> int:
    begun = (event.at_ns for event in reading.of(HealBegin) if _same(event, end) and event.at_ns <= end.at_ns)
    return max(begun, default=end.earliest_ns)


def _known(reading: Reading, event: FaultEvent) -> set[str]:
    return {name for name in event.servers if server_index(reading, name) >= 0}


def _lived_on(reading: Reading, name: str, span: _Span, traits: Traits) -> str:
    """Why the process of this server did not end or hang; "" where the watchers lost it, and did not meet it again."""
    own = samples_of(reading, server_index(reading, name))
    anew_ns = _anew_ns(reading, name, span) if traits.process is not Process.HANGS else 0
    until_ns = anew_ns or span.heal_ns
    lost = (own["role"] == Role.UNREACHABLE) & (own["return_ns"] >= span.earliest_ns)
    if not np.any(lost & (own["call_ns"] <= span.healed_ns)) and not anew_ns:
        return f"{name} answered all the time"
    within = (own["call_ns"] > span.proved_ns + SLACK_NS) & (own["return_ns"] < until_ns)
    answers = int(np.count_nonzero(within & (own["role"] != Role.UNREACHABLE)))
    return f"{name} answered {answers} times while it was gone" if answers else ""


def _anew_ns(reading: Reading, name: str, span: _Span) -> int:
    """When another process of that name was first met; 0 for never."""
    before = {server.name: server.run_id for server in reading.environment.servers}.get(name, "")
    for event in reading.of(ServerUp):
        if event.server != name:
            continue
        if event.at_ns <= span.earliest_ns:
            before = event.run_id
        elif event.run_id != before and event.earliest_ns <= span.healed_ns:
            return event.earliest_ns
    return 0


def _sentinel_lived_on(reading: Reading, pod: str, span: _Span, traits: Traits) -> str:
    lost = [
        event
        for event in reading.of(SentinelDown)
        if event.sentinel == pod and event.at_ns >= span.earliest_ns and event.earliest_ns <= span.healed_ns
    ]
    if not lost:
        return "answered all the time"
    back = [
        event.at_ns
        for event in reading.of(SentinelUp)
        if event.sentinel == pod and lost[0].at_ns <= event.at_ns < span.heal_ns
    ]
    if back and traits.process is Process.HANGS:
        return "answered again while it should hang"
    until_ns = min(back, default=span.heal_ns)
    spoke = any(
        event.source == f"sentinel:{pod}" and span.proved_ns + SLACK_NS < event.at_ns < until_ns
        for event in reading.of(SentinelMessage)
    )
    return "spoke while it was gone" if spoke else ""


def _was_reached(reading: Reading, pod: str, span: _Span, traits: Traits) -> str:
    """Why this pod was not partitioned; "" where its peers or itself missed the other, and nothing came through."""
    begin_ns, end_ns = span.proved_ns + SLACK_NS, span.heal_ns
    for name in _cut_replicas(reading, pod, begin_ns, end_ns, traits):
        if _grew(_between(reading, name, begin_ns, end_ns), _numbers(reading, name, pod)):
            return f"{name} went on to receive its master's data"
    if _missed(reading, pod, span.earliest_ns, span.healed_ns) or any(
        _stood_still(reading, name, begin_ns, end_ns) for name in _replicas(reading, pod, begin_ns, end_ns)
    ):
        return ""
    return "none of its peers lost contact with it"


def _cut_replicas(reading: Reading, pod: str, begin_ns: int, end_ns: int, traits: Traits) -> list[str]:
    """Servers that could not have gone on replicating: the pod itself, and its replicas."""
    return [
        name
        for name in _replicas(reading, pod, begin_ns, end_ns)
        if not (traits.reaches_peers if name == pod else traits.peers_reach_it)
    ]


def _replicas(reading: Reading, pod: str, begin_ns: int, end_ns: int) -> list[str]:
    """The pod itself where it was a replica, else those that named it as their master."""
    number = server_index(reading, pod)
    found = []
    for server in reading.environment.servers:
        own = _between(reading, server.name, begin_ns, end_ns)
        if server.name == pod and np.any(own["role"] == Role.REPLICA):
            found.append(pod)
        elif server.name != pod and number >= 0 and np.any(own["source"] == number):
            found.append(server.name)
    return found


def _numbers(reading: Reading, name: str, pod: str) -> int | None:
    """The servers that this replica must follow for its growth to cross the partition; None for any."""
    return None if name == pod else server_index(reading, pod)


def _between(reading: Reading, name: str, begin_ns: int, end_ns: int) -> Records:
    own = samples_of(reading, server_index(reading, name))
    found: Records = own[(own["call_ns"] > begin_ns) & (own["return_ns"] < end_ns) & (own["role"] == Role.REPLICA)]
    return found


def _grew(own: Records, source: int | None) -> bool:
    """Whether a replica's offset grew from one sample to the next, while it followed one and the same master."""
    same = own["source"][1:] == own["source"][:-1]
    if source is not None:
        same &= own["source"][1:] == source
    return bool(np.any(same & (own["offset"][:-1] >= 0) & (np.diff(own["offset"]) > 0)))


def _stood_still(reading: Reading, name: str, begin_ns: int, end_ns: int) -> bool:
    """Whether a replica lost its link, or got nothing for a while in which its master had more to send."""
    own = _between(reading, name, begin_ns, end_ns)
    if np.any(own["link"] != Link.CONNECTED):
        return True
    if len(own) < 2 or own["return_ns"][-1] - own["call_ns"][0] < STILL_NS:
        return False
    masters = reading.samples[(reading.samples["role"] == Role.MASTER) & (reading.samples["call_ns"] > begin_ns)]
    masters = masters[masters["return_ns"] < end_ns]
    ahead = bool(np.any(masters["offset"] > own["offset"][-1]))
    return ahead and bool(own["offset"][0] == own["offset"][-1])


def _addresses(reading: Reading, pod: str) -> set[str]:
    """The pod's, as in a Sentinel's message: "10.0.0.1 6379"."""
    here = {server.address for server in reading.environment.servers if server.name == pod}
    here |= {sentinel.address for sentinel in reading.environment.sentinels if sentinel.name == pod}
    here |= {event.address for event in reading.of(ServerUp) if event.server == pod}
    return {" ".join(address.rsplit(":", 1)) for address in here}


def _missed(reading: Reading, pod: str, begin_ns: int, end_ns: int) -> bool:
    """Whether a Sentinel or a node across the partition took the other side for down, within that time."""
    here = _addresses(reading, pod)
    for message in reading.of(SentinelMessage):
        if message.name == "+sdown" and begin_ns <= message.at_ns <= end_ns:
            of_pod = any(f" {address}" in f" {message.text}".split(" @ ")[0] for address in here)
            if of_pod is not (message.teller == pod):
                return True
    return any(
        begin_ns <= word.at_ns <= end_ns and (word.node == pod) is not (word.teller == pod)
        for word in reading.of(Pfail, Fail)
    )


def _owns(reading: Reading, pod: str, span: _Span) -> bool:
    return any(
        event.owner == pod and event.at_ns >= span.earliest_ns and event.earliest_ns <= span.heal_ns
        for event in reading.of(Owner)
    )


def _sentinel_is_back(reading: Reading, pod: str) -> bool:
    words = [event for event in reading.of(SentinelDown, SentinelUp) if event.sentinel == pod]
    return not words or isinstance(words[-1], SentinelUp)


def _answers(reading: Reading, name: str, since_ns: int) -> bool:
    own = samples_of(reading, server_index(reading, name))
    return bool(np.any((own["role"] != Role.UNREACHABLE) & (own["call_ns"] >= since_ns)))


def _is_joined(reading: Reading, pod: str, since_ns: int) -> bool:
    """Whether data flows across the partition again, or a Sentinel or node withdrew what it had reported."""
    here = _addresses(reading, pod)
    for message in reading.of(SentinelMessage):
        if message.name == "-sdown" and message.at_ns >= since_ns:
            of_pod = any(f" {address}" in f" {message.text}".split(" @ ")[0] for address in here)
            if of_pod is not (message.teller == pod):
                return True
    if any(word.at_ns >= since_ns and (word.node == pod) is not (word.teller == pod) for word in reading.of(Cleared)):
        return True
    end_ns = max((event.at_ns for event in reading.events), default=since_ns)
    return any(
        _grew(_between(reading, name, since_ns, end_ns), _numbers(reading, name, pod))
        for name in _replicas(reading, pod, since_ns, end_ns)
    )
