"""What `doctor` reports about runs: their owner, whether they are alive, and what to do about them."""

from __future__ import annotations

import pytest

from redis_resilience.command.leftovers import leftovers
from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.interface import KubeError
from redis_resilience.deployments.undo import DeleteCluster, DeleteNamespace, Where

WHERE = Where(kubeconfig="/run/kubeconfig", context="kind-mine", namespace="run-1-main-1")


class FakeApi:
    def __init__(self, runs):
        self._runs = runs

    def runs(self):
        if not self._runs:
            raise KubeError("nobody answered")
        return self._runs

    def close(self):
        pass


@pytest.fixture(autouse=True)
def kind(tmp_path, monkeypatch):
    """A kind that knows two clusters of this project's name, and one of another owner."""
    program = tmp_path / "bin" / "kind"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho redis-resilience-run-1\necho redis-resilience-kept\necho mine\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


def found(folder, runs):
    return [f"{each.what}: {each.text}" for each in leftovers(folder, connect=lambda *_: FakeApi(runs))]


def test_each_is_told_with_its_run(tmp_path):
    journal = Journal.begin(tmp_path / "state", "run-1")
    journal.note(DeleteCluster(kind_cluster="redis-resilience-run-1", kubeconfig="/k"))
    journal.note(DeleteNamespace(where=WHERE, run="run-1"))
    runs = {"run-1-main-1": "run-1", "run-1-main-2": "run-1", "strange": "run-7"}

    alive = found(tmp_path / "state", runs)
    journal.close()
    dead = found(tmp_path / "state", runs)

    unknown = "no journal on this machine lists it: kept on request, or of another user"
    advice = "`kind delete cluster --name redis-resilience-kept` if it is not needed"
    assert alive == [
        "to undo: cluster redis-resilience-run-1: run run-1 is still running",
        "to undo: namespace run-1-main-1 of kind-mine: run run-1 is still running",
        f"cluster redis-resilience-kept: {unknown}; {advice}",
        "namespace run-1-main-2 of kind-mine: run run-1 is still running",
        f"namespace strange of kind-mine: {unknown}; `kubectl delete namespace strange` if it is not needed",
    ]
    assert dead[0] == ("to undo: cluster redis-resilience-run-1: run run-1 is dead; `redis-resilience heal` undoes it")
    assert [line.replace("is dead; `redis-resilience heal` undoes it", "is still running") for line in dead] == alive


def test_where_looking_fails_that_is_said(tmp_path):
    """A cluster that is gone, a journal of another release."""
    journal = Journal.begin(tmp_path / "state", "run-1")
    journal.note(DeleteNamespace(where=WHERE, run="run-1"))
    (tmp_path / "state" / "run-9.journal").write_text('{"schema":9}\n')

    told = found(tmp_path / "state", {})
    journal.close()

    assert "namespaces of kind-mine: could not be listed: nobody answered" in told
    assert any(line.startswith(f"journal {tmp_path}/state/run-9.journal: expected schema 1") for line in told)
