"""Files of fixed records: one JSON line that describes the record, then the records themselves.

Operations and samples come by the million; a fixed record costs 32 or 53 bytes and no parsing (JSON lines cost eleven
times the check itself). The first line keeps a file readable without this program. This module turns bytes into
arrays and back; it opens no file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from redis_resilience.model.errors import BrokenRecords
from redis_resilience.model.events import Link, Role
from redis_resilience.model.operations import Cause, Kind, Result
from redis_resilience.model.version1 import OPERATION_1, upgrade_operations

Records = NDArray[np.void]

OPERATION = np.dtype(
    [
        ("key", "<u8"),  # number of the unique key; the key's text is `key_text`
        ("due_ns", "<i8"),  # when the plan wanted it sent
        ("call_ns", "<i8"),  # just before the send, or when it turned out that it could not be sent
        ("return_ns", "<i8"),  # just after the whole reply; 0 while not known
        ("connection", "<u4"),  # number of the TCP connection (an event names its server); 0 = none
        ("client", "<u4"),  # identity: writer from 1, group after group; + number of all writers after each `info`
        ("server", "<u2"),  # index in Environment.servers; NO_SERVER = none
        ("outcome", "u1"),  # Result
        ("cause", "u1"),  # Cause
        ("kind", "u1"),  # Kind
        ("value", "<i8"),  # its meaning depends on the kind
    ]
)
SAMPLE = np.dtype(
    [
        ("call_ns", "<i8"),
        ("return_ns", "<i8"),
        ("offset", "<i8"),  # replication offset; -1 = not reported
        ("server", "<u2"),
        ("source", "<u2"),  # index of the server that a replica follows; NO_SERVER = none or unknown
        ("role", "u1"),  # Role
        ("link", "u1"),  # Link, of a replica to its master
        ("replicas", "u1"),  # connected replicas, of a master
        ("pad", "u1"),
    ]
)
NO_SERVER = 0xFFFF
_NAMED: dict[str, type[IntEnum]] = {"outcome": Result, "cause": Cause, "kind": Kind, "role": Role, "link": Link}
_KNOWN = {name: np.isin(np.arange(256), list(values)) for name, values in _NAMED.items()}
_BLOCK = 1 << 13
_LARGEST = 1 << 62
"""As of instants: sums and differences of two fit into 64 bits."""
VERSION = 2
_KINDS = {"operations": OPERATION, "samples": SAMPLE}
_VERSIONS = {
    ("operations", 1): OPERATION_1,
    ("samples", 1): SAMPLE,
    ("operations", VERSION): OPERATION,
    ("samples", VERSION): SAMPLE,
}


def header(kind: str, version: int = VERSION) -> bytes:
    """The first line of a file of `kind` ("operations" or "samples"), newline included."""
    dtype = _VERSIONS[kind, version]
    fields = [[name, dtype[name].str] for name in dtype.names or ()]
    return json.dumps({"records": kind, "version": version, "fields": fields}).encode() + b"\n"


def empty(kind: str) -> Records:
    """No records at all."""
    return np.empty(0, dtype=_KINDS[kind])


def decode(kind: str, data: bytes | memoryview) -> tuple[Records, int]:
    """The records in `data`, of version 1 too, and how many bytes of a torn last record were dropped.

    Raises BrokenRecords where the first line is missing or names another kind or version, and for the first record
    with a number outside its range.
    """
    version = version_of(kind, data)
    dtype = _VERSIONS[kind, version]
    start = len(header(kind, version))
    torn = (len(data) - start) % dtype.itemsize
    count = (len(data) - start) // dtype.itemsize
    found = np.frombuffer(data, dtype=dtype, count=count, offset=start)
    _must_make_sense(found)
    return (found if dtype == _KINDS[kind] else upgrade_operations(found, OPERATION)), torn


def version_of(kind: str, data: bytes | memoryview) -> int:
    """The version of the format; raises BrokenRecords where the first line names no known one."""
    first = bytes(data[:4096]).split(b"\n", 1)
    if len(first) != 2:
        raise BrokenRecords(f"expected a first line that describes {kind}; got {bytes(data[:40])!r}")
    try:
        told = dict(json.loads(first[0]))
    except (ValueError, TypeError, RecursionError) as error:
        raise BrokenRecords(f"expected a first line that describes {kind}; got {first[0][:80]!r}") from error
    version = next((known for known in (VERSION, 1) if first[0] + b"\n" == header(kind, known)), None)
    if version is None:
        raise BrokenRecords(
            f"expected {kind} of version {VERSION}; got {told.get('records')!r} of version {told.get('version')!r} "
            f"(written by another release; read it with that release)"
        )
    return version


def blocks(records: Records) -> Iterator[tuple[int, Records]]:
    """All of them, so few at a time that they stay in the processor's cache; each with the number of its first."""
    for begin in range(0, len(records), _BLOCK):
        yield begin, records[begin : begin + _BLOCK]


def _must_make_sense(records: Records) -> None:
    for begin, block in blocks(records):
        for name in records.dtype.names or ():
            column = block[name]
            if name in _NAMED:
                good = _KNOWN[name][column]
            elif column.dtype.kind == "i":
                good = (column >= -_LARGEST) & (column <= _LARGEST)
            else:
                continue
            if not good.all():
                first = int(np.argmin(good))
                known = ", ".join(str(int(each)) for each in _NAMED[name]) if name in _NAMED else "-2^62 to 2^62"
                raise BrokenRecords(f"record {begin + first}: expected {name} of {known}; got {column[first]}")
