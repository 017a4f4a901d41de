"""What every forked process of `processes.py` has behind it: imports of a run and of pytest, compiled templates.

Frozen, so that a child's garbage collection does not copy the pages of its parent's objects.
"""

from __future__ import annotations

import gc

import hypothesis  # noqa: F401 - its pytest plugin imports it at the end of every run
import typer._adapters  # noqa: F401 - imported by the first command that is parsed

import redis_resilience.cli
import redis_resilience.command.running  # noqa: F401
from redis_resilience.pages.templating import template

for page in ("trial", "run", "runs", "trends", "comparison"):
    template(f"{page}.html.j2")
gc.freeze()
