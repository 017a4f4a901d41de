"""A history of real nights: `nightly` on processes of this host, a day apart by a faked clock, with a planted slowdown.

Every trial is real. From `--regression` on each fsync of a Sentinel takes `--fsync-ms` longer, as on a slower disk: the
same program by the same name, with the same settings. Needs a C compiler. Started again, it goes on.

    python benchmarks/real_nights.py FOLDER --nights 30 --regression 26
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import time
from pathlib import Path
from unittest import mock

from redis_resilience.command import nightly
from redis_resilience.command.campaign import How
from redis_resilience.command.everywhere import Detail, Session

_FIRST_NIGHT_S = 1_790_906_400
"""2026-10-02, 02:00 UTC."""
_DAY_S = 86_400
_SLOW = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
int fsync(int file) {
    usleep(DELAY_US);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
}
"""
_CAMPAIGN = """
name: real
scenarios: [master-kill]
profiles: [rapid]
trials: {trials}
servers: [{server}]
options: {{backend: local, rate: 100}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--regression", type=int, default=26, help="first slow night, from 1")
    parser.add_argument("--trials", type=int, default=8, help="of each night")
    parser.add_argument("--fsync-ms", type=int, default=200)
    parser.add_argument("--parallel", default="1")
    chosen = parser.parse_args()
    folder = chosen.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    server, campaign = folder / "redis-server", folder / "real.yaml"
    slow = _slow(folder, chosen.fsync_ms)
    campaign.write_text(_CAMPAIGN.format(trials=chosen.trials, server=server))
    for number in range(1, chosen.nights + 1):
        _program(server, slow if number >= chosen.regression else None)
        at = time.gmtime(_FIRST_NIGHT_S + number * _DAY_S)
        night = folder / "results" / f"real-{time.strftime(nightly.STAMP, at)}"
        if not (night / nightly.OUTCOME).is_file():
            with mock.patch.object(nightly, "gmtime", return_value=at):
                how = How(results=folder / "results", parallel=chosen.parallel)
                nightly.run_night(campaign, {}, how, nightly.Alarm(), Session(detail=Detail.QUIET))
        told = json.loads((night / nightly.OUTCOME).read_text())
        print(
            f"night {number}: {'ALARM' if told['alarm'] else 'no alarm'}, {told['trials']} trials, "
            f"{told['refused']} refused, {told['history']}",
            flush=True,
        )


def _slow(folder: Path, delay_ms: int) -> Path:
    """A library that makes fsync slower."""
    library = folder / "slow.so"
    words = ["cc", "-shared", "-fPIC", f"-DDELAY_US={delay_ms * 1000}", "-x", "c", "-", "-o", str(library), "-ldl"]
    subprocess.run(words, input=_SLOW.encode(), check=True)
    return library


def _program(server: Path, library: Path | None) -> None:
    """redis-server by another path; library: what its Sentinels load first."""
    lines = ["#!/bin/sh"]
    if library:
        lines.append(f'case "$*" in *--sentinel*) export LD_PRELOAD={library};; esac')
    lines.append(f'exec {shutil.which("redis-server")} "$@"')
    server.write_text("\n".join(lines) + "\n")
    server.chmod(0o755)


if __name__ == "__main__":
    main()
