"""The client library's answers in this backend's own words; the API is a small HTTP server on this host."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from redis_resilience.deployments.kube.api import connect, pod_state
from redis_resilience.deployments.kube.interface import RUN_LABEL, KubeError, Permission
from redis_resilience.topologies.topology import Controller, ControllerKind

POD = {
    "metadata": {
        "name": "redis-0",
        "uid": "u1",
        "resourceVersion": "8",
        "ownerReferences": [{"kind": "StatefulSet", "name": "redis", "controller": True}],
    },
    "spec": {"nodeName": "node-1"},
    "status": {
        "phase": "Running",
        "podIP": "10.0.0.5",
        "conditions": [
            {"type": "Ready", "status": "False", "reason": "ContainersNotReady"},
            {"type": "PodScheduled", "status": "True"},
        ],
        "containerStatuses": [
            {
                "name": "redis",
                "containerID": "containerd://abc",
                "restartCount": 2,
                "ready": False,
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 20s"}},
            }
        ],
    },
}


@pytest.fixture
def answers():
    """Path to (status, body)."""
    return {"/version": (200, {"gitVersion": "v1.34.4"})}


@pytest.fixture
def asked():
    return []


@pytest.fixture
def kubeconfig(answers, asked, tmp_path):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, body = answers.get(self.path.partition("?")[0], (404, {"message": "not found"}))
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self):
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.do_GET()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    config = {
        "apiVersion": "v1",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    yield path
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cluster(kubeconfig):
    made = connect(kubeconfig, "x", "trial")
    yield made
    made.close()


def test_a_pod_in_this_backends_words():
    """Its owner, its reasons, its container's id without the runtime's name."""
    state = pod_state(POD)

    assert state.owner == ("StatefulSet", "redis")
    assert state.waiting_for == ("Ready: ContainersNotReady",)
    assert not state.ready
    [container] = state.containers
    assert (container.id, container.state, container.reason, container.restarts) == (
        "abc",
        "waiting",
        "CrashLoopBackOff",
        2,
    )


def test_a_pod_says_who_set_its_labels_last():
    """Of those who changed it, the last one that owns a label."""
    owns = {"f:metadata": {"f:labels": {"f:role": {}}}}
    managed = [
        {"manager": "redis-operator", "time": "2026-11-29T12:00:02Z", "fieldsV1": owns},
        {"manager": "kube-controller-manager", "time": "2026-11-29T12:00:01Z", "fieldsV1": owns},
        {"manager": "kubelet", "time": "2026-11-29T12:00:03Z", "fieldsV1": {"f:status": {}}},
    ]
    meta = {**POD["metadata"], "labels": {"role": "master"}, "managedFields": managed}

    state = pod_state({**POD, "metadata": meta})

    assert (state.labels, state.labelled_by) == ({"role": "master"}, "redis-operator")
    assert pod_state(POD).labelled_by == ""


def test_warnings_come_in_the_order_of_time(cluster, answers):
    def warned(name, last):
        return {"involvedObject": {"kind": "Pod", "name": name, "uid": "u"}, "reason": "BackOff", "lastTimestamp": last}

    answers["/api/v1/namespaces/trial/events"] = (200, {"items": [warned("b", "2"), warned("a", "1")]})

    assert [(each.name, each.uid, str(each)) for each in cluster.troubles()] == [
        ("a", "u", "BackOff: "),
        ("b", "u", "BackOff: "),
    ]


def test_pods_come_with_the_version_to_watch_from(cluster, answers):
    answers["/api/v1/namespaces/trial/pods"] = (200, {"items": [POD], "metadata": {"resourceVersion": "7"}})

    [pod], version = cluster.pods()

    assert (pod.name, version) == ("redis-0", "7")
    assert cluster.version() == "v1.34.4"


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (ControllerKind.STATEFUL_SET, "apps/v1/namespaces/trial/statefulsets"),
        (ControllerKind.DEPLOYMENT, "apps/v1/namespaces/trial/deployments"),
        (ControllerKind.REPLICA_SET, "apps/v1/namespaces/trial/replicasets"),
        (ControllerKind.REPLICATION_CONTROLLER, "v1/namespaces/trial/replicationcontrollers"),
    ],
)
def test_whatever_keeps_pods_has_a_scale(cluster, answers, kind, path):
    root = "/apis/" if path.startswith("apps") else "/api/"
    answers[f"{root}{path}/redis/scale"] = (200, {"spec": {"replicas": 3}})

    assert cluster.replicas(Controller(kind=kind, name="redis")) == 3


def test_a_watch_tells_each_change(cluster, answers, asked):
    lines = [json.dumps({"type": kind, "object": POD}) for kind in ("ADDED", "DELETED")]
    answers["/api/v1/namespaces/trial/pods"] = (200, "\n".join([*lines, ""]).encode())

    assert [change.kind for change in cluster.watch_pods("7", within_s=5)] == ["ADDED", "DELETED"]
    assert asked[-1].endswith("?watch=true&resourceVersion=7&timeoutSeconds=5")


def test_a_watch_that_is_too_old_says_so(cluster, answers):
    """Its status shows that a new list is needed."""
    told = {"type": "ERROR", "object": {"code": 410, "message": "too old resource version"}}
    answers["/api/v1/namespaces/trial/pods"] = (200, json.dumps(told).encode() + b"\n")

    with pytest.raises(KubeError, match=r"expected to watch the pods .*; got: too old resource version") as raised:
        list(cluster.watch_pods("1", within_s=5))
    assert raised.value.status == 410


def test_a_log_is_asked_for_from_a_stamp_on(cluster, answers, asked):
    answers["/api/v1/namespaces/trial/pods/redis-0/log"] = (200, b"2026-11-21T03:00:00Z line\n")

    text = cluster.logs("redis-0", "redis", since="2026-11-21T03:00:00.5Z", previous=True)

    assert text == "2026-11-21T03:00:00Z line\n"
    assert "sinceTime=2026-11-21T03%3A00%3A00.5Z" in asked[-1]
    assert "previous=true" in asked[-1]


@pytest.mark.parametrize(
    ("status", "advice"), [(403, "ask for the permission"), (401, "export it again"), (404, "it is gone")]
)
def test_a_refusal_says_what_was_wanted_and_what_to_try(cluster, answers, status, advice):
    """The API's own message, the place, and advice; the original is its cause."""
    answers["/api/v1/namespaces/trial/pods"] = (status, {"message": "pods is forbidden"})

    with pytest.raises(
        KubeError, match=f"expected the pods in namespace trial at http://127.*; got {status} "
    ) as raised:
        cluster.pods()
    assert "pods is forbidden" in str(raised.value)
    assert advice in str(raised.value)
    assert raised.value.status == status
    assert raised.value.__cause__ is not None


