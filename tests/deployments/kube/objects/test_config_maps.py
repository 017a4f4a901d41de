"""A trial's settings that differ from the manifests reach its servers and Sentinels."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from redis_resilience.deployments.kube.objects import config_maps
from redis_resilience.deployments.kube.objects.manifests import overlay_of
from redis_resilience.model.errors import Unavailable
from redis_resilience.topologies.catalogue import topology

SIDECAR = topology("sidecar")
FAST = SIDECAR.profile("fast")
OBJECTS = """apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  DOWN_AFTER_MS: "1000"
  redis.conf: |
    appendonly yes
  sentinel.conf: |
    sentinel monitor mymaster 10.0.0.1 6379 2
    sentinel down-after-milliseconds mymaster 1000
---
apiVersion: v1
kind: Service
metadata:
  name: redis.conf
spec:
  clusterIP: None
"""


def put(own, profile=FAST):
    first, second = yaml.safe_load_all(config_maps.put(OBJECTS, own, profile))
    assert second == list(yaml.safe_load_all(OBJECTS))[1]
    return first["data"]


def test_nothing_set_is_nothing_changed():
    assert config_maps.put(OBJECTS, SIDECAR, FAST) == OBJECTS


def test_directives_come_last_in_every_servers_file():
    data = put(SIDECAR.with_config(("appendonly", "no"), ("save", '""')))

    assert data["redis.conf"] == 'appendonly yes\n\nappendonly no\nsave ""\n'
    assert "appendonly" not in data["sentinel.conf"]
    assert data["DOWN_AFTER_MS"] == "1000"


def test_another_d_is_in_the_sentinels_file_and_among_the_values():
    data = put(SIDECAR, FAST.with_dead_after(8000).with_dead_after(3000))

    assert data["sentinel.conf"].endswith("sentinel down-after-milliseconds mymaster 3000\n")
    assert data["DOWN_AFTER_MS"] == "3000"
    assert data["redis.conf"] == "appendonly yes\n"


def test_a_clusters_node_timeout_is_a_directive():
    cluster = topology("cluster")

    assert put(cluster, cluster.profile("fast").with_dead_after(2000))["redis.conf"].endswith(
        "\ncluster-node-timeout 2000\n"
    )


@pytest.mark.parametrize("own", [(SIDECAR.with_config(("save", "")), FAST), (SIDECAR, FAST.with_dead_after(3000))])
def test_where_there_is_no_place_for_it_it_is_refused(own):
    with pytest.raises(Unavailable, match=r"expected a ConfigMap of topology sidecar .*; there is none; .*=local"):
        config_maps.put(OBJECTS.partition("---\n")[2], *own)


def test_a_chart_has_values_of_its_own():
    helm = topology("helm")
    profile = helm.profile("fast").with_dead_after(3000)

    with pytest.raises(Unavailable, match="expected topology helm with the values of its chart"):
        overlay_of(Path("manifests"), helm, profile)
