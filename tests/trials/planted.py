"""Damage planted in generated histories, one kind at a time, and what the judges say of it.

python -m tests.trials.planted 400   # so many histories, each without damage and with one kind; the kinds in turn
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from redis_resilience.judges.judge import judge
from redis_resilience.model.history import History
from redis_resilience.model.verdict import Judgement, Verdict
from tests.trials.generated import FAULTS, generated
from tests.trials.plants import events, finals, writes  # noqa: F401 - each registers its kinds
from tests.trials.plants.plant import PLANTS, Plant

Judge = Callable[[History], Judgement]


@lru_cache(maxsize=64)
def history_of(seed: int) -> History:
    with tempfile.TemporaryDirectory() as into:
        return generated(seed, Path(into)).history()


def suited(kind: Plant, seed: int) -> bool:
    """Whether the trial of that seed has what is to be damaged."""
    return kind.suits(FAULTS[seed % len(FAULTS)])


def refused(seed: int, judge: Judge = judge) -> str:
    """Why the history of that seed, without damage, is no pass; "" where it is one."""
    judgement = judge(history_of(seed))
    return "" if judgement.verdict is Verdict.PASS else f"history {seed}, {history_of(seed).plan.faults}: {judgement}"


def missed(kind: Plant, seed: int, judge: Judge = judge) -> str:
    """What is wrong with the judgement of that damage; "" where it is no pass and names the cause."""
    judgement = judge(kind.damage(history_of(seed), random.Random(seed)))
    told = [each for each in (*judgement.assumptions, *judgement.findings) if each.verdict is not Verdict.PASS]
    named = any(each.name == kind.finding and kind.says in each.text for each in told)
    if named and judgement.verdict is not Verdict.PASS:
        return ""
    texts = "\n".join(f"{each.name}: {each.text}" for each in told)
    return (
        f"{kind.name} in history {seed}: expected no pass, and {kind.finding} to say {kind.says!r}; "
        f"got {judgement.verdict}\n{texts}"
    )


def main() -> None:
    count = int(sys.argv[1])
    began = time.monotonic()
    passed, wrong, planted = 0, [], Counter[str]()
    waiting = deque(PLANTS)
    for seed in range(count):
        reason = refused(seed)
        passed += not reason
        kind = next(each for each in waiting if suited(each, seed))
        waiting.remove(kind)
        waiting.append(kind)
        planted[kind.name] += 1
        wrong += [each for each in (reason, missed(kind, seed)) if each]
        history_of.cache_clear()
    sys.stdout.write(
        f"{count} histories: {passed} pass without damage; with one of {len(planted)} kinds of damage each (every kind "
        f"{min(planted.values())} to {max(planted.values())} times) {len(wrong) - count + passed} pass or do not name "
        f"it; {time.monotonic() - began:.0f} s\n"
    )
    sys.stdout.writelines(f"{each}\n" for each in wrong)


if __name__ == "__main__":
    main()
