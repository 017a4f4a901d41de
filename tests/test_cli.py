"""The command as a user types it: what it prints, and its exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from redis_resilience.cli import main
from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.undo import DeleteCluster
from tests.processes import command, hears_ctrl_c

COMMAND = (sys.executable, "-m", "redis_resilience.cli")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which one simulated run was made."""
    folder = tmp_path_factory.mktemp("run")
    done = command("run", "master-kill", "--backend", "memory", "--trials", "2", "--seed", "3", cwd=folder)
    (folder / "table.txt").write_text(done.stdout)
    (folder / "progress.txt").write_text(done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_run_prints_its_table_and_reports_progress_on_stderr(kept):
    """Plain lines where there is no terminal; stdout has the table alone."""
    progress = (kept / "progress.txt").read_text()
    table = (kept / "table.txt").read_text()

    assert "trial 1/2 pass  outage " in progress
    assert "trial 2/2 pass  outage " in progress
    assert "report: " in progress
    assert (kept / "results" / "latest" / "summary.md").is_file()
    assert table.splitlines()[1].startswith("scenario ")
    assert "fast, n = 2" in table
    assert not re.search("^(trial|phase|report)", table, re.MULTILINE)


@pytest.mark.parametrize("subcommand", ["recheck", "report", "dump"])
def test_a_file_of_a_trial_is_not_its_folder(kept, monkeypatch, capsys, subcommand):
    trial = kept / "results" / "latest" / "master-kill-1of2"
    monkeypatch.setattr(sys, "argv", ["redis-resilience", subcommand, str(trial / "plan.json")])
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 3
    told = f"expected the folder of a trial; got the file {trial / 'plan.json'}; try {trial}"
    assert capsys.readouterr().err == f"UsageError: {told}\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_command_that_deploys_nothing_says_by_which_signal_it_was_stopped(monkeypatch, capfd, tmp_path, number, code):
    """And nothing of what would have to be removed."""
    monkeypatch.setattr(sys, "argv", ["redis-resilience", "recheck", str(tmp_path)])
    monkeypatch.setattr("redis_resilience.trials.trial.rejudge", lambda _: os.kill(os.getpid(), number))
    before = signal.getsignal(signal.SIGINT)
    hears_ctrl_c()
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        signal.signal(signal.SIGINT, before)

    assert ended.value.code == code
    assert capfd.readouterr().err == f"stopped by {signal.Signals(number).name}\n"


def test_recheck_gives_the_same_bytes(kept):
    """The verdict follows from the folder alone."""
    trial = kept / "results" / "latest" / "master-kill-1of2"
    before = (trial / "verdict.json").read_bytes()

    done = command("recheck", str(trial), cwd=kept)

    assert done.returncode == 0, done.stderr
    assert "PASS  master-kill" in done.stdout
    assert (trial / "verdict.json").read_bytes() == before


def test_report_writes_a_page_that_travels_alone(kept):
    """The script is inside, nothing is fetched."""
    trial = kept / "results" / "latest" / "master-kill-1of2"

    done = command("report", str(trial), cwd=kept)

    page = Path(done.stdout.strip()).read_text()
    assert len(page) > 4_000_000
    assert 'src="' not in page.split("<script>", 1)[0]


def test_dump_prints_operations_readable(kept):
    """One JSON object a line, with words for outcome and cause."""
    done = command("dump", str(kept / "results" / "latest" / "master-kill-1of2"), cwd=kept)

    first = json.loads(done.stdout.splitlines()[0])
    assert first["outcome"] == "ok"
    assert first["cause"] == "none"
    assert first["call_ns"] <= first["return_ns"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "master-kil"), "expected a scenario of: .*; got 'master-kil'; did you mean master-kill"),
        (
            ("run", "master-kill", "--topology", "sidcar"),
            "expected a topology of sidecar, .*; got 'sidcar'; did you mean sidecar",
        ),
        (
            ("run", "cluster-grows", "--topology", "sidecar"),
            "UsageError: expected --topology cluster-growing, the only one that scenario cluster-grows runs on",
        ),
        (
            ("plan", "document-000", "--topology", "sidecar"),
            "UsageError: expected --topology statefulset, the only one that scenario document-000 runs on",
        ),
        (
            ("run", "master-kill", "--results", "/proc/foo"),
            "expected a folder for results that can be written to; got /",
        ),
        (("run", "master-kill", "--topology", "."), "expected a topology of sidecar, "),
        (
            ("heal", "--state", "/etc/passwd"),
            "expected the folder of the undo journals; got /etc/passwd, which",
        ),
        (
            ("run", "master-kill", "--rate", "-1"),
            "UsageError: --rate: expected operations per second from 0 .*; got '-1'",
        ),
        (
            ("run", "master-kill", "--trials", "0"),
            "UsageError: --trials: expected a whole number of 1 or more; got '0'",
        ),
        (("run", "master-kill", "--redis-server", "/nowhere"), "expected Redis 6.2 or newer or Valkey"),
        (
            ("recheck", "nowhere"),
            "expected plan.json in nowhere; No such file or directory; is this the folder of a trial",
        ),
        (("report", "."), "expected plan.json in "),
        (("launch",), "No such command 'launch'"),
    ],
)
def test_bad_input_is_one_message_and_an_exit_code(tmp_path, words, message):
    """Expected, got, what to try; no traceback; nothing left behind."""
    done = command(*words, cwd=tmp_path)
    said = done.stdout + done.stderr

    assert done.returncode == 3
    assert "Traceback" not in said
    assert re.search(message, " ".join(said.replace("│", " ").split())), said


