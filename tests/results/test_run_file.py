"""run.json says of every trial what its folder says, in a form that a stranger's program can check and read."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from redis_resilience.model.errors import BrokenRun
from redis_resilience.model.run import SCHEMA, RunRecord
from redis_resilience.model.tried import Ended, Tried
from redis_resilience.model.verdict import Verdict
from redis_resilience.results.recording import record_run
from redis_resilience.results.run_file import RUN, made_schema, read_run, schema, write_run
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.trial import rejudge
from tests.trials.corpus import CORPUS, unpack

TRIALS = ("kind-node-fast-master-kill", "local-cluster-fast-cluster-master-lost", "local-statefulset-fast-document-000")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[TrialFolder, Tried]]:
    into = tmp_path_factory.mktemp("run")
    found = []
    for name in TRIALS:
        folder = unpack(CORPUS / f"{name}.tar.xz", into / name)
        judgement = rejudge(folder).judgement
        found.append((folder, Tried(folder.plan(), judgement, f"scenarios/a.py::{name}", Ended.PASSED)))
    return found


@pytest.fixture
def run(judged: list[tuple[TrialFolder, Tried]], tmp_path: Path) -> RunRecord:
    return record_run(tmp_path / "20261128T153354Z-ab12", judged, {})


def test_the_schema_in_the_package_describes_what_is_written(run: RunRecord, tmp_path: Path) -> None:
    write_run(tmp_path, run)

    jsonschema.Draft202012Validator(json.loads(schema())).validate(json.loads((tmp_path / RUN).read_bytes()))

    assert schema() == made_schema(), "run.schema.json is made of RunRecord: write made_schema() there"


def test_what_is_written_is_read_back(run: RunRecord, tmp_path: Path) -> None:
    write_run(tmp_path, run)

    assert read_run(tmp_path) == run


def test_numbers_are_those_of_the_judgement(run: RunRecord, judged: list[tuple[TrialFolder, Tried]]) -> None:
    for record, (_, trial) in zip(run.trials, judged, strict=True):
        timeline, availability = trial.judgement.timeline, trial.judgement.availability
        assert record.outage is not None
        assert record.outage.ms == availability.outage_ms
        assert record.outage.censored == availability.censored
        for name in ("first_switch", "last_switch", "first_write"):
            measured, instant = getattr(record, name), timeline.at(f"{name}_at")
            assert (measured is None) == (instant is None)
            if measured and instant:
                assert measured.least_ms <= measured.ms == timeline.ms(f"{name}_at") <= measured.most_ms
        assert record.acknowledged == trial.judgement.writes.acknowledged
        assert record.lost == trial.judgement.writes.lost


def test_where_and_when_are_recorded(run: RunRecord) -> None:
    kind = run.trials[0]

    assert (kind.where.backend, kind.where.engine_version, kind.where.cpus) == ("kind", "8.0.2", 2)
    assert kind.where.images.startswith("redis:8.0")
    assert (kind.started, kind.finished) == ("2026-11-28T12:28:11.379+00:00", "2026-11-28T12:28:25.792+00:00")
    assert run.started <= kind.started


def test_a_refused_trial_says_why(judged: list[tuple[TrialFolder, Tried]], tmp_path: Path) -> None:
    folder, trial = judged[0]
    late = replace(trial.judgement.assumptions[0], verdict=Verdict.UNKNOWN, text="expected p99 of 20 ms; got 90")
    judgement = replace(trial.judgement, assumptions=(late,), verdict=Verdict.UNKNOWN)

    record = record_run(tmp_path, [(folder, Tried(trial.plan, judgement))], {}).trials[0]

    assert record.refused == f"{late.name}: expected p99 of 20 ms; got 90"
    assert record.counts_as is Verdict.UNKNOWN


def test_what_was_expected_and_never_seen_is_censored(judged: list[tuple[TrialFolder, Tried]], tmp_path: Path) -> None:
    folder, trial = judged[0]
    missing = "first_switch_at"
    timeline = trial.judgement.timeline
    seen = {name: instant for name, instant in timeline.instants.items() if name != missing}
    phases = tuple(
        replace(phase, measured_ms=None) if phase.name == missing else phase for phase in trial.judgement.phases
    )
    judgement = replace(trial.judgement, timeline=replace(timeline, instants=seen), phases=phases)

    record = record_run(tmp_path, [(folder, Tried(trial.plan, judgement))], {}).trials[0]

    assert record.first_switch is not None
    assert record.first_switch.censored
    assert record.first_switch.most_ms is None


def test_a_trial_that_cannot_be_read_is_named_and_makes_the_run_unknown(
    judged: list[tuple[TrialFolder, Tried]], tmp_path: Path
) -> None:
    run = record_run(tmp_path, judged[:1], {tmp_path / "lost": "expected verdict.json"})

    assert run.verdict is Verdict.UNKNOWN
    assert [(each.folder, each.reason) for each in run.left_out] == [("lost", "expected verdict.json")]


def test_a_run_of_another_release_is_refused(run: RunRecord, tmp_path: Path) -> None:
    write_run(tmp_path, run)
    told = json.loads((tmp_path / RUN).read_bytes())
    (tmp_path / RUN).write_text(json.dumps(told | {"schema": SCHEMA + 1}))

    with pytest.raises(BrokenRun, match=f"expected schema {SCHEMA} of a run; got {SCHEMA + 1}"):
        read_run(tmp_path)


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"run": 1e400}'])
def test_damage_is_an_error_that_names_the_file(data: bytes, tmp_path: Path) -> None:
    (tmp_path / RUN).write_bytes(data)

    with pytest.raises(BrokenRun, match=re.escape(RUN)):
        read_run(tmp_path)


def test_a_folder_without_a_run_is_an_error_that_says_what_to_try(tmp_path: Path) -> None:
    with pytest.raises(BrokenRun, match="redis-resilience index"):
        read_run(tmp_path)
