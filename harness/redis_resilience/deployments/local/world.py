"""A deployment's own world: name files, a bridge, and a network namespace for each pod.

Standard library only: the agent imports it. Leaves nothing behind, because all of it dies with the last process inside.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis_resilience.deployments.local import kernel, netlink

BRIDGE = "pods"
PREFIXES = {4: 16, 6: 64}
"""Of the pods' network, by the version of IP."""
NAME_FILES = (Path("/etc/hosts"), Path("/etc/nsswitch.conf"))


def enter(folder: Path, address: str) -> None:
    """Put this process into new namespaces, with the name files of `folder` and a bridge that has `address`."""
    kernel.enter_new_namespaces()
    for target in NAME_FILES:
        if target.exists():
            kernel.bind_mount(folder / target.name, target)
    netlink.set_up("lo")
    netlink.add_bridge(BRIDGE)
    netlink.add_address(BRIDGE, address, _prefix(address))
    netlink.set_up(BRIDGE)


def add_pod(cable: str, address: str) -> int:
    """A network namespace on the bridge under this address; it goes when its processes and the descriptor are gone."""
    network = kernel.new_network()
    # One hardware address for one address: a pod that is back under its old one is known to its neighbours still.
    hardware = b"\x02\x00" + ipaddress.ip_address(address).packed[-4:]
    netlink.add_veth(cable, bridge=BRIDGE, peer="eth0", peer_network=network, hardware=hardware)
    with inside(network):
        netlink.set_up("lo")
        netlink.add_address("eth0", address, _prefix(address))
        netlink.set_up("eth0")
    return network


def _prefix(address: str) -> int:
    return PREFIXES[ipaddress.ip_address(address).version]


@contextmanager
def inside(network: int) -> Iterator[None]:
    """Be in another network namespace for a moment: sockets made here stay in it."""
    home = kernel.own_network()
    try:
        kernel.enter_network(network)
        yield
        kernel.enter_network(home)
    finally:
        os.close(home)
