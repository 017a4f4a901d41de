"""Each change undone, found undone, or found to belong to another owner; nothing is assumed without a look."""

from __future__ import annotations

from contextlib import suppress

import pytest

from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.interface import RUN_LABEL, KubeError, NamespaceState, Template
from redis_resilience.deployments.kube.undoing import Undoer, leave, patiently
from redis_resilience.deployments.undo import (
    DeleteCluster,
    DeleteNamespace,
    DeletePod,
    DropTable,
    RestoreImages,
    Resume,
    ScaleBack,
    StartNode,
    Where,
)
from redis_resilience.model.errors import DeploymentError
from redis_resilience.topologies.topology import Controller, ControllerKind

SET = Controller(kind=ControllerKind.STATEFUL_SET, name="redis")
WHERE = Where(kubeconfig="/run/kubeconfig", context="theirs", namespace="trial")
NAMESPACE = DeleteNamespace(where=WHERE, run="run")
OURS = NamespaceState(labels={RUN_LABEL: "run"})
SCALE = ScaleBack(where=WHERE, controller=SET, replicas=3)
BEFORE = Template(images={"wait": "busybox", "redis": "redis:7.0"}, init_containers=("wait",), strategy={"type": "A"})
IMAGES = RestoreImages(
    where=WHERE,
    controller=SET,
    images=dict(BEFORE.images),
    init_containers=BEFORE.init_containers,
    strategy=dict(BEFORE.strategy),
)
RESUME = Resume(node="node-1", pid=4711, born="99", name="redis-0/redis")


class FakeShell:
    """A node with one process; `stat` is what the kernel says of it."""

    node = "node-1"

    def __init__(self, letter="T", born="99"):
        self.letter, self.born, self.told = letter, born, []

    def ask(self, script, **_):
        del script
        return 0, f"4711 (redis-server) {self.letter} 1 {' '.join('0' for _ in range(17))} {self.born} 0\n"

    def must(self, script, what):
        del what
        self.told.append(script)
        if "CONT" in script:
            self.letter = "S"
        return ""

    def close(self):
        self.told.append("closed")


@pytest.fixture
def shell():
    return FakeShell()


@pytest.fixture
def undoer(api, shell):
    made = Undoer(lambda *_: api, lambda _: shell, patience_s=0.0, gone_within_s=1.0)
    yield made
    made.close()


def test_a_namespace_is_gone_when_the_api_says_so(undoer, api, make_pod):
    """Its pods get no grace period: their last log lines are not needed any more."""
    api.known["redis-0"] = make_pod()
    api.states = [OURS, NamespaceState(deleting=True), None]

    assert undoer.undo(NAMESPACE) == "namespace trial of theirs is gone"
    assert ("delete_namespace",) in api.calls
    assert ("delete_pod", "redis-0", 1.0) in api.calls


def test_a_namespace_of_somebody_else_is_left_alone(undoer, api):
    """The name alone proves nothing: the label has to be that of the run."""
    api.states = [NamespaceState(labels={RUN_LABEL: "another"})]

    assert undoer.undo(NAMESPACE) == "namespace trial of theirs is not of run run: left alone"
    assert ("delete_namespace",) not in api.calls


def test_a_namespace_that_is_stuck_is_told_with_the_clusters_reason(undoer, api):
    stuck = NamespaceState(
        labels=OURS.labels,
        deleting=True,
        waiting_for=("NamespaceFinalizersRemaining: some/finalizer in 1 resource instances",),
    )
    api.states = [stuck]

    with pytest.raises(
        DeploymentError, match=r"waited .* for namespace trial .* to be gone; saw last: Name.*"
    ) as raised:
        undoer.undo(NAMESPACE)
    assert "some/finalizer in 1 resource instances" in str(raised.value)
    assert "--namespace trial get all,pvc,configmap -o yaml" in str(raised.value)


def test_replicas_are_as_before(undoer, api):
    api.sizes[SET] = 0

    assert undoer.undo(SCALE) == "StatefulSet redis in namespace trial of theirs has 3 replicas to keep, as before"
    assert ("scale", SET, 3) in api.calls


def test_replicas_that_somebody_else_chose_meanwhile_stay(undoer, api):
    api.sizes[SET] = 5

    assert undoer.undo(SCALE).endswith("has 5 by now")
    assert [call for call in api.calls if call[0] == "scale"] == []


def test_a_stateful_set_that_is_gone_needs_no_replicas(undoer, api):
    assert api.sizes == {}
    assert undoer.undo(SCALE) == "there is no StatefulSet redis in namespace trial of theirs any more"


def test_a_stopped_process_goes_on(undoer, shell):
    assert undoer.undo(RESUME) == "redis-0/redis, PID 4711 on node-1, is running"
    assert shell.told == ["kill -CONT 4711"]


@pytest.mark.parametrize(
    ("letter", "born", "told"), [("S", "99", "runs"), ("Z", "99", "ended meanwhile"), ("T", "100", "ended meanwhile")]
)
def test_a_process_that_is_not_ours_to_wake_gets_no_signal(undoer, shell, letter, born, told):
    """It runs, it ended, or its PID belongs to another one by now."""
    shell.letter, shell.born = letter, born

    assert undoer.undo(RESUME) == f"redis-0/redis, PID 4711 on node-1 {told}"
    assert shell.told == []


def test_rules_are_dropped_in_every_node(undoer, shell):
    undo = DropTable(nodes=("node-1",), table="rr_trial_redis_0", pod="redis-0")

    assert undoer.undo(undo) == "the rules that isolated redis-0 are gone from node-1"
    assert shell.told == ["nft add table inet rr_trial_redis_0; nft delete table inet rr_trial_redis_0"]


