"""What travels with the package as data: scenarios, manifests, and what the probe's image is built from.

In a checkout these lie at its root; a wheel carries copies of them in this folder.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parents[2]
_IN_CHECKOUT = (_CHECKOUT / "Dockerfile").exists()

SCENARIOS = (_CHECKOUT if _IN_CHECKOUT else _HERE) / "scenarios"
MANIFESTS = (_CHECKOUT if _IN_CHECKOUT else _HERE) / "manifests"
BUILD_CONTEXT = _CHECKOUT if _IN_CHECKOUT else _HERE / "image"
"""The folder that holds the probe's `Dockerfile` and the `pyproject.toml` that it reads.

In a wheel there is none above the scenarios: pytest would take it for their project.
"""
