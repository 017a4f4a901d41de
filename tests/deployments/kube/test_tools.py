"""Programs of this machine: missing, failing, too slow."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.tools import must_have, must_have_docker, run
from redis_resilience.model.errors import DeploymentError, Unavailable


def test_a_missing_program_names_the_fix(programs):
    """What this machine lacks is a skip with a reason, not a traceback."""
    programs(docker="exit 0")

    with pytest.raises(Unavailable, match=r"expected kind on PATH; there is none; install kind"):
        must_have("docker", "kind")


def test_a_missing_program_is_found_out_when_it_is_run_too(programs):
    """The first to notice may be the call itself."""
    programs()

    with pytest.raises(Unavailable, match=r"expected kubectl on PATH"):
        run("kubectl", "version", within_s=1)


def test_an_engine_that_does_not_answer_is_unavailable(programs):
    """The docker command alone is not enough."""
    programs(docker='echo "Cannot connect to the Docker daemon" >&2; exit 1')

    with pytest.raises(Unavailable, match=r"Docker's engine to answer; .* Cannot connect .*; start it"):
        must_have_docker()


def test_a_failure_shows_the_command_and_what_it_said(programs):
    programs(kind='echo "node(s) already exist" >&2; exit 3')

    with pytest.raises(
        DeploymentError,
        match=r"expected `kind create cluster` to succeed; .* exit status 3 with the output: node\(s\) already",
    ):
        run("kind", "create", "cluster", within_s=5)


def test_a_program_that_does_not_end_is_given_up(programs):
    programs(kind="echo started >&2; read never < /dev/zero")

    with pytest.raises(DeploymentError, match=r"expected `kind` to end within 0.2 s; it did not"):
        run("kind", within_s=0.2)


def test_what_it_started_ends_with_it(programs):
    """A grandchild would hold its output open, and the harness with it."""
    programs(kind="sh -c 'read never < /dev/zero' & read never < /dev/zero")

    with pytest.raises(DeploymentError, match="did not; its last output: nothing"):
        run("kind", within_s=0.2)


def test_the_users_kubeconfig_is_never_used(programs, monkeypatch, tmp_path):
    """Where one is given, it takes the place of the user's in the program's environment."""
    monkeypatch.setenv("KUBECONFIG", "/the/user/own")
    programs(kubectl='echo "$KUBECONFIG"')

    assert run("kubectl", within_s=5, kubeconfig=tmp_path / "mine").strip() == str(tmp_path / "mine")
