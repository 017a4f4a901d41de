"""Bridges, veth pairs and addresses by rtnetlink, so that nothing has to be installed for a network of pods.

Standard library only: the agent imports it. Acts on the network namespace that the process is in at the call.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct

_NEW_LINK = 16
_NEW_ADDRESS = 20
_REQUEST_ACKNOWLEDGED = 0x1 | 0x4
_CREATE_ONLY = 0x200 | 0x400
_ERROR = 2
_UP = 0x1

_IFLA_ADDRESS = 1
_IFLA_IFNAME = 3
_IFLA_MASTER = 10
_IFLA_LINKINFO = 18
_IFLA_NET_NS_FD = 28
_INFO_KIND = 1
_INFO_DATA = 2
_VETH_PEER = 1
_IFA_ADDRESS = 1
_IFA_LOCAL = 2
_IFA_BROADCAST = 4
_NO_DAD = 0x02
_IPV6 = 6

_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")


def _attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + b"\0" * (-length % 4)


def _name(text: str) -> bytes:
    return _attribute(_IFLA_IFNAME, text.encode() + b"\0")


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack("=I", value))


def _ask(what: str, kind: int, flags: int, body: bytes) -> None:
    message = _HEADER.pack(_HEADER.size + len(body), kind, _REQUEST_ACKNOWLEDGED | flags, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as channel:
        channel.send(message)
        reply = channel.recv(65536)
    _, answered, _, _, _ = _HEADER.unpack_from(reply)
    if answered != _ERROR:
        raise OSError(errno.EPROTO, f"{what}: expected an acknowledgement of rtnetlink; got message type {answered}")
    (code,) = struct.unpack_from("=i", reply, _HEADER.size)
    if code != 0:
        raise OSError(-code, f"{what}: {os.strerror(-code)}")


def _link(index: int = 0, *, up: bool = False) -> bytes:
    flags = _UP if up else 0
    return _LINK.pack(socket.AF_UNSPEC, 0, index, flags, flags)


def add_bridge(name: str) -> None:
    """A bridge with a fixed hardware address: one that changed with its ports would spoil the pods' ARP tables."""
    kind = _attribute(_IFLA_LINKINFO, _attribute(_INFO_KIND, b"bridge"))
    fixed = _attribute(_IFLA_ADDRESS, bytes.fromhex("02520000ffff"))
    _ask(f"add bridge {name}", _NEW_LINK, _CREATE_ONLY, _link() + _name(name) + fixed + kind)


def add_veth(name: str, *, bridge: str, peer: str, peer_network: int, hardware: bytes) -> None:
    """A cable from `bridge` to a new interface `peer`, of this hardware address, in the network of a descriptor."""
    other_end = _link() + _name(peer) + _number(_IFLA_NET_NS_FD, peer_network) + _attribute(_IFLA_ADDRESS, hardware)
    kind = _attribute(_INFO_KIND, b"veth") + _attribute(_INFO_DATA, _attribute(_VETH_PEER, other_end))
    body = _link() + _name(name) + _attribute(_IFLA_LINKINFO, kind)
    _ask(f"add veth {name}", _NEW_LINK, _CREATE_ONLY, body)
    body = _link(socket.if_nametoindex(name), up=True) + _number(_IFLA_MASTER, socket.if_nametoindex(bridge))
    _ask(f"plug {name} into {bridge}", _NEW_LINK, 0, body)


def set_up(name: str) -> None:
    _ask(f"set {name} up", _NEW_LINK, 0, _link(socket.if_nametoindex(name), up=True))


def add_address(name: str, address: str, prefix: int) -> None:
    """IPv4 or IPv6; the latter without a search for others that have it, during which it could not be used."""
    given = ipaddress.ip_interface(f"{address}/{prefix}")
    family, flags = (socket.AF_INET6, _NO_DAD) if given.version == _IPV6 else (socket.AF_INET, 0)
    body = (
        _ADDRESS.pack(family, prefix, flags, 0, socket.if_nametoindex(name))
        + _attribute(_IFA_LOCAL, given.packed)
        + _attribute(_IFA_ADDRESS, given.packed)
    )
    if family == socket.AF_INET:
        body += _attribute(_IFA_BROADCAST, given.network.broadcast_address.packed)
    _ask(f"add address {address}/{prefix} to {name}", _NEW_ADDRESS, _CREATE_ONLY, body)
