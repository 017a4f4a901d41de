"""Damage to the files of a trial's folder, at random, and what the commands make of it.

python tests/trials/damage.py 1000   # so many corruptions of every file of a passing and a failing trial
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redis_resilience.model.errors import ResilienceError
from redis_resilience.model.verdict import Verdict
from redis_resilience.results.publishing import write_page
from redis_resilience.trials.checksums import SHA256SUMS
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.trial import rejudge
from tests.trials.corpus import CORPUS, unpack

PASSING, FAILING = "local-node-fast-master-kill", "local-statefulset-fast-old-name"
_NUMBERS = (b"4000000000", b"1" + b"0" * 40, b"-1", b"1e308", b"null", b'"\xff"', b"[]")


@dataclass(kw_only=True)
class Told:
    """What became of so many corruptions; each list names trial, file, and number of the corruption."""

    tried: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    tracebacks: list[str] = field(default_factory=list)
    whitewashed: list[str] = field(default_factory=list)
    slowest_s: float = 0.0


def corrupted(data: bytes, rng: random.Random) -> bytes:
    """Other bytes, very likely: a few changed, truncated, lines swapped or left out, a number made absurd, grown."""
    at = rng.randrange(len(data)) if data else 0
    match rng.randrange(6):
        case 0:
            changed = bytearray(data)
            for _ in range(rng.choice((1, 1, 1, 8))):
                if changed:
                    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
            return bytes(changed)
        case 1:
            return data[:at]
        case 2:
            lines = data.splitlines(keepends=True)
            if len(lines) > 1:
                one, other = rng.sample(range(len(lines)), 2)
                lines[one], lines[other] = lines[other], lines[one]
            return b"".join(lines)
        case 3:
            lines = data.splitlines(keepends=True)
            if lines:
                del lines[rng.randrange(len(lines))]
            return b"".join(lines)
        case 4:
            digits = [place for place in range(at, min(at + 4000, len(data))) if data[place : place + 1].isdigit()]
            place = rng.choice(digits) if digits else at
            return data[:place] + rng.choice(_NUMBERS) + data[place + 1 :]
        case _:
            return data[:at] + rng.randbytes(rng.choice((1, 8, 4096))) + data[at:]


def finished(name: str, into: Path, *, sealed: bool) -> tuple[TrialFolder, Verdict]:
    """A recorded trial as the engine leaves it: with checksums, judged; and its verdict. Else as an old release did."""
    folder = unpack(CORPUS / f"{name}.tar.xz", into)
    if sealed:
        folder.seal()
    return folder, rejudge(folder).verdict


def files(folder: TrialFolder) -> list[str]:
    return sorted(path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*") if path.is_file())


def commands(folder: TrialFolder) -> Iterator[Callable[[], Verdict | None]]:
    """What `report`, `recheck` and `dump` do."""

    def report() -> None:
        write_page(folder, script="")

    def dump() -> None:
        folder.history()

    yield report
    yield lambda: rejudge(folder).verdict
    yield dump


def damage(folder: TrialFolder, judged: Verdict, told: Told, *, times: int, seed: int) -> None:
    """Corrupt every file so many times, one at a time, and put it back."""
    whole = {name: (folder.path / name).read_bytes() for name in files(folder)}
    for name, data in whole.items():
        rng = random.Random(f"{seed} {name}")
        for number in range(times):
            bad = corrupted(data, rng)
            if bad == data:
                continue
            told.tried[name] += 1
            for command in commands(folder):
                (folder.path / name).write_bytes(bad)
                began = time.monotonic()
                try:
                    verdict = command()
                    if verdict is Verdict.PASS and judged is not Verdict.PASS:
                        told.whitewashed.append(f"{name} {number}")
                except ResilienceError:
                    told.refused[name] += 1
                except Exception:  # noqa: BLE001 - that is what is looked for
                    told.tracebacks.append(f"{name} {number}: {traceback.format_exc(limit=-3)}")
                told.slowest_s = max(told.slowest_s, time.monotonic() - began)
                for made in ("verdict.json", SHA256SUMS):
                    if made in whole:
                        (folder.path / made).write_bytes(whole[made])
        (folder.path / name).write_bytes(data)


def main() -> None:
    times, old = int(sys.argv[1]), "--old" in sys.argv
    for trial in (PASSING, FAILING):
        told = Told()
        with tempfile.TemporaryDirectory() as into:
            folder, judged = finished(trial, Path(into), sealed=not old)
            damage(folder, judged, told, times=times, seed=1)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(
            f"{trial} ({judged}), {'without' if old else 'with'} checksums: {told.tried.total()} corruptions of "
            f"{len(told.tried)} files, {told.refused.total()} of {3 * told.tried.total()} commands refused, "
            f"{len(told.tracebacks)} tracebacks, {len(told.whitewashed)} turned into a pass, "
            f"slowest {told.slowest_s:.2f} s, peak {peak_mb:.0f} MB\n"
        )
        sys.stdout.writelines(f"{each}\n" for each in (*told.whitewashed, *told.tracebacks[:20]))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
