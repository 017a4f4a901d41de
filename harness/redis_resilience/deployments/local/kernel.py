"""The few Linux calls that Python 3.11 lacks: new namespaces, changing into one, bind mounts, parent-death signal.

Standard library only, because the agent imports it and must start in milliseconds. Knows nothing of Redis.
"""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_PRIVATE = 0x40000
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_OWN_NETWORK = "/proc/self/ns/net"

_libc = ctypes.CDLL(None, use_errno=True)


def _call(what: str, result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter_new_namespaces() -> None:
    """Own user, mount and network namespaces for this process, an own PID namespace for its children.

    This user becomes root inside, and only inside. Mounts made from here on stay inside.
    """
    user, group = os.geteuid(), os.getegid()
    flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID
    _call("unshare(user, mount, net, pid)", _libc.unshare(flags))
    # An ordinary user may map a group only after giving up setgroups.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    _call("mount(/, private)", _libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None))


def bind_mount(source: Path, target: Path) -> None:
    _call(f"mount({source} on {target})", _libc.mount(os.fsencode(source), os.fsencode(target), None, _MS_BIND, None))


def own_network() -> int:
    """A descriptor of this process's network namespace."""
    return os.open(_OWN_NETWORK, os.O_RDONLY | os.O_CLOEXEC)


def new_network() -> int:
    """Make a network namespace and come back; it lives as long as the descriptor returned, or a process in it."""
    home = own_network()
    try:
        _call("unshare(net)", _libc.unshare(CLONE_NEWNET))
        made = own_network()
        enter_network(home)
    finally:
        os.close(home)
    return made


def enter_network(descriptor: int) -> None:
    _call("setns(net)", _libc.setns(descriptor, CLONE_NEWNET))


def die_with_parent() -> None:
    """SIGKILL for this process once the thread that forked it is gone."""
    _call("prctl(PR_SET_PDEATHSIG)", _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0))


def adopt_orphans() -> None:
    """Descendants whose parent died become children of this process, as they do of a PID 1."""
    _call("prctl(PR_SET_CHILD_SUBREAPER)", _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
