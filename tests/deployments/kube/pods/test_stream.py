"""A program in a pod is two byte streams, and its end is reported."""

from __future__ import annotations

import io

import pytest

from redis_resilience.deployments.kube.pods.stream import PodProgram, run_to_end
from redis_resilience.model.errors import DeploymentError


def test_bytes_go_to_and_fro(channel):
    """What is written arrives, what is answered is read, the end of the one ends the other."""
    echo = channel(on_send=lambda data: echo.say(data.upper()))
    program = PodProgram(echo, name="echo")

    program.writer.write(b"one\n")
    program.writer.flush()
    answer = program.reader.readline()
    program.writer.close()
    rest = program.reader.read()
    program.end(within_s=1)
    program.reader.close()

    assert (answer, rest) == (b"ONE\n", b"")
    assert echo.sent == b"one\n"
    assert echo.input_ended
    assert echo.closed


def test_complaints_and_the_end_are_its_last_words(channel):
    program = PodProgram(channel((b"", b"Traceback\n"), outcome="command terminated with exit code 1"), name="dying")

    with program.reader as reader:
        assert reader.read() == b""
    program.end(within_s=1)

    assert program.complaints() == "Traceback\ncommand terminated with exit code 1"


def test_a_cut_line_ends_the_streams(channel):
    """The reader sees the end of the file, not silence for ever."""
    line = channel(on_send=lambda _: None)
    line.break_off()
    program = PodProgram(line, name="cut")

    with program.reader as reader:
        assert reader.read() == b""
    program.end(within_s=1)
    assert program.complaints() == "the line was cut"


def test_a_program_is_run_to_its_end(channel):
    sink = io.BytesIO()
    line = channel((b"ab", b""), (b"c", b""))
    run_to_end(line, "abc", within_s=1, sink=sink)

    assert sink.getvalue() == b"abc"
    assert line.input_ended
    assert line.closed


def test_a_program_that_fails_says_why(channel):
    failing = channel((b"", b"tar: no such folder\n"), outcome="command terminated with non-zero exit code")

    with pytest.raises(
        DeploymentError, match=r"expected the history; got: command terminated .*; its output: tar: no such folder"
    ):
        run_to_end(failing, "the history", within_s=1, sink=io.BytesIO())


def test_a_program_that_does_not_end_is_given_up(channel):
    endless = channel(on_send=lambda _: None)
    endless.end_input = lambda: None

    with pytest.raises(DeploymentError, match=r"expected the history within 0.2 s; it still runs"):
        run_to_end(endless, "the history", within_s=0.2, sink=io.BytesIO())
    assert endless.closed
