"""Objects that only name what would have to be read: how to get there, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redis_resilience.lint.manifests.tree import Tree

_VALUES_OF = (
    ("bitnami/redis-cluster", {"cluster", "existingSecret", "usePassword"}),
    ("dandydev/redis-ha", {"haproxy", "sentinel", "redis"}),
    ("groundhog2k/redis", {"haMode"}),
    ("bitnami/redis", {"master", "replica"}),
    ("bitnami/redis", {"architecture"}),
    ("bitnami/redis", {"sentinel", "auth"}),
)
"""Keys that charts' values have, the most telling first."""


def ways_there(objects: Iterable[Tree], where: str) -> Iterator[str]:
    """A sentence for each object that names a chart, and for values without one."""
    for each in objects:
        kind, name = each.at("kind").text(), each.at("metadata", "name").text()
        if kind == "HelmRelease":
            chart = each.at("spec", "chart", "spec")
            source = chart.at("sourceRef", "name").text() or each.at("spec", "chartRef", "name").text()
            yield _render(
                f"HelmRelease {name}",
                chart.at("chart").text() or each.at("spec", "chart", "name").text() or source,
                f"URL-OF-{source}" if source else "",
                chart.at("version").text(),
                "spec.values",
            )
        elif kind in ("Application", "ApplicationSet") and each.at("apiVersion").text().startswith("argoproj.io/"):
            spec = each.at("spec") if kind == "Application" else each.at("spec", "template", "spec")
            for each_source in (spec.at("source"), *spec.at("sources").each()):
                yield from _application(f"{kind} {name}", each_source)
        elif not kind and each.items():
            yield _values(each, where)


def _application(what: str, source: Tree) -> Iterator[str]:
    if chart := source.at("chart").text():
        yield _render(what, chart, source.at("repoURL").text(), source.at("targetRevision").text(), "helm.values")
    elif path := source.at("path").text():
        repository = source.at("repoURL").text()
        yield f"{what} names {path} of {repository}: clone that, and give `redis-resilience lint` the folder {path}"


def _render(what: str, chart: str, repository: str, version: str, values: str) -> str:
    at = f" --version '{version}'" if version else ""
    rendered = f"helm template {chart} {chart} --repo {repository or 'URL'}{at} --values values.yaml"
    return (
        f"{what} names the chart {chart}: save its {values} as values.yaml, then `{rendered} | redis-resilience lint -`"
    )


def _values(each: Tree, where: str) -> str:
    keys = {name for name, _ in each.items()}
    chart = next((chart for chart, telling in _VALUES_OF if telling <= keys), "")
    looks = f" (they look like those of {chart})" if chart else ""
    return (
        f"{where} has no kind: values of a chart{looks} are linted with it: "
        f"`helm pull {chart or 'REPOSITORY/CHART'} --untar`, then "
        f"`redis-resilience lint ./{chart.rpartition('/')[2] or 'CHART'} --values {where}`"
    )
