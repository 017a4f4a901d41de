"""What a test's trials are called: scenario, folder, number, and the command that runs one of them again."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from redis_resilience.options import OPTIONS, Chosen

_NUMBER = re.compile(r"\[(\d+of\d+)\]|(?<=\[)(\d+of\d+)-|-(\d+of\d+)(?=\])")
SEEDS = 1_000_000
_PLACES = (("-c", "inifilename"), ("--rootdir", "rootdir"))


def slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name.removeprefix("test_")).strip("-")


def scenario_name(node: pytest.Item) -> str:
    """The test's name without the number of the trial."""
    return slug(_NUMBER.sub("", node.name))


def without_number(nodeid: str) -> str:
    """The test's id without the number of the trial: what its trials have in common."""
    return _NUMBER.sub("", nodeid)


def folder_name(node: pytest.Item) -> str:
    """By the test's own name; where another test has the same name, by its module's, too."""
    alone = sum(item.name == node.name for item in node.session.items) == 1
    return slug(node.name if alone else node.nodeid)


def unused(folder: Path) -> Path:
    """A test that is run again, as pytest-rerunfailures does, keeps the earlier trial; its own is beside it."""
    again = (folder.with_name(f"{folder.name}-again{count or ''}") for count in itertools.count())
    return next(each for each in itertools.chain([folder], again) if not each.exists())


def seed_of(run: int, number: int) -> int:
    """The seed of trial `number` (from 0) of a run: the first one's is the run's, so that a run of one repeats it."""
    return zlib.crc32(f"{run}/{number}".encode()) % SEEDS if number else run


def shown(path: Path) -> str:
    """From the working directory where it is below that."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def program(name: str) -> str:
    """The script of this very Python: by its name where every shell finds it so, else by its path."""
    script = Path(sys.executable).with_name(name)
    found = shutil.which(name, path=os.defpath)
    return name if found and Path(found).resolve() == script.resolve() else shown(script)


def repeat_by_pytest(node: pytest.Item, chosen: Mapping[str, Chosen], *, seed: int, trials: int) -> str:
    """The command for a shell, in the directory of the run, that runs this one trial again with the same choices."""
    config = node.config
    argv: Sequence[str] = getattr(config, "workerinput", {}).get("mainargv", sys.argv)
    by_module = argv[:1] and argv[0].endswith("__main__.py")
    words = [shown(Path(sys.executable)), "-m", "pytest"] if by_module else [program("pytest")]
    words += [word for flag, name in _PLACES if (given := config.getoption(name, None)) for word in (flag, given)]
    words += [f"{shown(node.path)}::{without_number(node.nodeid.partition('::')[2])}", f"--redis-seed={seed}"]
    words += ["--redis-trials=1"] if trials > 1 else []
    words += [
        f"{option.flag}={chosen[option.name].text}"
        for option in OPTIONS
        if chosen[option.name].source != "default"
        and option.name not in ("redis_seed", "redis_results", "redis_trials")
    ]
    return shlex.join(words)