def test_an_unknown_verdict_is_exit_code_2_and_a_failing_one_1(kept, tmp_path):
    """A damaged history is refused; without checksums a torn one is unknown, and one without its writes a failure."""
    torn = tmp_path / "torn"
    shutil.copytree(kept / "results" / "latest" / "master-kill-1of2", torn)
    data = (torn / "operations.bin").read_bytes()
    (torn / "operations.bin").write_bytes(data[:-3])
    for name in ("recheck", "report", "dump"):
        done = command(name, str(torn), cwd=tmp_path)
        assert done.returncode == 3
        assert re.match(r"BrokenTrial: expected .*operations\.bin with the checksum .*: damaged; ", done.stderr)

    (torn / "SHA256SUMS").unlink()
    assert command("recheck", str(torn), cwd=tmp_path).returncode == 2

    lossy = tmp_path / "lossy"
    shutil.copytree(kept / "results" / "latest" / "master-kill-2of2", lossy)
    (lossy / "SHA256SUMS").unlink()
    for path in (lossy / "finals").glob("*.npy"):
        np.save(path, np.load(path)[:-5])
        facts = json.loads(path.with_suffix(".json").read_bytes())
        path.with_suffix(".json").write_text(json.dumps({**facts, "dbsize": facts["dbsize"] - 5}))
    assert command("recheck", str(lossy), cwd=tmp_path).returncode == 1


def test_lists_and_help_teach(tmp_path):
    """Scenarios and topologies by name, exit codes in the help."""
    assert "master-kill" in command("scenarios", cwd=tmp_path).stdout
    assert "statefulset" in command("topologies", cwd=tmp_path).stdout
    assert "Exit codes: 0 pass, 1 fail, 2 unknown" in " ".join(command("--help", cwd=tmp_path).stdout.split())
    assert command("--version", cwd=tmp_path).stdout.startswith("redis-resilience 0.")


@pytest.fixture
def left_cluster(tmp_path, monkeypatch):
    """A dead run's journal that names a cluster, and a `kind` that runs what it is given."""
    journal = Journal.begin(tmp_path / "state", "run-1")
    journal.note(DeleteCluster(kind_cluster="redis-resilience-run-1", kubeconfig="/k"))
    journal.close()
    program = tmp_path / "bin" / "kind"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    def put(body):
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)

    return put


@pytest.mark.parametrize("words", [("heal",), ("doctor", "--clean")])
def test_what_a_dead_run_left_is_undone(tmp_path, left_cluster, words):
    """Here the cluster was deleted meanwhile; a second time there is nothing to do."""
    left_cluster("exit 0")

    done = command(*words, "--state", "state", cwd=tmp_path)
    again = command("heal", "--state", "state", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "run run-1: died with 1 change to undo\n  undone  there is no cluster redis-resilience"
    )
    assert again.returncode == 0
    assert again.stdout.startswith("nothing to undo: no run left a journal in ")


@pytest.mark.parametrize("words", [("heal",), ("doctor", "--clean")])
def test_what_cannot_be_undone_is_exit_code_1(tmp_path, left_cluster, words):
    """It stays in the journal, and is listed."""
    left_cluster("echo Docker is asleep >&2; exit 1")

    done = command(*words, "--state", "state", cwd=tmp_path)
    listed = command("doctor", "--state", "state", cwd=tmp_path)

    assert done.returncode == 1
    assert "  LEFT    cluster redis-resilience-run-1: expected `kind get clusters` to succeed" in done.stdout
    assert "to undo: cluster redis-resilience-run-1: run run-1 is dead; `redis-resilience heal`" in listed.stdout
    assert "kind clusters: could not be listed: expected `kind get clusters` to succeed" in listed.stdout
    assert "Traceback" not in done.stderr + listed.stderr


