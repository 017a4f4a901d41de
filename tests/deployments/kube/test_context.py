"""An existing cluster: when a run may be a guest there, and what a refusal says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from redis_resilience.deployments.kube.context import NO_HELPER, Context, ContextSite, kubeconfig_of, must_be_welcome
from redis_resilience.deployments.kube.interface import NamespaceState, Permission
from redis_resilience.deployments.kube.nodes.helper import helper_name, helper_pod
from redis_resilience.deployments.kube.objects.manifests import Object, objects_in
from redis_resilience.deployments.kube.permissions import must_be_allowed, needed
from redis_resilience.faults.capabilities import CanScale, CanUpgrade
from redis_resilience.model.errors import Unavailable, UsageError

OBJECTS = """apiVersion: v1
kind: Service
metadata:
  labels:
    app: redis
  name: redis
spec: {}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: redis
spec:
  template:
    metadata:
      name: not-this-one
"""
THERE = '{"kind": "Service", "metadata": {"name": "redis"%s}}'


def context(**more):
    return Context(**{"name": "prod", "namespace": "team", "kubeconfig": Path("/dev/null"), **more})


def site(**more):
    return ContextSite(context(**more), run_id="run-1")


@pytest.mark.parametrize(("what", "option"), [("name", "--redis-context"), ("namespace", "--redis-namespace")])
def test_nothing_is_taken_by_default(what, option):
    with pytest.raises(
        UsageError,
        match=rf"for the backend context; got none; name it with {option}: the current context is never used",
    ):
        context(**{what: ""})


def test_a_namespace_whose_owner_did_not_opt_in_is_refused(api):
    """The message says how to opt in, either way."""
    api.states = [NamespaceState(labels={"team": "a"})]

    with pytest.raises(UsageError) as refused:
        must_be_welcome(api, context())

    text = str(refused.value)
    assert "to carry the label redis-resilience/allow=yes; got no such label" in text
    assert "kubectl --context prod label namespace team redis-resilience/allow=yes" in text
    assert "--redis-allow-context=prod" in text


def test_another_value_of_the_label_is_no_consent(api):
    api.states = [NamespaceState(labels={"redis-resilience/allow": "no"})]

    with pytest.raises(UsageError, match="got the value 'no'"):
        must_be_welcome(api, context())


def test_a_namespace_that_is_not_there_is_not_made(api):
    api.states = [None]

    with pytest.raises(UsageError, match="expected the namespace 'team' in context 'prod'; there is none; make it"):
        must_be_welcome(api, context())


def test_the_label_or_the_contexts_own_name_is_consent(api):
    """The name stands for the label, which need not even be readable then."""
    api.states = [NamespaceState(labels={"redis-resilience/allow": "yes"})]
    must_be_welcome(api, context())

    api.states = [None]
    must_be_welcome(api, context(allowed="prod"))


def test_another_contexts_name_is_none(api):
    """A script that switches to another context must not take its consent along."""
    api.states = [NamespaceState(labels={"redis-resilience/allow": "yes"})]

    with pytest.raises(UsageError, match=r"to name the context 'prod'; got 'staging'; repeat the context's name"):
        must_be_welcome(api, context(allowed="staging"))


def test_all_that_is_not_allowed_is_one_message(api):
    api.forbidden = {"create statefulsets.apps", "get pods/log", "get namespaces team"}

    with pytest.raises(Unavailable) as missing:
        must_be_allowed(api, site().permissions(OBJECTS))

    assert "not allowed: get pods/log, create statefulsets.apps, get namespaces team; bind a role" in str(missing.value)


def test_no_more_is_asked_for_than_is_done():
    """Scaling, a Secret, the namespace's labels: only where they are touched; a probe's pod alone needs no claims."""
    probe = [Object(group="", kind="Pod", name="probe")]
    scale = Permission(verb="patch", group="apps", resource="statefulsets", subresource="scale")

    assert not [each for each in needed(probe) if each.resource not in ("pods", "events")]
    assert not [each for each in needed([*probe, *objects_in(OBJECTS)]) if each.verb == "patch"]
    assert scale in needed(probe, capabilities=[CanScale])
    images = Permission(verb="patch", group="apps", resource="statefulsets")
    assert images in needed(probe, capabilities=[CanUpgrade])
    assert Permission(verb="get", resource="secrets", name="redis") in needed(probe, secrets=("redis",))
    assert Permission(verb="delete", group="policy", resource="networkpolicies") in needed(
        [Object(group="policy", kind="NetworkPolicy", name="x")]
    )


def test_what_is_scaled_is_what_keeps_the_pods():
    """A ReplicationController is of another group than a StatefulSet."""
    kept = [
        Object(group="", kind="ReplicationController", name="redis"),
        Object(group="", kind="Service", name="redis"),
    ]

    scaled = [str(each) for each in needed(kept, capabilities=[CanScale]) if each.subresource == "scale"]

    assert scaled == ["get replicationcontrollers/scale", "patch replicationcontrollers/scale"]


def test_a_redis_that_is_discovered_is_looked_for_among_services_and_configuration(api):
    api.forbidden = {"list services"}

    with pytest.raises(Unavailable, match="not allowed: list services; bind"):
        must_be_allowed(api, site(discovers=True).permissions("", ()))
    must_be_allowed(api, site().permissions("", ()))


def test_with_the_contexts_name_the_namespace_need_not_be_read():
    asked = site(allowed="prod").permissions(OBJECTS)

    assert not [each for each in asked if each.resource == "namespaces"]


@pytest.mark.parametrize(
    ("labels", "advice"),
    [
        ("", "there are: Service/redis; take another namespace"),
        (', "labels": {"redis-resilience/run": "r9"}', "they are of run r9: wait for its end, or .* heal"),
    ],
)
def test_nothing_is_written_over(programs, labels, advice):
    programs(kubectl=f"cat <<'END'\n{THERE % labels}\nEND")

    with pytest.raises(UsageError, match=advice):
        site().must_be_free(OBJECTS)


def test_a_free_namespace_is_free(programs):
    calls = programs(kubectl="cat > /dev/null")

    site().must_be_free(OBJECTS)

    assert calls() == ["kubectl get --context prod --namespace team --filename - --ignore-not-found --output json"]


def test_nodes_are_locked_unless_a_helper_is_allowed():
    """Nothing privileged is created without the user's consent."""
    assert site(node_helper=True).locked == ""
    with pytest.raises(Unavailable, match=r"expected a way into node n1; .*--redis-node-helper=yes"):
        site().shell("n1")
    assert site().locked == NO_HELPER


