"""Trials of the simulation, one for each seed, with nothing wrong: topology, profile, load, fault and its time vary."""

from __future__ import annotations

import random
from pathlib import Path

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.faults.target import MASTER, REPLICA, SENTINEL
from redis_resilience.model.faults import delete_pod, isolate, kill, pause, stop, stop_node
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder

TWO_MASTERS = isolate(MASTER)
FAULTS = (
    *(make(target) for make in (kill, stop, pause, delete_pod, stop_node) for target in (MASTER, REPLICA, SENTINEL)),
    *(isolate(target) for target in (REPLICA, SENTINEL)),
    TWO_MASTERS,
    None,
)


def generated(seed: int, into: Path) -> TrialFolder:
    """The recorded trial of that seed, in a folder of its own; the faults come in turn."""
    rng = random.Random(seed)
    fault = FAULTS[seed % len(FAULTS)]
    found = topology(rng.choice(("sidecar", "node")))
    profile = found.profile(rng.choice(("fast", "rapid")))
    plan = Plan(
        trial=f"g{seed}",
        scenario="generated",
        topology=found.name,
        profile=profile.name,
        backend="memory",
        seed=seed,
        load=Load(writers=(Writers(count=rng.randint(1, 4), rate=rng.choice((50.0, 100.0, 150.0))),)),
        faults=() if fault is None else (Scheduled(fault=fault, after_s=rng.uniform(0.0, 1.0)),),
        expect=Expect(max_lost=None, two_masters_s=60.0 if fault is TWO_MASTERS else 0.0),
        windows=Windows(heal_s=15.0),
    )
    deployment = MemoryDeployment(found, profile)
    folder = TrialFolder(into / plan.trial)
    folder.create(plan)
    run_trial(plan, deployment, folder, clock=deployment.clock)
    return folder
