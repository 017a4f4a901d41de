"""The target of a fault: a role resolved at the moment of the fault, or a pod by name."""

from __future__ import annotations

from dataclasses import dataclass

from redis_resilience.model.errors import UsageError

MASTER = "master"
REPLICA = "replica"
SENTINEL = "sentinel"
SENTINEL_MAJORITY = "sentinel-majority"
MASTER_MAJORITY = "master-majority"
EVERY_SERVER = "every-server"
ROLES = (MASTER, REPLICA, SENTINEL, SENTINEL_MAJORITY, MASTER_MAJORITY, EVERY_SERVER)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A container of a pod; written "pod/container"."""

    pod: str
    container: str

    def __str__(self) -> str:
        return f"{self.pod}/{self.container}"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Who is what right now: pods whose servers answered, pods whose Sentinels answered.

    master, replicas: in a Redis Cluster of its first shard. masters: of all its shards. members: every pod that has a
    server, answering or not, one of two masters or none. watching: pods that have a Sentinel and no server at all.
    Both include pods that are gone with a fault.
    """

    master: str
    replicas: tuple[str, ...]
    sentinels: tuple[str, ...]
    masters: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    watching: tuple[str, ...] = ()

    @property
    def all_masters(self) -> tuple[str, ...]:
        return self.masters or ((self.master,) if self.master else ())


def places(target: str, view: View) -> tuple[Place, ...]:
    """The containers that `target` means in this view, in a fixed order.

    A Sentinel is chosen away from the master's pod where there is one, a majority counts them all. A pod's name means
    its server, or its Sentinel if it has no server; "POD/CONTAINER" any container. Raises UsageError if nothing fits.
    """
    away = sorted(view.sentinels, key=lambda pod: (pod == view.master, pod))
    match target:
        case "master":
            found = [Place(view.master, "redis")] if view.master else []
        case "replica":
            found = [Place(pod, "redis") for pod in sorted(view.replicas)[:1]]
        case "sentinel":
            found = [Place(pod, "sentinel") for pod in away[:1]]
        case "sentinel-majority":
            found = [Place(pod, "sentinel") for pod in away[: len(away) // 2 + 1]]
        case "master-majority":
            found = [Place(pod, "redis") for pod in view.all_masters[: len(view.all_masters) // 2 + 1]]
        case "every-server":
            found = [Place(pod, "redis") for pod in view.members]
        case _:
            pod, _, container = target.partition("/")
            known = {*view.members, *view.sentinels, *view.watching}
            default = "sentinel" if pod in view.watching else "redis"
            found = [Place(pod, container or default)] if pod in known else []
    if not found:
        raise UsageError(
            f"expected a target of {', '.join(ROLES)} or a pod that runs; got {target!r} while master is "
            f"{view.master or 'unknown'}, replicas {', '.join(view.replicas) or 'none'}, Sentinels on "
            f"{', '.join(view.sentinels) or 'none'}"
        )
    return tuple(found)