def test_a_helper_that_the_namespace_refuses_says_so(programs):
    programs(kubectl="cat > /dev/null; echo 'pods is forbidden: violates PodSecurity \"baseline\"' >&2; exit 1")
    made = site(node_helper=True)

    with pytest.raises(Unavailable, match=r"admit a privileged pod .*pod-security.kubernetes.io/enforce=privileged"):
        made.shell("n1")


def test_a_helper_is_bound_to_its_node_and_carries_the_run():
    pod = json.loads(helper_pod("a.very.long.node.example", image="probe:1", labels={"redis-resilience/run": "r"}))

    assert pod["spec"]["nodeName"] == "a.very.long.node.example"
    assert pod["spec"]["hostPID"]
    assert pod["metadata"] == {
        "name": helper_name("a.very.long.node.example"),
        "labels": {"redis-resilience/run": "r"},
    }


def test_a_probe_has_to_be_where_the_nodes_can_get_it():
    with pytest.raises(Unavailable, match="push it to a registry of yours, and name it with --redis-probe-image"):
        site().probe_image("")


def test_a_kubeconfig_that_is_not_there_is_named(programs):
    programs(kubectl="exit 0")

    with pytest.raises(UsageError, match="expected a kubeconfig at /no/where; there is none; name one with"):
        site(kubeconfig=Path("/no/where")).acquire()


def test_one_kubeconfig_is_meant():
    assert kubeconfig_of({"KUBECONFIG": "/a"}) == Path("/a")
    assert kubeconfig_of({}) == Path.home() / ".kube" / "config"
    with pytest.raises(UsageError, match="KUBECONFIG lists several: /a:/b"):
        kubeconfig_of({"KUBECONFIG": "/a:/b"})
