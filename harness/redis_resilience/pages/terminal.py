"""What is printed on a terminal, made as text first: the caller knows its width and its colours."""

from __future__ import annotations

import io
import os

from rich.console import Console


def console(*, width: int, colour: bool) -> Console:
    """To capture what is printed, so wide. NO_COLOR in the environment overrules `colour`."""
    paint = colour and not os.environ.get("NO_COLOR")
    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=paint,
        color_system="standard" if paint else None,
        no_color=not paint,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )


def encodable(text: str, encoding: str | None) -> str:
    """The text as an output in this encoding can show it: what it lacks is a question mark."""
    return text.encode(encoding, "replace").decode(encoding) if encoding else text
