from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from redis_resilience.model.errors import Unavailable
from redis_resilience.pages.script import inline_script, write_shared_script


def test_the_inlined_script_is_one_element() -> None:
    """Nothing inside the source ends the element early."""
    text = inline_script()

    assert text.startswith("<script>")
    assert text.lower().count("</script") == 1


def test_pages_load_the_shared_script_from_the_folder_of_results(tmp_path: Path) -> None:
    assert write_shared_script(tmp_path / "results", "../../") == '<script src="../../plotly.min.js"></script>'
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["plotly.min.js"]


def test_the_shared_script_is_written_once_and_mended_when_torn(tmp_path: Path) -> None:
    write_shared_script(tmp_path)
    shared = tmp_path / "plotly.min.js"
    whole, first = shared.read_bytes(), shared.stat().st_ino

    write_shared_script(tmp_path)
    kept = shared.stat().st_ino
    shared.write_bytes(whole[:1000])
    write_shared_script(tmp_path)

    assert kept == first
    assert shared.read_bytes() == whole


def test_a_missing_plotly_is_named_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(Unavailable, match="try: pip install plotly"):
        inline_script()


def test_pages_are_made_without_importing_plotly() -> None:
    code = "import sys, redis_resilience.pages.page, redis_resilience.pages.script as script"
    code += "; script.inline_script(); sys.exit('plotly' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
