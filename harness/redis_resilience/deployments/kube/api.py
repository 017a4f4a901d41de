"""The only module that knows the official Kubernetes client: its objects in, this backend's own words out.

The library is imported when the first connection is made: it costs 250 ms and comes with the extra `kube`.
"""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from redis_resilience.deployments.kube.interface import (
    RUN_LABEL,
    Change,
    Channel,
    ContainerState,
    KubeError,
    NamespaceState,
    Permission,
    PodState,
    Template,
    Trouble,
)
from redis_resilience.model.errors import Unavailable
from redis_resilience.topologies.topology import Controller, ControllerKind

T = TypeVar("T")
Query = Sequence[tuple[str, str]]
_CALL_S = 10.0
_READ_S = 30.0
_STDIN, _STDOUT, _STDERR, _STATUS = 0, 1, 2, 3
_RESOURCES = {
    ControllerKind.STATEFUL_SET: "stateful_set",
    ControllerKind.DEPLOYMENT: "deployment",
    ControllerKind.REPLICA_SET: "replica_set",
    ControllerKind.REPLICATION_CONTROLLER: "replication_controller",
}
"""As the client library's methods have them."""


def connect(kubeconfig: Path, context: str, namespace: str) -> ClientApi:
    """The API of one namespace. Raises Unavailable without the library, KubeError with an unusable kubeconfig."""
    try:
        from kubernetes import client, config  # noqa: PLC0415 - see the module's docstring
    except ImportError as error:
        raise Unavailable(
            "expected the Kubernetes client library; it is not installed; "
            "pip install 'redis-resilience[kube]' brings it"
        ) from error
    try:
        load: Callable[..., Any] = config.new_client_from_config
        made = load(config_file=str(kubeconfig), context=context)
    except config.ConfigException as error:
        raise KubeError(
            f"expected the context {context!r} in {kubeconfig}; got: {error}; recreate the cluster, or name another"
        ) from error
    return ClientApi(client.CoreV1Api(made), client.AppsV1Api(made), namespace, server=made.configuration.host)