def test_a_node_runs_when_docker_says_so(undoer, programs):
    calls = programs(docker='[ "$1" = start ] || echo true')

    assert undoer.undo(StartNode(node="worker")) == "node worker runs"
    assert calls() == ["docker start worker", "docker inspect --format {{.State.Running}} worker"]


def test_a_node_that_does_not_start_is_told(undoer, programs):
    programs(docker='[ "$1" = start ] || echo false')

    with pytest.raises(DeploymentError, match="expected node worker to run; Docker says: false"):
        undoer.undo(StartNode(node="worker"))


def test_a_helper_pod_is_deleted_once(undoer, api, make_pod):
    undo = DeletePod(where=WHERE, pod="helper")
    api.known["helper"] = make_pod("helper")

    assert undoer.undo(undo) == "pod helper in namespace trial of theirs is gone"
    assert undoer.undo(undo) == "there is no pod helper in namespace trial of theirs any more"


def test_what_was_in_a_cluster_that_is_gone_is_gone(undoer, api, programs):
    """The named cluster was deleted meanwhile: no API to ask, nothing to undo."""
    calls = programs(kind="echo another")
    where = Where(kubeconfig="/run/kubeconfig", context="kind-mine", namespace="trial", kind_cluster="mine")

    assert undoer.undo(DeleteNamespace(where=where, run="run")) == "there is no cluster mine any more"
    assert calls() == ["kind get clusters"]
    assert api.calls == []


def test_a_cluster_that_kind_still_lists_is_not_deleted(undoer, programs):
    programs(kind="echo redis-resilience-run")

    with pytest.raises(
        DeploymentError, match="expected cluster redis-resilience-run to be deleted; kind still lists it"
    ):
        undoer.undo(DeleteCluster(kind_cluster="redis-resilience-run", kubeconfig="/run/kubeconfig"))


def test_a_kubeconfig_that_went_with_the_results_is_exported_again(api, programs):
    programs(kind='case "$1" in get) echo mine ;; export) : > "$6" ;; esac')
    used = []
    where = Where(kubeconfig="/gone/kubeconfig", context="kind-mine", namespace="trial", kind_cluster="mine")

    with Undoer(lambda path, *_: used.append(path) or api) as undoer:
        undoer.undo(ScaleBack(where=where, controller=SET, replicas=3))
        assert used[0].exists()

    assert not used[0].exists()


def test_an_api_that_is_away_for_a_while_is_asked_again():
    """A refusal is final, except that of a server that has just started; at the end the last message is reported."""
    answers = [KubeError("nobody answered"), KubeError("not ready", status=503), KubeError("not read yet", status=403)]

    def attempt():
        if answers:
            raise answers.pop(0)
        return "done"

    def refuse():
        raise KubeError("forbidden", status=403)

    def never():
        raise KubeError("nobody answered")

    assert patiently(attempt, within_s=30) == "done"
    with pytest.raises(KubeError, match="forbidden"):
        patiently(refuse, within_s=30, waking_s=0)
    with pytest.raises(KubeError, match=r"nobody answered \(asked for 0 s\)"):
        patiently(never, within_s=0)


def test_a_server_that_does_not_answer_is_waited_for_once(undoer, api):
    """Every later change in it is reported at once."""
    api.down = True

    with pytest.raises(KubeError, match="nobody answered"):
        undoer.undo(SCALE)
    asked = len(api.calls)
    with pytest.raises(DeploymentError, match="nobody answered"):
        undoer.undo(NAMESPACE)

    assert len(api.calls) == asked


def test_the_last_one_to_leave_a_run_undoes_what_is_left(undoer, api, tmp_path):
    """Whichever process left it; no process that leaves earlier touches it."""
    one, two = (Journal.begin(tmp_path, "run") for _ in range(2))
    api.sizes[SET] = 0
    one.note(SCALE)

    leave(one, undoer)
    early = api.sizes[SET]
    leave(two, undoer)

    assert (early, api.sizes[SET]) == (0, 3)
    assert not one.path.exists()


def test_what_cannot_be_undone_at_the_end_is_named_and_kept(undoer, api, tmp_path):
    journal = Journal.begin(tmp_path, "run")
    journal.note(SCALE)
    api.down = True

    with pytest.raises(
        DeploymentError, match=r"still there: StatefulSet redis in .*: nobody answered.*; `redis-resilience heal` tries"
    ):
        leave(journal, undoer)

    claimed = Journal.claim(journal.path)
    assert [entry.undo for entry in claimed.left()] == [SCALE]
    with suppress(DeploymentError):
        leave(claimed, undoer)


def test_images_that_an_upgrade_changed_are_put_back_with_their_strategy(undoer, api):
    api.templates[SET] = Template(images={"wait": "busybox", "redis": "redis:8.0"}, strategy={"type": "OnDelete"})

    assert undoer.undo(IMAGES) == "StatefulSet redis in namespace trial of theirs has the images busybox, redis:7.0"
    assert api.templates[SET] == BEFORE


def test_images_that_are_back_are_left_alone_and_a_set_that_is_gone_is_no_error(undoer, api):
    api.templates[SET] = BEFORE
    undoer.undo(IMAGES)
    assert ("set_template", SET) not in api.calls

    api.templates.clear()
    assert undoer.undo(IMAGES) == "there is no StatefulSet redis in namespace trial of theirs any more"


def test_where_pods_wait_to_be_deleted_the_user_is_told(undoer, api):
    api.templates[SET] = BEFORE
    waits = RestoreImages(
        where=WHERE, controller=SET, images={"redis": "redis:7.0"}, init_containers=(), strategy={"type": "OnDelete"}
    )

    assert undoer.undo(waits).endswith("has the images redis:7.0; pods get them when they are deleted")
