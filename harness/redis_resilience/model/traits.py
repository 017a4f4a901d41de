"""What every fault must answer about itself, so that no other module has to know it by its name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Process(StrEnum):
    """What becomes of the target's process."""

    ENDS = "ends"
    ENDS_GRADUALLY = "ends gradually"  # some time after the fault was requested: when exactly, only samples show
    HANGS = "hangs"
    STAYS_UP = "stays up"


class PeersSee(StrEnum):
    """What the target's peers, its Sentinels and the other nodes among them, see of the fault."""

    BROKEN_CONNECTIONS = "broken connections"
    SILENCE = "silence"
    NOTHING = "nothing"


class Takes(StrEnum):
    """What goes together with the target."""

    CONTAINER = "container"  # nothing else: the pod's Sentinel stays
    POD = "pod"  # all containers of its pod, the Sentinel too
    NODE = "node"  # every pod on its node
    CONTROLLER = "controller"  # every pod of its controller


class BackBy(StrEnum):
    """What may bring the target back before the fault is healed."""

    RESTART = "restart"  # the kubelet restarts the container
    RECREATION = "recreation"  # the controller recreates the pod
    HEAL = "heal"  # none


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """No default anywhere: a new fault that leaves one out is a type error.

    asked_to_end: the process is asked to end (SIGTERM, API deletion) and may act before it does. clients_reach_it:
    clients are served by the target, or could be, while the fault lasts. peers_reach_it, reaches_peers: packets pass
    from the other pods to the target, and from it to them. watchers_lose_it: the probe's watchers must
    notice the fault, or it did not happen. planned: another server becomes master before the master goes, and each
    target is back before the next one goes.
    """

    process: Process
    peers_see: PeersSee
    takes: Takes
    back_by: BackBy
    asked_to_end: bool
    clients_reach_it: bool
    peers_reach_it: bool
    reaches_peers: bool
    watchers_lose_it: bool
    planned: bool

    @property
    def missed(self) -> bool:
        """Whether its peers miss the target at all."""
        return self.peers_see is not PeersSee.NOTHING

    @property
    def partitions(self) -> bool:
        """Whether the target is still running, but partitioned in at least one direction."""
        return self.process is Process.STAYS_UP and not (self.peers_reach_it and self.reaches_peers)

    @property
    def silent(self) -> bool:
        return self.peers_see is PeersSee.SILENCE

    @property
    def whole_pod(self) -> bool:
        """Whether the Sentinel in the target's pod goes, too."""
        return self.takes is not Takes.CONTAINER
