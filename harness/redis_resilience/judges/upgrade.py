"""Whether each server of a rolling upgrade came back with the other engine: by INFO, and as the watchers saw it."""

from __future__ import annotations

from redis_resilience.judges.answer import FAULT, Answer, Assumption, Judge
from redis_resilience.judges.reading import Reading
from redis_resilience.model.events import EngineRefused, EngineSeen, FaultEffect, ServerUp
from redis_resilience.model.verdict import Figures, Finding, Verdict

COMPLETED = "upgrade.completed"


def judge(reading: Reading) -> Answer[Figures]:
    """No finding where the plan upgrades nothing."""
    numbers = [number for number, planned in enumerate(reading.plan.faults) if planned.fault.traits.planned]
    if not numbers:
        return Answer(measures={})
    rolled = [event for event in reading.of(FaultEffect) if event.fault in numbers and event.container == "redis"]
    told = [_told(reading, effect) for effect in rolled]
    text = "; ".join(words for _, words in told) or "no pod was replaced"
    verdict = Verdict.PASS if told and all(seen for seen, _ in told) else Verdict.UNKNOWN
    refused = reading.of(EngineRefused)
    if refused:
        verdict, text = Verdict.FAIL, _refused(reading, refused[0])
    finding = Finding(
        name=COMPLETED,
        verdict=verdict,
        text=f"expected every pod of the upgrade to come back with its new engine, one after the other; {text}",
    )
    figures: Figures = {"replaced": len(rolled), "refused": len(refused)}
    for effect, (_, words) in zip(rolled, told, strict=True):
        figures[effect.pod] = words
    return Answer(measures=figures, findings=(finding,))


def _told(reading: Reading, effect: FaultEffect) -> tuple[bool, str]:
    """Whether another process was met since, by INFO and by a watcher alike; and from which engine to which."""
    seen = [event for event in reading.of(EngineSeen) if event.server == effect.pod]
    before = [event for event in seen if event.at_ns <= effect.earliest_ns]
    after = [event for event in seen if event.at_ns >= effect.at_ns]
    if not before or not after:
        return False, f"{effect.pod}: its engine was not read"
    old, new = before[-1], after[0]
    words = f"{effect.pod} {_name(old, new)} > {_name(new, old)}"
    if old.run_id == new.run_id:
        return False, f"{words}: the same process"
    met = [event for event in reading.of(ServerUp) if event.server == effect.pod and event.at_ns >= effect.at_ns]
    if not any((event.run_id, event.engine) == (new.run_id, new.engine) for event in met):
        return False, f"{words}: no watcher met it"
    return True, words


def _name(seen: EngineSeen, other: EngineSeen) -> str:
    """The engine; with its program where only that tells the two apart."""
    same = seen.engine == other.engine and seen.program != other.program
    return f"{seen.engine} ({seen.program})" if same else seen.engine


def _refused(reading: Reading, refused: EngineRefused) -> str:
    last = [event for event in reading.of(EngineSeen) if event.server == refused.pod]
    back = f"; it is back with {last[-1].engine}" if last and last[-1].at_ns > refused.at_ns else ""
    return f"{refused.pod} did not with {refused.program}: {refused.reason}{back}, and the upgrade ended there"


_NO_FIGURES: Figures = {}
JUDGE = Judge(name="upgrade", ask=judge, nothing=_NO_FIGURES, needs={COMPLETED: FAULT | {Assumption.HEAL_SEEN}})