def test_a_refused_program_tells_why_as_any_other_call(cluster, answers):
    """The library hides the status of a websocket that was not opened; a pod that is gone is no broken connection."""
    answers["/api/v1/namespaces/trial/pods/probe/exec"] = (404, {"message": 'pods "probe" not found'})

    with pytest.raises(
        KubeError, match=r'expected tar to run in probe/probe .*; got 404 Not Found: pods "probe" not found; it is gone'
    ) as raised:
        cluster.run("probe", "probe", ("tar",))

    assert raised.value.status == 404
    assert not raised.value.passing


def test_ctrl_c_while_a_program_is_started_is_ctrl_c(cluster, monkeypatch):
    """The library would make an error of the websocket of it."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("websocket.WebSocket.connect", interrupted)

    with pytest.raises(KeyboardInterrupt):
        cluster.run("probe", "probe", ("tar",))


def test_a_missing_namespace_is_an_answer(cluster):
    assert cluster.namespace_state() is None


def test_a_namespace_tells_why_it_does_not_go(cluster, answers):
    """Only what holds it up; its labels name the run that it belongs to."""
    answers["/api/v1/namespaces/trial"] = (
        200,
        {
            "metadata": {"labels": {RUN_LABEL: "run"}, "deletionTimestamp": "2026-11-21T05:00:00Z"},
            "status": {
                "conditions": [
                    {"type": "NamespaceContentRemaining", "status": "True", "message": "configmaps. has 1"},
                    {"type": "NamespaceDeletionContentFailure", "status": "False", "message": "all deleted"},
                ]
            },
        },
    )

    state = cluster.namespace_state()

    assert state.labels[RUN_LABEL] == "run"
    assert state.deleting
    assert state.waiting_for == ("NamespaceContentRemaining: configmaps. has 1",)


def test_namespaces_of_runs_are_found_by_their_label(cluster, answers, asked):
    answers["/api/v1/namespaces"] = (200, {"items": [{"metadata": {"name": "a", "labels": {RUN_LABEL: "run"}}}]})

    assert cluster.runs() == {"a": "run"}
    assert asked[-1].endswith("?labelSelector=redis-resilience/run")


def test_a_context_that_is_not_there(kubeconfig):
    with pytest.raises(KubeError, match=r"expected the context 'gone' in .*kubeconfig; got: "):
        connect(kubeconfig, "gone", "trial")


@pytest.mark.parametrize("answer", [True, False])
def test_a_permission_is_asked_for_in_its_namespace(cluster, answers, asked, answer):
    """By a review, which changes nothing."""
    answers["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"] = (
        201,
        {"spec": {"resourceAttributes": {}}, "status": {"allowed": answer}},
    )

    allowed = cluster.allowed(Permission(verb="create", resource="pods", subresource="exec"))

    assert allowed is answer
    assert json.loads(asked[0])["spec"]["resourceAttributes"] == {
        "namespace": "trial",
        "verb": "create",
        "group": "",
        "resource": "pods",
        "subresource": "exec",
        "name": "",
    }


def test_a_secret_is_decoded_and_never_told(cluster, answers):
    """Errors name keys, not values."""
    answers["/api/v1/namespaces/trial/secrets/redis"] = (200, {"data": {"password": "b3Blbi1zZXNhbWU=", "raw": "/w=="}})

    assert cluster.secret("redis", "password") == "open-sesame"
    with pytest.raises(KubeError, match=r"expected the key 'pass' in Secret redis .*; it has: password, raw"):
        cluster.secret("redis", "pass")
    with pytest.raises(KubeError, match=r"expected text under 'raw' in Secret redis .*; got other bytes"):
        cluster.secret("redis", "raw")


def test_ports_and_selectors_are_the_manifests(cluster, answers, asked):
    pod = POD | {"spec": {"containers": [{"name": "redis", "ports": [{"containerPort": 6379}]}]}}
    answers["/api/v1/namespaces/trial/pods"] = (200, {"metadata": {"resourceVersion": "9"}, "items": [pod]})

    [found], _ = cluster.pods("app=redis")

    assert found.containers[0].ports == (6379,)
    assert asked == ["/api/v1/namespaces/trial/pods?labelSelector=app%3Dredis"]
