"""`discover --write`: one file, whole or not at all, never in place of another unless that was asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from redis_resilience.command.discover import as_text, settings_of
from redis_resilience.command.writing import must_be_writable, write
from redis_resilience.model.errors import UsageError
from redis_resilience.topologies.catalogue import topology
from tests.discovery.test_carrying import _answers, _found, _pods

FOUND = _found(_pods("cache-0", "cache-1"), _answers("cache-0", "cache-1"))
SETTINGS = settings_of({"redis_context": "c", "redis_namespace": "n"})


def test_what_was_written_is_a_topology_whose_comments_say_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"

    told = write(path, (FOUND,), SETTINGS)

    mine = topology(str(path))
    assert (mine.name, mine.summary) == ("mine", "2 servers, 2 Sentinels")
    assert mine.document.startswith("cache of namespace n, context c, as it ran on ")
    assert told[-1] == f"to run it here: redis-resilience run master-kill --topology {path}"
    assert all(f"# {line}" in path.read_text().replace("\n#    ", "") for line in told[1:-1])
    assert [each.name for each in tmp_path.iterdir()] == ["mine.yaml"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mine.txt", "expected a file that ends in .yaml"),
        ("nowhere/mine.yaml", "expected a folder to write mine.yaml into"),
        ("there.yaml", "it is there already; name another, or add --overwrite"),
    ],
)
def test_a_file_that_would_not_do_is_refused(name: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "there.yaml").write_text("mine")
    with pytest.raises(UsageError, match=told):
        must_be_writable(tmp_path / name, overwrite=False)


def test_a_file_is_given_up_by_an_option(tmp_path: Path) -> None:
    """A folder of that name is not."""
    (tmp_path / "there.yaml").write_text("mine")
    must_be_writable(tmp_path / "there.yaml", overwrite=True)
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(UsageError, match="there already"):
        must_be_writable(tmp_path / "folder.yaml", overwrite=True)


def test_of_two_systems_one_has_to_be_named(tmp_path: Path) -> None:
    """By its labels, as `discover` shows them; nothing is written before that."""
    other = replace(FOUND, name="queue", selector="app=queue")
    path = tmp_path / "mine.yaml"
    with pytest.raises(UsageError, match=r"there are: cache \(app=cache\); queue \(app=queue\); name its labels"):
        write(path, (FOUND, other), SETTINGS)
    assert not path.exists()
    write(path, (FOUND, other), replace(SETTINGS, attach="app=cache"))
    assert path.exists()


def test_who_asks_can_be_named_without_labels() -> None:
    """What runs there is what `discover` is to find out."""
    named = {"redis_user": "app", "redis_password_env": "PASSWORD", "redis_sentinel_user": "watch"}
    settings = settings_of({"redis_context": "c", "redis_namespace": "n", **named})
    assert (settings.user, settings.password_env, settings.sentinel_user) == ("app", "PASSWORD", "watch")
    next_step = as_text((FOUND,), settings).splitlines()[-1]
    assert next_step.endswith("--attach auto --user app --password-env PASSWORD --sentinel-user watch")


def test_what_could_not_be_found_out_names_options_of_the_command() -> None:
    locked = _found(_pods("cache-0"), _answers("cache-0", refused="NOAUTH x"))
    (told,) = (line for line in as_text((locked,), SETTINGS).splitlines() if "cache-0/redis was asked" in line)
    assert told.endswith("refused: NOAUTH x; name who may ask (--user, --password-secret)")
