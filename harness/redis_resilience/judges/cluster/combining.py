"""Judgements of the shards of a Redis Cluster as one: the worst decides, the shard that was hit is shown in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from redis_resilience.judges.answer import FAULT, RECORDED, Needs
from redis_resilience.judges.reading import Reading
from redis_resilience.model.environment import Shard
from redis_resilience.model.operations import Cause
from redis_resilience.model.verdict import NAMED, Availability, Finding, ShardJudgement, Verdict, Writes, worst

FULL_COVERAGE = "cluster-require-full-coverage"
OTHER_SHARDS = "cluster.other_shards"
NEEDS: Needs = {OTHER_SHARDS: FAULT | RECORDED}


def add_writes(parts: Sequence[Writes], operations: int) -> Writes:
    """Sums, and the names of the first lost and unexpected keys of all shards. operations: of the whole trial."""
    lost = sorted((write for part in parts for write in part.lost_writes), key=lambda write: write.return_ns)
    causes: Counter[str] = Counter()
    by_cause: Counter[str] = Counter()
    for part in parts:
        causes.update(part.causes)
        by_cause.update(part.lost_by_cause)
    return Writes(
        planned=operations,
        acknowledged=sum(part.acknowledged for part in parts),
        failed=sum(part.failed for part in parts),
        info=sum(part.info for part in parts),
        causes=dict(sorted(causes.items())),
        lost=sum(part.lost for part in parts),
        recovered=sum(part.recovered for part in parts),
        unexpected=sum(part.unexpected for part in parts),
        diverged=sum(part.diverged for part in parts),
        lost_seconds=_lost_seconds(parts),
        lost_writes=tuple(lost[:NAMED]),
        lost_by_cause=dict(sorted(by_cause.items())),
        unexpected_keys=tuple(key for part in parts for key in part.unexpected_keys)[:NAMED],
        absent_by_server={name: count for part in parts for name, count in part.absent_by_server.items()},
        final_master=", ".join(part.final_master for part in parts if part.final_master),
    )


def _lost_seconds(parts: Sequence[Writes]) -> float:
    """From the first lost write of any shard to the last; a shard that lost many does not name its last."""
    lossy = [part for part in parts if part.lost_writes]
    first_ns = min((part.lost_writes[0].return_ns for part in lossy), default=0)
    return max(((part.lost_writes[0].return_ns - first_ns) / 1e9 + part.lost_seconds for part in lossy), default=0.0)


def whole_load(chosen: Availability, parts: Sequence[Availability]) -> Availability:
    """The chosen shard's outage, beside the load of all: a trial is sound only where all of it was there."""
    return replace(
        chosen,
        scheduling_delay_p50_ms=max(part.scheduling_delay_p50_ms for part in parts),
        scheduling_delay_p99_ms=max(part.scheduling_delay_p99_ms for part in parts),
        scheduling_delay_max_ms=max(part.scheduling_delay_max_ms for part in parts),
        control_acknowledged=sum(part.control_acknowledged for part in parts),
        control_planned=sum(part.control_planned for part in parts),
    )


def worst_findings(parts: Sequence[tuple[Shard, tuple[Finding, ...]]]) -> tuple[Finding, ...]:
    """Each question once: the worst answer with its shard's name, and how many more shards have that verdict."""
    names = list(dict.fromkeys(finding.name for _, findings in parts for finding in findings))
    found = []
    for name in names:
        answers = [(shard, finding) for shard, findings in parts for finding in findings if finding.name == name]
        verdict = worst(finding.verdict for _, finding in answers)
        bad = [(shard, finding) for shard, finding in answers if finding.verdict is verdict]
        shard, first = bad[0]
        others = f" ({verdict} in {len(bad) - 1} more of {len(parts)} shards)" if len(bad) > 1 else ""
        found.append(replace(first, text=f"shard {shard.name}: {first.text}{others}"))
    return tuple(found)


def others_went_on(reading: Reading, parts: Sequence[ShardJudgement], untouched: Sequence[Reading]) -> Finding:
    """Untouched shards refuse writes only where the cluster is configured to serve all slots or none."""
    refused = sum(int(np.count_nonzero(part.rows["cause"] == Cause.CLUSTERDOWN)) for part in untouched)
    names = {part.environment.shards[0].name for part in untouched}
    outages = [part.availability.outage_ms for part in parts if part.name in names]
    whole = any(server.config.get(FULL_COVERAGE) == "yes" for server in reading.environment.servers)
    seen = (
        f"{refused} of their writes were refused with CLUSTERDOWN, and they were without one for up to "
        f"{max(outages):.1f} ms"
        if outages
        else "there is none"
    )
    wanted = "any number of refusals, as it requires full coverage" if whole else "none refused"
    return Finding(
        name=OTHER_SHARDS,
        verdict=Verdict.FAIL if refused and not whole else Verdict.PASS,
        text=f"expected of the shards that no fault touched {wanted}; {seen}",
    )
