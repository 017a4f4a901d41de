"""The probe's history is fetched, whether the connection to it lives or not."""

from __future__ import annotations

import io
import tarfile
import time
from pathlib import Path

import msgspec
import pytest

from redis_resilience.deployments.kube.pods.probe import KubeProbe
from redis_resilience.model.errors import ProbeError
from redis_resilience.probe import protocol as p


def archive(**files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return data.getvalue()


@pytest.fixture
def line(channel, api):
    """A probe that answers Hello with its clock, a second ahead, and everything else with Done."""

    def answer(data):
        for request in data.splitlines():
            asked = msgspec.json.decode(request, type=p.Request)
            body = (
                p.Greeting(clock_ns=time.monotonic_ns() + 10**9, wall_ns=7, pid=1)
                if isinstance(asked.command, p.Hello)
                else p.Done()
            )
            found.say(msgspec.json.encode(p.Reply(asked.number, body)) + b"\n")
            found.asked.append(asked.command)

    found = channel(on_send=answer)
    found.asked = []
    api.programs["python"] = lambda: found
    api.programs["mkdir"] = channel
    api.programs["rm"] = channel
    api.programs["tar"] = lambda: channel((archive(**{"operations.bin": b"ops"}), b""))
    return found


@pytest.fixture
def probe(line, api):
    del line
    made = KubeProbe(api)
    yield made
    made.stop()


def commands(api):
    return [call[3] for call in api.calls if call[0] == "run"]


def test_the_clock_is_measured(probe):
    """Another machine's clock is not assumed to be the harness's."""
    clocks = probe.clocks()

    assert abs(clocks.offset_ns - 10**9) <= clocks.error_ns
    assert clocks.error_ns > 0


def test_a_history_is_opened_in_the_pod_and_fetched_when_closed(probe, api, line, tmp_path):
    """Its folder in the pod is made before, and taken away after."""
    probe.open(tmp_path, "0000002a")
    probe.close()

    [opened] = [command for command in line.asked if isinstance(command, p.Open)]
    assert opened.folder == "/history/1-0000002a"
    assert (tmp_path / "operations.bin").read_bytes() == b"ops"
    assert commands(api)[1:] == [
        ("mkdir", "-p", "/history/1-0000002a"),
        ("tar", "-C", "/history/1-0000002a", "-cf", "-", "."),
        ("rm", "-rf", "/history/1-0000002a"),
    ]
    assert list(tmp_path.iterdir()) == [tmp_path / "operations.bin"]


def test_a_history_is_fetched_after_the_line_was_cut(probe, line, tmp_path):
    """The error is still reported: the measurement is not sound, but what exists is kept."""
    probe.open(tmp_path, "0000002a")
    line.break_off()

    with pytest.raises(ProbeError, match="the probe is gone"):
        probe.close()

    assert (tmp_path / "operations.bin").read_bytes() == b"ops"


def test_stopping_fetches_what_nobody_closed(probe, tmp_path):
    probe.open(tmp_path, "0000002a")
    probe.stop()

    assert (tmp_path / "operations.bin").read_bytes() == b"ops"


def test_a_torn_archive_is_no_history(probe, api, channel, tmp_path):
    """And the history stays where it is, to be fetched manually."""
    api.programs["tar"] = lambda: channel((archive(**{"operations.bin": b"ops" * 9000})[:9000], b""))
    probe.open(tmp_path, "0000002a")

    with pytest.raises(ProbeError, match=r"expected the complete history from /history/1-0000002a .* still in the pod"):
        probe.close()

    assert ("rm", "-rf", "/history/1-0000002a") not in commands(api)
    assert not Path(tmp_path / ".history.tar").exists()
