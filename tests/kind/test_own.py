"""A topology of a user's own on a real cluster: one file, and a folder of manifests beside it, outside this project."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from redis_resilience.trials.folder import TrialFolder

pytestmark = [pytest.mark.kind, pytest.mark.timeout(300)]

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def test_the_documented_example_is_deployed_and_survives_its_master(pytester: pytest.Pytester, clusters):
    """Two servers, five Sentinels; the verdict is not asserted on: a shared machine may be too busy for one."""
    shutil.copytree(EXAMPLES, pytester.path / "mine")
    pytester.makepyfile(
        test_mine="""
        from redis_resilience import MASTER, pause


        def test_hung_master_is_replaced(trial):
            trial.inject(pause(MASTER))
            outcome = trial.run()
            assert outcome.failover.new_master == "cache-1", outcome.explain()
            assert len(outcome.environment.sentinels) == 5
        """
    )

    result = pytester.runpytest_subprocess(
        "--redis-backend=kind",
        f"--redis-kind-cluster={clusters.acquire().name}",
        "--redis-topology=mine/five-sentinels.yaml",
        "--redis-state=state",
        "--redis-allow-unknown=yes",
        "--redis-require=yes",
        "-p",
        "no:cacheprovider",
    )

    result.assert_outcomes(passed=1)
    [found] = {path.parent.resolve() for path in pytester.path.glob("results/*/*/plan.json")}
    trial = TrialFolder(found)
    assert (trial.plan().topology, trial.plan().backend) == ("five-sentinels", "kind")
    assert trial.judgement().writes.lost == 0
