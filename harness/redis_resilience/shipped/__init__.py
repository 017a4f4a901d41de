"""What travels with the package as data: scenarios, manifests, and what the probe's image is built from.

In a checkout these lie at its root; a wheel carries copies of them in this folder.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parents[2]


def shipped_folder() -> Path:
    """The folder that holds `scenarios/`, `manifests/`, `Dockerfile` and `pyproject.toml`."""
    return _CHECKOUT if (_CHECKOUT / "Dockerfile").exists() else _HERE