@pytest.mark.local
def test_ctrl_c_cleans_up(tmp_path):
    """An interrupted run leaves no process and says that it was interrupted."""
    running = subprocess.Popen(
        [*COMMAND, "run", "replication", "--results", str(tmp_path / "results")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hears_ctrl_c,  # noqa: PLW1509 - no thread of this test's is alive
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not list(tmp_path.glob("results/*/*/operations.bin")):
        time.sleep(0.05)

    os.killpg(running.pid, signal.SIGINT)
    said = "".join(running.communicate(timeout=30))

    assert running.returncode == 130, said
    assert [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path).encode() in _read(path)] == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_plan_says_what_would_happen_and_does_nothing(tmp_path):
    """The faults are the scenario's own, known without a server."""
    done = command("plan", "sentinel-majority-lost", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "nothing is changed by this plan" in done.stdout
    assert "kill sentinel-majority, until the heal phase" in done.stdout
    assert "kill master, until the heal phase" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("word", ["plan", "run"])
def test_a_context_is_never_taken_by_default(tmp_path, word):
    """Reported before anything is looked at."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not on PATH")
    done = command(word, "master-kill", "--backend", "context", "--namespace", "x", cwd=tmp_path)

    assert done.returncode == 3
    assert "expected a context for the backend context; got none; name it with --context" in done.stderr


def test_a_plan_of_an_upgrade_names_the_other_version(tmp_path):
    done = command("plan", "upgrade", "--backend", "memory", "--upgrade-to", "8.0.2", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "to: 8.0.2" in done.stdout


@pytest.mark.parametrize(
    ("words", "verbs"),
    [
        (("upgrade", "--upgrade-to", "redis:8.0"), {"get", "patch"}),
        (("master-delete",), set()),
    ],
)
def test_permissions_are_those_of_the_scenario_in_that_namespace(tmp_path, words, verbs):
    """No cluster is asked, so no context is needed; the images of StatefulSets are changed by an upgrade alone."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not on PATH")
    attached = ("--attach", "app=redis", "--password-secret", "redis/password", "--format", "rbac")
    done = command("permissions", *words, "--namespace", "cache", *attached, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    made = yaml.safe_load(done.stdout)
    assert made["metadata"] == {"name": "redis-resilience", "namespace": "cache"}
    rules = {(tuple(rule["resources"]), *rule.get("resourceNames", ())): set(rule["verbs"]) for rule in made["rules"]}
    assert rules.get((("statefulsets",),), set()) == verbs
    assert rules[("secrets",), "redis"] == {"get"}


def test_permissions_are_those_in_a_namespace(tmp_path):
    done = command("permissions", "master-delete", cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "expected a namespace for the permissions; got none; name it with --namespace" in done.stderr


def test_attaching_needs_the_backend_context(tmp_path):
    done = command("run", "master-kill", "--backend", "kind", "--attach", "app=redis", cwd=tmp_path)

    assert done.returncode == 3
    assert "expected --backend context with --attach; got 'kind'" in done.stderr


def test_directives_and_down_after_are_in_the_plan_and_in_what_runs(tmp_path):
    """`plan` prints them, the trial's own plan keeps them, and the profile's name says so."""
    words = ("--backend", "memory", "--directives", "appendonly=yes,save=900 1", "--down-after", "700")

    previewed = command("plan", "master-kill", *words, cwd=tmp_path)
    done = command("run", "master-kill", *words, cwd=tmp_path)

    assert "down_after_ms: 700" in previewed.stdout, previewed.stderr
    assert "appendonly: 'yes'" in previewed.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    plan = json.loads((tmp_path / "results" / "latest" / "master-kill" / "plan.json").read_text())
    assert (plan["redis"], plan["down_after_ms"]) == ({"appendonly": "yes", "save": "900 1"}, 700)


def test_a_wrong_directive_is_named(tmp_path):
    done = command("run", "master-kill", "--backend", "memory", "--directives", "appendonly", cwd=tmp_path)

    assert done.returncode == 3
    assert "--directives: expected directives NAME=VALUE" in done.stderr


def test_budgets_decide_the_exit_code(tmp_path):
    """Kept 0, cannot tell 2, exceeded 1, a mistake 3 before anything runs; the summary names each."""
    words = ("run", "master-kill", "--backend", "memory", "--seed", "3", "--parallel", "1")

    kept = command(*words, "--trials", "5", "--budget", "lost == 0", "--budget", "outage.median <= 9s", cwd=tmp_path)
    few = command(*words, "--budget", "outage.p95 <= 9s", cwd=tmp_path)
    exceeded = command(*words, "--budget", "outage.p95 <= 9s", "--budget", "outage.max <= 10ms", cwd=tmp_path)
    wrong = command(*words, "--budget", "outag.p95 <= 9s", cwd=tmp_path)

    assert kept.returncode == 0, kept.stdout + kept.stderr
    assert "budget kept: lost == 0: 0 lost in 0 of 5 trials" in kept.stdout
    assert few.returncode == 2, few.stdout
    assert "budget cannot tell: outage.p95 <= 9s: " in few.stdout
    assert "59 or more are needed" in few.stdout
    assert exceeded.returncode == 1
    assert "- exceeded: outage.max &lt;= 10ms: " in (tmp_path / "results" / "latest" / "summary.md").read_text()
    assert (wrong.returncode, wrong.stdout) == (3, "")
    assert "did you mean 'outage'" in wrong.stderr


def test_an_error_of_the_command_itself_is_no_verdict(monkeypatch, capsys):
    """Exit code 3 and one line; -v shows where it was raised."""
    monkeypatch.setattr("sys.argv", ["redis-resilience", "scenarios", "--path", "-v"])
    monkeypatch.setattr("redis_resilience.cli.typer.echo", lambda *_: 1 / 0)

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 3
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.endswith("internal error, please report it: ZeroDivisionError: division by zero\n")
