"""The machine by its name, for the fingerprint: numbers of unlike machines are not compared."""

from __future__ import annotations

import platform
from pathlib import Path

CPUINFO = "/proc/cpuinfo"


def machine_text(architecture: str, cpuinfo: str) -> str:
    """As in "x86_64, Intel(R) Xeon(R)"; the architecture alone where /proc/cpuinfo names no processor."""
    names = (line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name"))
    return ", ".join((architecture, *filter(None, [next(names, "")])))


def this_machine() -> str:
    try:
        cpuinfo = Path(CPUINFO).read_text()
    except OSError:
        cpuinfo = ""
    return machine_text(platform.machine(), cpuinfo)
