"""Directives are read where a text has them literally; where it computes them, their value is not known."""

from __future__ import annotations

import pytest

from redis_resilience.lint.manifests.directives import Found, of_file, of_flags
from redis_resilience.lint.manifests.scripts import of_script, of_sentinel
from redis_resilience.lint.manifests.shell import assigned, expand, lines
from redis_resilience.lint.setup import SECRET


def read(found) -> dict[str, str | None]:
    return {each.name: each.value for each in found}


def test_a_file_is_read_line_by_line():
    """Comments are none, quotes are removed, save points are combined, old names become the new ones."""
    text = '# appendonly no\nappendonly yes\nsave 900 1\nsave 300 10\nmin-slaves-to-write 1\ndir "/data"\n'

    assert read(of_file(text)) == {
        "appendonly": "yes",
        "save": "900 1 300 10",
        "min-replicas-to-write": "1",
        "dir": "/data",
    }


def test_save_with_nothing_in_it_is_no_snapshot():
    assert read(of_file('save ""\n')) == {"save": ""}


def test_a_password_is_never_kept():
    """Neither from a file nor from a command line nor from a script."""
    assert read(of_file("requirepass hunter2\n")) == {"requirepass": SECRET}
    assert read(of_flags("redis-server --masterauth hunter2", {})) == {"masterauth": SECRET}
    assert "hunter2" not in str(list(of_sentinel("sentinel auth-pass mymaster hunter2", {})))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("redis-server /x.conf --appendonly yes --save ''", {"appendonly": "yes", "save": ""}),
        ('ARGS+=("--requirepass" "${REDIS_PASSWORD}")', {"requirepass": SECRET}),
        ("redis-server '--maxmemory 5' --save '' --appendonly No", {"maxmemory": "5", "save": "", "appendonly": "no"}),
        ("redis-server --maxmemory $LIMIT", {"maxmemory": "5"}),
        ("redis-server --maxmemory $OTHER", {"maxmemory": None}),
        ("redis-server --loglevel debug", {}),
    ],
)
def test_a_command_line_is_read(line, expected):
    assert read(of_flags(line, {"LIMIT": "5", "REDIS_PASSWORD": SECRET})) == expected


def test_a_script_that_writes_a_file_is_read():
    """Comments and what is set at run time are not what a server starts with."""
    script = (
        "# appendfsync no\n"
        'echo "appendonly yes" >> /conf\n'
        'echo "maxmemory $(free)" >> /conf\n'
        "redis-cli config set min-replicas-to-write 100\n"
    )

    assert read(of_script(lines(script), {})) == {"appendonly": "yes", "maxmemory": None}


def test_a_directive_that_a_script_only_names_is_not_readable():
    assert Found(name="min-replicas-to-write", value=None) in of_script(lines("render min-replicas-to-write > x"), {})


def test_what_a_script_looks_for_it_does_not_set():
    """Neither a pattern nor the name of a file is a directive."""
    script = "grep -q '^sentinel monitor ' /x\n[ -e /data/appendonly.aof ]\ngrep -E \"^requirepass \" /x\n"

    assert read(of_script(lines(script), {})) == {}
    assert read(of_sentinel(script, {})) == {}


def test_a_script_that_sets_two_things_sets_one_of_them():
    assert read(of_script(lines("a() { redis-server --dir /a; }\nb() { redis-server --dir /b; }\n"), {})) == {
        "dir": None
    }


def test_a_sentinel_file_is_read():
    text = (
        "sentinel monitor mymaster redis-0.redis 6379 2\n"
        "sentinel down-after-milliseconds mymaster 5000\n"
        "sentinel failover-timeout mymaster 60000\n"
        "sentinel resolve-hostnames yes\n"
    )

    assert read(of_sentinel(text, {})) == {
        "monitored": "redis-0.redis",
        "quorum": "2",
        "down-after-milliseconds": "5000",
        "failover-timeout": "60000",
        "resolve-hostnames": "yes",
    }


def test_a_script_that_tells_a_sentinel_is_read_with_its_variables():
    """`sentinel set` has the name before the options, a file has it after the directive."""
    script = (
        'ask 26379 sentinel monitor "$NAME" "$(name_of "$1")" 6379 "$QUORUM"\n'
        'ask 26379 sentinel set "$NAME" down-after-milliseconds "$D" \\\n    failover-timeout "$FT"\n'
        'echo "sentinel myid $(sha1sum)"\n'
    )

    found = read(of_sentinel(script, {"NAME": "mymaster", "QUORUM": "2", "D": "1000"}))

    assert found == {
        "monitored": None,
        "quorum": "2",
        "down-after-milliseconds": "1000",
        "failover-timeout": None,
        "myid": None,
    }


def test_variables_are_followed_as_far_as_they_are_literal():
    """One that is set to two things, or by a program, stays what it is."""
    script = 'FOLDER=$DATA/redis\nCONF="${FOLDER}/redis.conf"\nNOW=$(date)\nWHO=a\nWHO=b\n'

    known = assigned(script, {"DATA": "/data"})

    assert expand("$CONF ${MISSING:-none} $NOW $WHO", known) == "/data/redis/redis.conf none $NOW $WHO"
