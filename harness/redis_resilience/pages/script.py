"""plotly's script for pages that need no network: inside a page, or once for all runs of a results folder."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from redis_resilience.model.errors import Unavailable

SHARED = "plotly.min.js"


def inline_script() -> str:
    """The whole script as an element: the page travels alone and weighs 4.8 MB."""
    return f"<script>{_source()}</script>"


def write_shared_script(folder: Path, to: str = "") -> str:
    """Put the script into `folder`, that of all results, once; returns the element that loads it.

    to: path from the page to that folder. Raises Unavailable where it cannot be written.
    """
    target = folder / SHARED
    source = _source()
    if not target.exists() or target.stat().st_size != len(source.encode()):
        partial = target.with_name(f"{SHARED}.partial")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            partial.write_text(source, encoding="utf-8")
            partial.replace(target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise Unavailable(
                f"expected to write {target} for the pages; got: {error.strerror}; make room and try: "
                "redis-resilience report TRIAL"
            ) from error
    return f'<script src="{to}{SHARED}"></script>'


def _source() -> str:
    """Found without importing plotly, which costs more time than the page."""
    package = importlib.util.find_spec("plotly")
    if package is None or package.origin is None:
        raise Unavailable("expected plotly for the report's charts; it is not installed; try: pip install plotly")
    path = Path(package.origin).parent / "package_data" / SHARED
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Unavailable(
            f"expected plotly's script at {path}; got: {error.strerror}; try: pip install --force-reinstall plotly"
        ) from error
