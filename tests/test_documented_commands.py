"""What the documents tell a reader to type: what can run on this host runs on real servers, the rest is parsed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from redis_resilience.cli import app
from redis_resilience.command.scenarios import scenario, scenarios
from tests.processes import pytest_in

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PUBLISHED = [ROOT / "TRACK_RECORD.md", ROOT / "manifests" / "README.md", *sorted((ROOT / "reports").glob("*.md"))]
ELSEWHERE = re.compile(
    r"kind|context|/chart|mine\.yaml|durability|--clean| -$|compare (?!.*--dry-run)"
    r"|^pytest scenarios(?: -n \d| --\S+| \d| \"[^\"]*\")*$"
)
"""Needs a cluster, a chart or another command's file, deletes, reads a pipe, or takes minutes: parsed, not run here."""
KEEPS = re.compile(" (campaign|nightly) ")


def _lines(pages: list[Path], program: str) -> Iterator[str]:
    """Commands of that program in the code blocks of the pages, each once, without comments."""
    seen: set[str] = set()
    for page in pages:
        text = page.read_text().replace("\\\n", " ")
        for line in re.findall(rf"^ {{4}}(?:[A-Z_]+=\S+ )?(?:[^|#\n]*\| )?({program} [^\n]*)", text, re.MULTILINE):
            command = " ".join(line.split("  #")[0].split())
            if command not in seen:
                seen.add(command)
                yield command


def _quoted(pages: list[Path]) -> Iterator[str]:
    """Commands in backticks within the text."""
    for page in pages:
        yield from re.findall(r"`(redis-resilience [a-z][^`]*)`", page.read_text())


TYPED = list(_lines(PAGES, "redis-resilience"))
FIRST = "redis-resilience run master-kill"
HERE = sorted(
    {re.sub(r" --trials \d+", "", line) for line in TYPED if not ELSEWHERE.search(line)} - {FIRST},
    key=lambda line: ("results/latest" not in line, line),
)
"""The first is run for all; then those that read its trial, as long as it is the latest."""
PYTESTS = [line for line in _lines(PAGES, "pytest") if line.startswith("pytest scenarios")]
ALL_BLOCKS = {
    f"test_{re.sub('[^a-z]', '_', page.stem.lower())}_{number}.py": block
    for page in PAGES
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
}
BLOCKS = {name: block for name, block in ALL_BLOCKS.items() if "backends=" not in block}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a checkout, with a user's own files, and in its results the quick start's trial, a pass."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("scenarios", "manifests", "docs", "reports"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "compose.yaml").write_text("services: {cache: {image: 'redis:8.0'}}\n")
    (folder / "redis.conf").write_text("appendonly yes\n")
    (folder / "sentinel.conf").write_text("sentinel monitor mymaster 10.0.0.1 6379 2\n")
    done = _typed(FIRST, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def _typed(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it as typed; a run that is `unknown` on a busy machine is made again, as `make test` does.

    But for campaigns: what they have judged stays judged.
    """
    program, *arguments = shlex.split(line)
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    state = {"REDIS_RESILIENCE_STATE": str(folder / "state")}
    for _ in range(3):
        done = subprocess.run(
            command, cwd=folder, env=os.environ | state, capture_output=True, text=True, check=False, timeout=100
        )
        if done.returncode != 2 or KEEPS.search(line):
            break
    return done


@pytest.mark.local
@pytest.mark.parametrize("line", HERE)
def test_a_command_runs_as_documented(line: str, checkout: Path):
    """Lint may find errors, which is exit code 1, and a campaign on a busy machine says 2; everything else is 0."""
    done = _typed(line, checkout)

    allowed = (0, 1) if " lint " in line else (0, 2) if KEEPS.search(line) else (0,)
    assert done.returncode in allowed, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.local
@pytest.mark.parametrize("line", [line for line in PYTESTS if not ELSEWHERE.search(line)])
def test_a_scenario_runs_by_pytest_as_documented(line: str, checkout: Path):
    """One trial of it, where the document has several."""
    done = _typed(line + ' --redis-trials=1 --reruns 2 --only-rerun "verdict unknown of"', checkout)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.local
def test_every_python_block_is_a_scenario_that_passes(pytester: pytest.Pytester):
    """On the default topology with real servers, one after the other in one deployment."""
    for name, block in BLOCKS.items():
        (pytester.path / name).write_text(block)

    result = pytester.runpytest_subprocess(
        "--redis-require=yes", "--reruns", "2", "--only-rerun", "verdict unknown of", "-p", "no:cacheprovider"
    )

    assert result.ret == 0
    assert result.parseoutcomes()["passed"] >= len(BLOCKS)


def test_every_python_block_that_is_not_run_here_can_be_collected(pytester: pytest.Pytester):
    """Those for a cluster, and those of the track record, which take minutes: their names and arguments hold."""
    for name in ALL_BLOCKS.keys() - BLOCKS:
        (pytester.path / name).write_text(ALL_BLOCKS[name])
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", PUBLISHED[0].read_text(), re.DOTALL)):
        (pytester.path / f"test_recorded_{number}.py").write_text(block)

    assert pytest_in(pytester.path, "--collect-only", "-q").ret == 0


@pytest.mark.parametrize("line", [*TYPED, *_lines(PUBLISHED, "redis-resilience")])
def test_every_command_exists_with_its_options(line: str):
    """Also of those that need a cluster: command, options, types of their values, the scenario's name."""
    _, command, *arguments = shlex.split(line)
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    found = group.commands[command]

    context = found.make_context(command, arguments)

    if command in ("run", "plan") and not str(context.params["scenario"]).endswith((".json", ".yaml")):
        scenario(context.params["scenario"])


@pytest.mark.parametrize("line", PYTESTS)
def test_every_pytest_command_has_known_options(line: str, pytester: pytest.Pytester):
    """And a `-k` that chooses a scenario."""
    config = pytester.parseconfig(*shlex.split(line)[1:])
    keyword = config.getoption("keyword")

    assert not keyword or any(keyword in found.node for found in scenarios()), keyword


@pytest.mark.parametrize("words", sorted(set(_quoted([*PAGES, *PUBLISHED]))))
def test_every_command_in_the_text_exists(words: str):
    """`redis-resilience WORD` is a command, `run NAME` a scenario."""
    _, command, *rest = words.split()
    group = get_command(app)

    assert isinstance(group, TyperGroup)
    assert command in group.commands
    if command == "run" and rest and re.fullmatch("[a-z][a-z0-9-]*", rest[0]):
        scenario(rest[0])
