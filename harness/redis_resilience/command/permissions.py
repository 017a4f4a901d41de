"""`redis-resilience permissions`: what the cluster must allow for a run of a scenario, without asking it."""

from __future__ import annotations

from collections.abc import Sequence

from redis_resilience.command.previewing import in_nodes, objects_of, plan_of
from redis_resilience.command.scenarios import Scenario
from redis_resilience.deployments.kube.context import ContextSite
from redis_resilience.deployments.kube.interface import Permission
from redis_resilience.deployments.kube.objects.manifests import objects_in
from redis_resilience.deployments.kube.permissions import needed
from redis_resilience.deployments.kube.role import role
from redis_resilience.deployments.kube.tools import Place, must_have
from redis_resilience.faults.perform import needs
from redis_resilience.model.errors import UsageError
from redis_resilience.model.plan import Plan
from redis_resilience.trials.discovered import attachment_in
from redis_resilience.trials.keeper import context_of, keys_of
from redis_resilience.trials.settings import AUTO, Settings

FORMATS = ("text", "rbac")
_NAME = "redis-resilience"


def permissions(scenario: Scenario, settings: Settings, form: str) -> str:
    """In the namespace of the settings. A Redis that is to be discovered is: its Secrets have to be read.

    Raises UsageError without a namespace, and where nothing or several are discovered.
    """
    if not settings.namespace:
        raise UsageError("expected a namespace for the permissions; got none; name it with --redis-namespace")
    must_have("kubectl")
    plan = plan_of(scenario, settings)
    found = needed(
        objects_in(objects_of(settings)),
        capabilities={each for fault in plan.all_faults for each in needs(fault)},
        secrets=_secrets(settings),
        namespace="" if settings.allow_context else settings.namespace,
        discovers=settings.discovers,
    )
    return _as_role(found, plan, settings) if form == "rbac" else "\n".join(map(str, found))


def _secrets(settings: Settings) -> tuple[str, ...]:
    if settings.attach != AUTO or settings.brings:  # what is brought has its own Secrets among its objects
        return keys_of(settings).secrets
    cluster = ContextSite(context_of(settings), run_id="permissions").acquire()
    place = Place(kubeconfig=cluster.kubeconfig, context=cluster.context, namespace=settings.namespace)
    return attachment_in(settings, place).keys.secrets


def _as_role(found: Sequence[Permission], plan: Plan, settings: Settings) -> str:
    bound = f"--role={_NAME} --serviceaccount={settings.namespace}:ACCOUNT --namespace={settings.namespace}"
    comments = [
        f"# What `redis-resilience run {plan.scenario}` needs in namespace {settings.namespace}. To bind it:",
        f"# kubectl create rolebinding {_NAME} {bound}",
    ]
    barred = sorted({fault.kind for fault in plan.all_faults if in_nodes(fault)})
    if barred and not settings.node_helper:
        comments.append(f"# Without --node-helper=yes it is skipped: the nodes are entered for {', '.join(barred)}.")
    return "\n".join((*comments, role(found, name=_NAME, namespace=settings.namespace).rstrip()))
