"""The corpus of recorded trials in tests/data/trials: one archive a trial, and what the judges say of each.

    python tests/trials/corpus.py results/RUN/SCENARIO ...   # adds these trials, as the judges of today see them
    python tests/trials/corpus.py                            # writes again what the judges say of all of them

What they say changes only on purpose: the commit that does it names each trial and the reason.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from redis_resilience.judges.judge import judge
from redis_resilience.model.verdict import Availability, Finding, Judgement, PhaseCheck, Timeline, Writes
from redis_resilience.trials.folder import TrialFolder

CORPUS = Path(__file__).parents[1] / "data" / "trials"
EXPECTED = CORPUS / "expected.json"
KNOWN: dict[str, Any] = json.loads(EXPECTED.read_text())
"""What the judges say of each archive, by its name."""
_LEFT_OUT = ("report.html", "lint.json", "verdict.json", "before", "SHA256SUMS")


def archives() -> list[Path]:
    return sorted(CORPUS.glob("*.tar.xz"))


def unpack(archive: Path, into: Path) -> TrialFolder:
    """The trial as it was recorded, without what was made of it."""
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():  # not by its filter: Python before 3.11.4 has none
            (into / member.name).parent.mkdir(parents=True, exist_ok=True)
            (into / member.name).write_bytes(packed.extractfile(member).read())
    return TrialFolder(into)


def pack(folder: Path) -> Path:
    plan = json.loads((folder / "plan.json").read_text())
    stem = f"{plan['backend']}-{plan['topology']}-{plan['profile']}-{folder.name}"
    taken = len(list(CORPUS.glob(f"{stem}*.tar.xz")))
    archive = CORPUS / (f"{stem}-{taken + 1}.tar.xz" if taken else f"{stem}.tar.xz")
    with tarfile.open(archive, "w:xz", preset=9) as packed:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and not set(inside.parts) & set(_LEFT_OUT):
                packed.add(path, arcname=str(inside), filter=_anonymous)
    return archive


def numbers(judgement: Judgement) -> dict[str, Any]:
    """Everything in a judgement but its words."""
    told = {
        "verdict": str(judgement.verdict),
        "assumptions": _verdicts(judgement.assumptions),
        "findings": _verdicts(judgement.findings),
        **_measured(judgement.timeline, judgement.writes, judgement.availability, judgement.phases),
        "shards": {
            shard.name: {
                "verdict": str(shard.verdict),
                **_measured(shard.timeline, shard.writes, shard.availability, shard.phases),
            }
            for shard in judgement.shards
        },
    }
    plain: dict[str, Any] = _rounded(msgspec.to_builtins(told))
    return plain


def _rounded(value: Any) -> Any:
    """Floats to a nanosecond: another version of numpy may add up in another order."""
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value


def _verdicts(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {finding.name: str(finding.verdict) for finding in findings}


def _measured(
    timeline: Timeline, writes: Writes, availability: Availability, phases: tuple[PhaseCheck, ...]
) -> dict[str, Any]:
    return {
        "timeline": {
            "failover": timeline.failover,
            "planned_failover": timeline.planned_failover,
            "masters": [timeline.old_master, timeline.new_master],
            "instants": {
                name: [instant.earliest_ns, instant.latest_ns] for name, instant in sorted(timeline.instants.items())
            },
            "switches": [[switch.sentinel, switch.new, switch.leader] for switch in timeline.switches],
        },
        "writes": {
            "planned": writes.planned,
            "acknowledged": writes.acknowledged,
            "failed": writes.failed,
            "info": writes.info,
            "causes": writes.causes,
            "lost": writes.lost,
            "recovered": writes.recovered,
            "unexpected": writes.unexpected,
            "diverged": writes.diverged,
            "lost_by_cause": writes.lost_by_cause,
            "final_master": writes.final_master,
            "first_lost": [write.key for write in writes.lost_writes[:3]],
        },
        "availability": {
            "outage_ms": availability.outage_ms,
            "censored": availability.censored,
            "noise_ms": availability.noise_ms,
            "scheduling_delay_p50_ms": availability.scheduling_delay_p50_ms,
            "scheduling_delay_p99_ms": availability.scheduling_delay_p99_ms,
            "scheduling_delay_max_ms": availability.scheduling_delay_max_ms,
            "control": [availability.control_acknowledged, availability.control_planned],
        },
        "phases": {
            phase.name: [phase.origin, phase.lower_ms, phase.upper_ms, phase.measured_ms, phase.inside]
            for phase in phases
        },
    }


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main() -> None:
    for folder in sys.argv[1:]:
        pack(Path(folder))
    expected = {}
    for archive in archives():
        with tempfile.TemporaryDirectory() as into:
            expected[archive.name] = numbers(judge(unpack(archive, Path(into)).history()))
    EXPECTED.write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
