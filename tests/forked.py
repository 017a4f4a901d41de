"""What a forked process of `processes.py` does: TOLD is its command line, folder, environment and standard streams."""

from __future__ import annotations

import os
import sys

argv, cwd, environ, streams = globals()["TOLD"]
os.environ.clear()
os.environ.update(environ)
os.chdir(cwd)
for number, stream in enumerate(streams):
    os.dup2(os.open(stream, os.O_RDWR), number)
sys.stdin = open(0)  # noqa: SIM115 - multiprocessing has closed it
sys.argv = argv
if argv[0] == "redis-resilience":
    from redis_resilience.cli import main

    main()
else:
    import pytest

    sys.exit(pytest.main(argv[1:]))
