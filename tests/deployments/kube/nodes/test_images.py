"""An image that a node has, in the same version, is not loaded into it again."""

from __future__ import annotations

import json

import pytest

from redis_resilience.deployments.kube.nodes.images import absent

LISTED = """REF TYPE DIGEST SIZE PLATFORMS LABELS
docker.io/library/redis:8.0 application/vnd.docker.distribution.manifest.v2+json sha256:m8 275.0 MiB linux/amd64 x
docker.io/oliver006/exporter:v1 application/vnd.oci.image.index.v1+json sha256:i1 9.0 MiB linux/amd64 x
docker.io/library/own:latest application/vnd.docker.distribution.manifest.v2+json sha256:m9 9.0 MiB linux/amd64 x
docker.io/library/lost:1 application/vnd.docker.distribution.manifest.v2+json sha256:gone 9.0 MiB linux/amd64 x
registry.test:5000/cache:2 application/vnd.docker.distribution.manifest.v2+json sha256:m8 9.0 MiB linux/amd64 x
"""
DOCKER = """
case "$*" in
    *"images list") cat <<'END'
{listed}END
    ;;
    *"content get sha256:gone") echo "not found" >&2; exit 1 ;;
    *"content get sha256:m8") echo '{m8}' ;;
    *"content get "*) echo '{{}}' ;;
    "inspect "*oliver006*) echo sha256:i1 ;;
    "inspect "*own*) echo sha256:newer ;;
    "inspect "*) echo sha256:c8 ;;
esac
"""


@pytest.mark.parametrize(
    ("image", "there"),
    [
        ("redis:8.0", True),
        ("registry.test:5000/cache:2", True),
        ("oliver006/exporter:v1", True),
        ("own", False),
        ("lost:1", False),
        ("redis:7.0", False),
    ],
    ids=["by configuration", "registry", "by its own digest", "another version", "content gone", "not listed"],
)
def test_an_image_is_known_by_its_digest(programs, image, there):
    """Of its configuration, or its own: which one Docker names depends on how it stores images."""
    programs(docker=DOCKER.format(listed=LISTED, m8=json.dumps({"config": {"digest": "sha256:c8"}})))

    assert absent([image], "node") == (() if there else (image,))
