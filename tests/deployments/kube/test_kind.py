"""A kind cluster is made once, shared, and deleted by its last user; a named one is only used."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.journal import Journal, parse
from redis_resilience.deployments.kube import kind
from redis_resilience.deployments.kube.kind import KindClusters, left_clusters
from redis_resilience.deployments.kube.undoing import Undoer, leave
from redis_resilience.deployments.undo import DeleteCluster
from redis_resilience.model.errors import DeploymentError, Unavailable, UsageError

KIND = """
case "$1 $2" in
    "get clusters") cat "{state}" ;;
    "get nodes") echo x-worker; echo x-control-plane ;;
    "create cluster") cat > "{state}.config"; echo "$4" >> "{state}"; : > "$6" ;;
    "export kubeconfig") : > "$6" ;;
    "delete cluster") : > "{state}" ;;
esac
"""
DOCKER = """
case "$1" in
    inspect) echo kindest/node:v1.34.4 ;;
    images) case "$*" in
        *--format*) echo kindest/node:v1.34.4 ;;
        *absent*) ;;
        *) echo 0123456789ab ;;
    esac ;;
esac
"""


@pytest.fixture
def state(tmp_path, programs):
    """The file in which the fake kind keeps its clusters."""
    path = tmp_path / "clusters"
    path.touch()
    programs(kind=KIND.format(state=path), kubectl="exit 0", docker=DOCKER)
    return path


def clusters(tmp_path, journal, **options):
    return KindClusters(tmp_path / "run", journal, run_id="20261121T0304-AB12", **options)


def calls(tmp_path, *words):
    return [line for line in (tmp_path / "calls").read_text().splitlines() if line.startswith(" ".join(words))]


def test_a_cluster_is_made_with_a_kubeconfig_of_its_own(state, tmp_path, journal):
    """Its name carries the run, its image is the newest local one, the workers are as many as asked for."""
    cluster = clusters(tmp_path, journal, workers=2).acquire()

    assert cluster.name == "redis-resilience-20261121t0304-ab12"
    assert cluster.kubeconfig == tmp_path / "run" / "kubeconfig"
    assert cluster.context == "kind-redis-resilience-20261121t0304-ab12"
    assert cluster.nodes == ("x-control-plane", "x-worker")
    [created] = calls(tmp_path, "kind", "create")
    assert f"--kubeconfig {cluster.kubeconfig}" in created
    assert "--image kindest/node:v1.34.4" in created
    assert state.with_name("clusters.config").read_text().count("role: worker") == 2


def test_two_processes_share_it_and_the_last_one_deletes_it(state, tmp_path, journal):
    """As the workers of pytest-xdist do; the journal shows which is the last."""
    other = Journal.begin(journal.path.parent, journal.run)
    clusters(tmp_path, journal).acquire()
    clusters(tmp_path, other).acquire()
    leave(other, Undoer())
    deleted_early = calls(tmp_path, "kind", "delete")
    leave(journal, Undoer())

    assert len(calls(tmp_path, "kind", "create")) == 1
    assert deleted_early == []
    assert len(calls(tmp_path, "kind", "delete")) == 1
    assert state.read_text() == ""


def test_how_to_delete_it_is_on_disk_before_it_is_made(state, tmp_path, programs, journal):
    """A harness that is killed meanwhile leaves an entry for what there may be."""
    programs(
        kind=KIND.format(state=state).replace(
            '"create cluster") ', f'"create cluster") cp {journal.path} {state}.seen; '
        )
    )

    clusters(tmp_path, journal).acquire()

    seen = parse(state.with_name("clusters.seen").read_bytes())
    name = "redis-resilience-20261121t0304-ab12"
    assert [entry.undo for entry in seen.left] == [
        DeleteCluster(kind_cluster=name, kubeconfig=str(tmp_path / "run" / "kubeconfig"))
    ]


def test_a_kept_cluster_stays(state, tmp_path, journal):
    clusters(tmp_path, journal, keep=True).acquire()
    leave(journal, Undoer())

    assert calls(tmp_path, "kind", "delete") == []
    assert left_clusters() == ("redis-resilience-20261121t0304-ab12",)
    assert state.read_text()


def test_a_named_cluster_is_used_and_never_deleted(state, tmp_path, journal):
    """Its kubeconfig is exported into the run's folder."""
    state.write_text("mine\n")
    held = clusters(tmp_path, journal, named="mine")
    cluster = held.acquire()
    leave(journal, Undoer())

    assert cluster.name == "mine"
    assert calls(tmp_path, "kind", "create") == []
    assert calls(tmp_path, "kind", "delete") == []
    assert calls(tmp_path, "kind", "export") == [
        f"kind export kubeconfig --name mine --kubeconfig {cluster.kubeconfig}"
    ]


