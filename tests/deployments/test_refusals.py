"""What a server writes when it refuses another version's data is found in its log, and nothing else is."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.refusals import refusal_in

STARTED = "1:C 28 Nov 2026 16:00:00.000 * Redis version=7.0.15, bits=64\n1:M * Ready to accept connections\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("7:M # Can't handle RDB format version 12", "Can't handle RDB format version 12"),
        ("7:S # Failed: Can't handle RDB format version 80\n7:S * more", "Can't handle RDB format version 80"),
        (
            "7:M # Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup",
            "Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup",
        ),
        ("7:M # Wrong signature trying to load DB from file", "Wrong signature trying to load DB from file"),
        (
            "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nAt line 3\n>>> 'new 4'\nBad directive\n",
            "FATAL CONFIG FILE ERROR (Redis 7.0.15) *** At line 3 >>> 'new 4' Bad directive",
        ),
    ],
)
def test_a_refusal_is_found_with_its_own_words(line, reason):
    assert refusal_in(STARTED + line) == reason


def test_a_log_without_one_gives_no_reason():
    assert refusal_in(STARTED) == ""
