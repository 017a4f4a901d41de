"""Anything with an instant that is not an operation: Sentinel messages, role changes, phases, faults.

One frozen struct a kind; in a file its kind stands beside its fields. `AnyEvent` is what a line of a file can be.
"""

from __future__ import annotations

from redis_resilience.model.events.event import (
    Event,
    Link,
    Ns,
    Role,
    Scalar,
)
from redis_resilience.model.events.harness import (
    Before,
    Ckquorum,
    Dropped,
    EngineRefused,
    EngineSeen,
    Executed,
    FaultAsked,
    FaultBegin,
    FaultEffect,
    FaultEvent,
    FoundAway,
    HealBegin,
    HealEnd,
    HealFailed,
    Named,
    Phase,
    Problem,
    SettingChanged,
    Swept,
    TimedOut,
)
from redis_resilience.model.events.kubernetes import (
    ContainerEnded,
    ContainerStarted,
    ContainerWaiting,
    PodAddress,
    PodCreated,
    PodDeleted,
    PodDeleting,
    PodEvent,
    PodReady,
    PodRelabelled,
    PodUnready,
    PodWarned,
)
from redis_resilience.model.events.nodes import (
    Address,
    Cleared,
    ClusterState,
    Fail,
    Joined,
    Left,
    Owner,
    Pfail,
    TableDown,
    TableUp,
)
from redis_resilience.model.events.probe import (
    Connected,
    LoadBegin,
    LoadEnd,
    Lookup,
    NameFound,
    NameLost,
    ProbeFailed,
    ProbeStalled,
    RoleChanged,
    SentinelDown,
    SentinelMessage,
    SentinelUp,
    ServerDown,
    ServerUp,
    Unread,
    WritingFailed,
)

AnyEvent = (
    Phase
    | FaultBegin
    | FaultAsked
    | FaultEffect
    | FoundAway
    | HealBegin
    | HealEnd
    | HealFailed
    | EngineSeen
    | EngineRefused
    | Before
    | Named
    | Ckquorum
    | Dropped
    | Executed
    | SettingChanged
    | Swept
    | TimedOut
    | Problem
    | PodCreated
    | PodAddress
    | PodDeleting
    | PodDeleted
    | PodReady
    | PodUnready
    | PodRelabelled
    | PodWarned
    | ContainerStarted
    | ContainerEnded
    | ContainerWaiting
    | TableUp
    | TableDown
    | Pfail
    | Fail
    | Cleared
    | Owner
    | Address
    | Joined
    | Left
    | ClusterState
    | Connected
    | ServerUp
    | ServerDown
    | RoleChanged
    | SentinelUp
    | SentinelDown
    | SentinelMessage
    | NameFound
    | NameLost
    | Lookup
    | LoadBegin
    | LoadEnd
    | Unread
    | ProbeFailed
    | ProbeStalled
    | WritingFailed
)

__all__ = [
    "Address",
    "AnyEvent",
    "Before",
    "Ckquorum",
    "Cleared",
    "ClusterState",
    "Connected",
    "ContainerEnded",
    "ContainerStarted",
    "ContainerWaiting",
    "Dropped",
    "EngineRefused",
    "EngineSeen",
    "Event",
    "Executed",
    "Fail",
    "FaultAsked",
    "FaultBegin",
    "FaultEffect",
    "FaultEvent",
    "FoundAway",
    "HealBegin",
    "HealEnd",
    "HealFailed",
    "Joined",
    "Left",
    "Link",
    "LoadBegin",
    "LoadEnd",
    "Lookup",
    "NameFound",
    "NameLost",
    "Named",
    "Ns",
    "Owner",
    "Pfail",
    "Phase",
    "PodAddress",
    "PodCreated",
    "PodDeleted",
    "PodDeleting",
    "PodEvent",
    "PodReady",
    "PodRelabelled",
    "PodUnready",
    "PodWarned",
    "ProbeFailed",
    "ProbeStalled",
    "Problem",
    "Role",
    "RoleChanged",
    "Scalar",
    "SentinelDown",
    "SentinelMessage",
    "SentinelUp",
    "ServerDown",
    "ServerUp",
    "SettingChanged",
    "Swept",
    "TableDown",
    "TableUp",
    "TimedOut",
    "Unread",
    "WritingFailed",
]
