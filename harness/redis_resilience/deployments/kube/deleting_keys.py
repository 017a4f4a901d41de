"""The keys of a killed trial on a Redis that is its user's, deleted by a probe that attaches as the trial did."""

from __future__ import annotations

from pathlib import Path

from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.attached import AttachedDeployment
from redis_resilience.deployments.kube.context import Context, ContextSite
from redis_resilience.deployments.undo import DeleteKeys
from redis_resilience.model.errors import DeploymentError


def delete_keys(undo: DeleteKeys, *, journal: Journal) -> str:
    """Those that the trial wrote itself, as their values prove; returns how many. journal: keeps how the probe goes.

    Raises DeploymentError where a server, which may be the master, is not reached; UsageError where it is not there.
    """
    where = undo.where
    context = Context(
        name=where.context,
        namespace=where.namespace,
        kubeconfig=Path(where.kubeconfig),
        allowed=where.context,  # the trial was
        secrets=undo.attachment.keys.secrets,
    )
    run_id = f"{journal.run}-keys-{undo.trial}"
    with AttachedDeployment(
        lambda _: undo.attachment,
        site=ContextSite(context, run_id=run_id),
        journal=journal,
        namespace=where.namespace,
        run_id=run_id,
        probe_image=undo.probe_image,
    ) as attached:
        attached.probe.watch(
            servers=attached.servers(),
            sentinels=attached.sentinels(),
            master_name=attached.topology.master_name,
            access=attached.access,
        )
        swept = attached.probe.sweep(undo.trial)
    if swept.unreachable or not swept.masters:
        raise DeploymentError(
            f"expected to delete {undo}; {swept.masters} masters gave them up, not reached: "
            f"{swept.unreachable or 'none'}; start the servers and heal again"
        )
    kept = f"; {swept.left} of these names have other values and are left" if swept.left else ""
    return f"{undo} are deleted: {swept.deleted}{kept}"