def test_a_name_that_is_not_there_lists_those_that_are(state, tmp_path, journal):
    state.write_text("other\n")

    with pytest.raises(UsageError, match="expected a kind cluster named 'mine'; there are: other; make it"):
        clusters(tmp_path, journal, named="mine").acquire()


@pytest.mark.usefixtures("state")
def test_images_go_into_the_nodes_while_they_boot(tmp_path, journal):
    """Once; what did not work meanwhile is tried again."""
    held = clusters(tmp_path, journal, workers=1)
    held.acquire(["redis:8.0", "redis:8.0", "probe:1"])
    held.load(["redis:8.0", "probe:1", "later:1"])

    name = "redis-resilience-20261121t0304-ab12"
    assert calls(tmp_path, "kind", "load") == [
        f"kind load docker-image --name {name} redis:8.0 probe:1",
        f"kind load docker-image --name {name} later:1",
    ]


def test_an_image_that_is_not_here_is_named_before_a_cluster_is_made(state, tmp_path, journal):
    with pytest.raises(Unavailable, match="expected the image absent:1"):
        clusters(tmp_path, journal).acquire(["absent:1"])

    assert state.read_text() == ""


def test_a_cluster_whose_nodes_are_not_all_there_takes_no_images_yet(state, tmp_path, journal):
    """They are loaded once it is up."""
    held = clusters(tmp_path, journal)
    held.acquire(["redis:8.0"])
    early = calls(tmp_path, "kind", "load")
    held.load(["redis:8.0"])

    assert state.read_text()
    assert early == []
    assert len(calls(tmp_path, "kind", "load")) == 1


def test_a_named_cluster_gets_the_images_that_it_lacks(state, tmp_path, journal, monkeypatch):
    """On any of its nodes."""
    state.write_text("mine\n")
    lacking = {"x-worker": ("probe:1",), "x-control-plane": ()}
    monkeypatch.setattr(kind, "absent", lambda _, node: lacking[node])

    held = clusters(tmp_path, journal, named="mine")
    held.acquire()
    held.load(["redis:8.0", "probe:1"])

    assert calls(tmp_path, "kind", "load") == ["kind load docker-image --name mine probe:1"]


@pytest.mark.usefixtures("state")
def test_images_are_loaded_once_and_never_pulled(tmp_path, journal):
    """An image that this machine does not have is named before anything is done."""
    held = clusters(tmp_path, journal)
    held.acquire()
    held.load(["redis:8.0", "redis:8.0", "probe:1"])
    held.load(["redis:8.0"])

    loads = calls(tmp_path, "kind", "load")
    assert loads == ["kind load docker-image --name redis-resilience-20261121t0304-ab12 redis:8.0 probe:1"]
    with pytest.raises(Unavailable, match=r"expected the image absent:1 in .*; there is none; `docker pull absent:1`"):
        held.load(["absent:1"])


def test_a_cluster_that_cannot_be_made_leaves_nothing(state, tmp_path, programs, journal):
    """What kind had created of it is deleted, and the first error is the one that is reported."""
    broken = KIND.format(state=state).replace('"create cluster") ', '"create cluster") echo "no space" >&2; exit 1; ')
    programs(kind=broken)

    with pytest.raises(DeploymentError, match=r"kind could not make the cluster .*: .* with the output: no space"):
        clusters(tmp_path, journal).acquire()

    assert len(calls(tmp_path, "kind", "delete")) == 1


def test_a_negative_number_of_workers_makes_no_sense(tmp_path, journal):
    with pytest.raises(UsageError, match="expected 0 workers or more; got -1"):
        clusters(tmp_path, journal, workers=-1)