class ClientApi:
    """`KubeApi` over the official client."""

    def __init__(self, core: Any, apps: Any, namespace: str, *, server: str) -> None:
        self._core, self._apps, self._namespace, self._server = core, apps, namespace, server
        self._watches: set[Any] = set()

    @property
    def namespace(self) -> str:
        return self._namespace

    def version(self) -> str:
        return str(json.loads(self._get("/version", "the cluster's version"))["gitVersion"])

    def create_namespace(self, labels: Mapping[str, str]) -> None:
        body = {"metadata": {"name": self._namespace, "labels": dict(labels)}}
        self._call("a new namespace", lambda: self._core.create_namespace(body, _request_timeout=_CALL_S))

    def delete_namespace(self) -> None:
        with _unless_missing():
            self._call(
                "the namespace to be deleted",
                lambda: self._core.delete_namespace(self._namespace, _request_timeout=_CALL_S),
            )

    def namespace_state(self) -> NamespaceState | None:
        with _unless_missing():
            return namespace_state(json.loads(self._get(self._path(), "the namespace")))
        return None

    def allowed(self, permission: Permission) -> bool:
        from kubernetes import client  # noqa: PLC0415 - see the module's docstring

        attributes = {"namespace": self._namespace, "verb": permission.verb, "resource": permission.resource}
        attributes |= {"group": permission.group, "subresource": permission.subresource, "name": permission.name}
        review: Any = {"spec": {"resourceAttributes": attributes}}
        reviews: Any = client.AuthorizationV1Api(self._core.api_client)
        answer = self._call(
            f"an answer whether {permission} is allowed",
            lambda: reviews.create_self_subject_access_review(review, _request_timeout=_CALL_S),
        )
        return bool(answer.status.allowed)

    def secret(self, name: str, key: str) -> str:
        """Raises KubeError where there is no such Secret, or no such key in it."""
        found = json.loads(self._get(self._path("secrets", name), f"Secret {name}")).get("data", {})
        try:
            return base64.b64decode(found[key]).decode()
        except KeyError:
            keys = ", ".join(sorted(found)) or "none"
            raise KubeError(f"expected the key {key!r} in Secret {name} in {self._where}; it has: {keys}") from None
        except ValueError:
            raise KubeError(f"expected text under {key!r} in Secret {name} in {self._where}; got other bytes") from None

    def runs(self) -> dict[str, str]:
        query = [("labelSelector", RUN_LABEL)]
        found = json.loads(self._get("/api/v1/namespaces", "the namespaces that runs made", query))
        return {item["metadata"]["name"]: item["metadata"]["labels"][RUN_LABEL] for item in found["items"]}

    def pods(self, selector: str = "") -> tuple[tuple[PodState, ...], str]:
        query = [("labelSelector", selector)] if selector else []
        found = json.loads(self._get(self._path("pods"), f"the pods {selector}".rstrip(), query))
        return tuple(pod_state(item) for item in found["items"]), str(found["metadata"]["resourceVersion"])

    def watch_pods(self, version: str, *, within_s: int) -> Iterator[Change]:
        """Raises KubeError where the watch ends with an error."""
        query = [("watch", "true"), ("resourceVersion", version), ("timeoutSeconds", str(within_s))]
        what = "to watch the pods"
        response = self._call(what, lambda: self._ask(self._path("pods"), query, within_s + _CALL_S)).response
        self._watches.add(response)
        try:
            for line in _lines(response):
                told = json.loads(line)
                if told["type"] == "ERROR":
                    status = told["object"]
                    raise KubeError(
                        f"expected {what} of {self._where}; got: {status.get('message')}",
                        status=int(status.get("code", 0)),
                    )
                yield Change(kind=told["type"], pod=pod_state(told["object"]))
        except (OSError, ValueError, _http_error()) as error:
            raise KubeError(f"expected {what} of {self._where}; the line was cut: {error}") from error
        finally:
            self._watches.discard(response)
            response.close()

    def stop_watching(self) -> None:
        for response in tuple(self._watches):
            with suppress(OSError, ValueError), socket.socket(fileno=os.dup(response.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads it, which closing would not

    def close(self) -> None:
        self._core.api_client.rest_client.close()

    def delete_pod(self, name: str, *, grace_s: float) -> None:
        self._call(
            f"pod {name} to be deleted",
            lambda: self._core.delete_namespaced_pod(
                name, self._namespace, grace_period_seconds=round(grace_s), _request_timeout=_CALL_S
            ),
        )

    def replicas(self, controller: Controller) -> int:
        found = self._call(str(controller), lambda: self._scaling("read", controller)(_request_timeout=_CALL_S))
        return int(found.spec.replicas or 0)

    def scale(self, controller: Controller, replicas: int) -> None:
        body = {"spec": {"replicas": replicas}}
        self._call(
            f"{controller} to have {replicas} replicas",
            lambda: self._scaling("patch", controller)(body=body, _request_timeout=_CALL_S),
        )

    def template(self, controller: Controller) -> Template:
        path = f"/apis/apps/v1/namespaces/{self._namespace}/statefulsets/{controller.name}"
        return template_of(json.loads(self._get(path, str(controller)))["spec"])

    def set_template(self, controller: Controller, template: Template) -> None:
        def named(init: bool) -> list[dict[str, str]]:  # noqa: FBT001 - one of two lists of containers
            return [
                {"name": name, "image": image}
                for name, image in template.images.items()
                if (name in template.init_containers) is init
            ]

        pod = {"containers": named(init=False)}
        if template.init_containers:
            pod["initContainers"] = named(init=True)
        body = {"spec": {"updateStrategy": {**template.strategy}, "template": {"spec": pod}}}
        self._call(
            f"{controller} to have the images {', '.join(dict.fromkeys(template.images.values()))}",
            lambda: self._apps.patch_namespaced_stateful_set(
                controller.name, self._namespace, body, _request_timeout=_CALL_S
            ),
        )

    def _scaling(self, verb: str, controller: Controller) -> Callable[..., Any]:
        api = self._core if controller.kind is ControllerKind.REPLICATION_CONTROLLER else self._apps
        call = getattr(api, f"{verb}_namespaced_{_RESOURCES[controller.kind]}_scale")
        return partial(call, controller.name, self._namespace)

    def logs(self, pod: str, container: str, *, since: str = "", previous: bool = False) -> str:
        query = [("container", container), ("timestamps", "true")]
        if since:
            query.append(("sinceTime", since))
        if previous:
            query.append(("previous", "true"))
        found = self._get(self._path("pods", pod, "log"), f"the log of {pod}/{container}", query)
        return found.decode(errors="replace")

    def troubles(self, name: str = "") -> tuple[Trouble, ...]:
        query = [("fieldSelector", f"involvedObject.name={name},type=Warning" if name else "type=Warning")]
        found = json.loads(self._get(self._path("events"), f"the events {name}".rstrip(), query))
        return tuple(sorted(map(trouble, found["items"]), key=lambda each: each.last))

    def run(self, pod: str, container: str, command: tuple[str, ...]) -> Channel:
        import websocket  # noqa: PLC0415 - see the module's docstring
        from kubernetes.stream.ws_client import websocket_call  # noqa: PLC0415 - see the module's docstring

        websocket.setdefaulttimeout(_READ_S)  # its own default is to wait for ever

        query = [("container", container), *(("command", word) for word in command)]
        query += [(stream, "true") for stream in ("stdin", "stdout", "stderr")]

        def begin() -> Any:
            # Not by the library's `stream`: it keeps a copy of all that is ever received.
            client = self._core.api_client
            method, url, headers, *_ = self._request(self._path("pods", pod, "exec"), query)
            open_socket: Callable[..., Any] = websocket_call
            return open_socket(
                client.configuration,
                method,
                url,
                headers=headers,
                capture_all=False,
                binary=True,
                _preload_content=False,
            )

        what = f"{' '.join(command[:3])} to run in {pod}/{container}"
        return _Websocket(self._call(what, begin), f"{what} of {self._where}")

    @property
    def _where(self) -> str:
        return f"namespace {self._namespace} at {self._server}"

    def _path(self, *parts: str) -> str:
        return "/".join(("/api/v1/namespaces", self._namespace, *parts))

    def _get(self, path: str, what: str, query: Query = ()) -> bytes:
        return self._call(what, lambda: bytes(self._ask(path, query, _READ_S).read()))

    def _ask(self, path: str, query: Query, within_s: float) -> Any:
        """A GET whose body is left as it is: only the plain JSON is needed."""
        from kubernetes.client import ApiException  # noqa: PLC0415 - see the module's docstring

        answer = self._core.api_client.call_api(*self._request(path, query), _request_timeout=(_CALL_S, within_s))
        if answer.status >= 400:
            raise ApiException(status=answer.status, reason=answer.reason, body=answer.read())
        return answer

    def _request(self, path: str, query: Query) -> tuple[Any, ...]:
        """Method, URL, headers with the credentials, and what else `call_api` takes."""
        return tuple(
            self._core.api_client.param_serialize(
                "GET", path, query_params=list(query), header_params={"Accept": "*/*"}, auth_settings=["BearerToken"]
            )
        )

    def _call(self, what: str, action: Callable[[], T]) -> T:
        """One call of the library, whose errors become this backend's own."""
        from kubernetes.client import ApiException  # noqa: PLC0415 - see the module's docstring

        try:
            return action()
        except ApiException as error:
            cause = error.__context__
            if isinstance(cause, KeyboardInterrupt | SystemExit):
                raise cause from None  # the library takes it for an error of the websocket
            status = int(error.status or getattr(cause, "status_code", 0))
            reason = error.reason if error.status else getattr(cause, "status_message", None) or "no answer"
            raise KubeError(
                f"expected {what} in {self._where}; got {status} {reason}: {_said(error, cause)}; "
                f"{_ADVICE.get(status, 'look at the cluster with kubectl')}",
                status=status,
            ) from error
        except (_http_error(), OSError) as error:
            raise KubeError(
                f"expected {what} in {self._where}; no answer: {error}; does the cluster still run?"
            ) from error


def template_of(spec: Mapping[str, Any]) -> Template:
    """Of a StatefulSet's spec as the API has it."""
    pod = spec["template"]["spec"]
    first = pod.get("initContainers", [])
    return Template(
        images={each["name"]: each["image"] for each in (*first, *pod["containers"])},
        init_containers=tuple(each["name"] for each in first),
        strategy={"rollingUpdate": None, **spec.get("updateStrategy", {"type": "RollingUpdate"})},
    )


_ADVICE = {
    0: "does the container run, and does the cluster answer?",
    401: "the kubeconfig's credentials are refused: export it again",
    403: "ask for the permission that the message names",
    404: "it is gone, or was never created",
    409: "it exists already: another run? remove it, or choose another name",
    429: "the API server is overloaded: try again later",
    500: "the API server failed: look at its log",
}


@contextmanager
def _unless_missing() -> Iterator[None]:
    """Passes over a KubeError of status 404."""
    try:
        yield
    except KubeError as error:
        if error.status != 404:
            raise


class _Websocket:
    """`Channel` over the library's websocket client."""

    def __init__(self, client: Any, what: str) -> None:
        self._client, self._what = client, what

    def fileno(self) -> int:
        return int(self._guarded(self._socket_number))

    def _socket_number(self) -> int:
        return int(self._client.sock.sock.fileno())

    @property
    def open(self) -> bool:
        return bool(self._client.is_open())

    def send(self, data: bytes) -> None:
        self._guarded(lambda: self._client.write_channel(_STDIN, data))

    def receive(self) -> tuple[bytes, bytes]:
        self._guarded(lambda: self._client.update(timeout=0))
        channels = self._client._channels  # noqa: SLF001 - its own readers wait for more
        return channels.pop(_STDOUT, b""), channels.pop(_STDERR, b"")

    def end_input(self) -> None:
        self._guarded(lambda: self._client.close_channel(_STDIN))

    def outcome(self) -> str:
        told = self._client._channels.get(_STATUS, b"")  # noqa: SLF001 - its own reader fails where there is none
        if not told:
            return "the connection was closed before the program's exit code arrived"
        status = json.loads(told)
        return "" if status.get("status") == "Success" else str(status.get("message", told))

    def close(self) -> None:
        # Not by its own `close`, which leaves the socket open where the other end went first.
        self._guarded(self._client.sock.shutdown)

    def _guarded(self, action: Callable[[], Any]) -> Any:
        from websocket import WebSocketException  # noqa: PLC0415 - see the module's docstring

        try:
            return action()
        except (OSError, ValueError, AttributeError, WebSocketException) as error:
            self._client._connected = False  # noqa: SLF001 - the library leaves it set
            raise KubeError(f"expected {self._what}; the line was cut: {error}") from error


def _lines(response: Any) -> Iterator[bytes]:
    """Whole lines as soon as they are there."""
    rest = b""
    for chunk in response.stream(amt=None):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line for line in whole if line)


def _http_error() -> type[Exception]:
    """What the library's own HTTP client raises when there is no answer."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - see the module's docstring

    error: type[Exception] = HTTPError
    return error


def _said(error: Any, cause: BaseException | None) -> str:
    """The API's own message from its answer; for a refused websocket the library keeps it inside its error."""
    body = error.body or getattr(cause, "resp_body", None) or ""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return str(body or cause or "").strip()[:500] or "no message"


def namespace_state(item: Mapping[str, Any]) -> NamespaceState:
    """A namespace as the API describes it in JSON."""
    meta, status = item["metadata"], item.get("status", {})
    return NamespaceState(
        labels=dict(meta.get("labels", {})),
        deleting="deletionTimestamp" in meta,
        waiting_for=tuple(
            f"{each['type']}: {each.get('message', '')}".strip()
            for each in status.get("conditions", [])
            if each["status"] == "True"
        ),
    )


def trouble(item: Mapping[str, Any]) -> Trouble:
    """An event as the API describes it in JSON."""
    about = item["involvedObject"]
    return Trouble(
        kind=about.get("kind", ""),
        name=about.get("name", ""),
        uid=about.get("uid", ""),
        reason=item.get("reason") or "",
        message=item.get("message") or "",
        last=item.get("lastTimestamp") or item.get("eventTime") or "",
    )


def pod_state(item: Mapping[str, Any]) -> PodState:
    """A pod as the API describes it in JSON."""
    meta, status, spec = item["metadata"], item.get("status", {}), item.get("spec", {})
    conditions = status.get("conditions", [])
    owner: Mapping[str, str] = next((ref for ref in meta.get("ownerReferences", []) if ref.get("controller")), {})
    ports = {
        each["name"]: tuple(port["containerPort"] for port in each.get("ports", []))
        for each in spec.get("containers", [])
    }
    return PodState(
        name=meta["name"],
        uid=meta["uid"],
        created=meta.get("creationTimestamp", ""),
        version=meta.get("resourceVersion", ""),
        phase=status.get("phase", "Pending"),
        address=status.get("podIP", ""),
        node=spec.get("nodeName", ""),
        ready=any(each["type"] == "Ready" and each["status"] == "True" for each in conditions),
        deleting="deletionTimestamp" in meta,
        owner=(owner.get("kind", ""), owner.get("name", "")),
        containers=tuple(_container_state(each, ports) for each in status.get("containerStatuses", [])),
        init_containers=tuple(_container_state(each) for each in status.get("initContainerStatuses", [])),
        waiting_for=tuple(
            f"{each['type']}: {each.get('reason', '')} {each.get('message', '')}".strip()
            for each in conditions
            if each["status"] != "True"
        ),
        labels=dict(meta.get("labels", {})),
        labelled_by=_labelled_by(meta.get("managedFields", ())),
    )


def _labelled_by(entries: Sequence[Mapping[str, Any]]) -> str:
    """Of the managers of an object the last one that owns a label of it."""
    own = [each for each in entries if "f:labels" in each.get("fieldsV1", {}).get("f:metadata", {})]
    return str(max(own, key=lambda each: each.get("time", ""))["manager"]) if own else ""


def _container_state(item: Mapping[str, Any], ports: Mapping[str, tuple[int, ...]] | None = None) -> ContainerState:
    [(state, facts)] = (item.get("state") or {"waiting": {}}).items()
    return ContainerState(
        name=item["name"],
        ports=(ports or {}).get(item["name"], ()),
        id=item.get("containerID", "").rpartition("/")[2],
        state=state,
        reason=facts.get("reason", ""),
        message=facts.get("message", ""),
        restarts=item.get("restartCount", 0),
        ready=item.get("ready", False),
        started=facts.get("startedAt", ""),
        exit_code=facts.get("exitCode"),
    )
