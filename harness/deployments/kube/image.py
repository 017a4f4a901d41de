"""The probe's image: built from this project's Dockerfile when the one for exactly these sources is not there yet.

Its tag carries a digest of what goes into it, so that a probe never speaks an older protocol than its harness.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import harness
from harness.deployments.kube.cluster import has_image, must_have_image
from harness.deployments.kube.tools import run
from harness.model.errors import Unavailable

REPOSITORY = "redis-resilience-probe"
_PACKAGES = ("model", "probe")
_BUILT_WITHIN_S = 600.0
# What pip goes by where packages come from somewhere else; docker takes their values from the environment itself.
_PASSED_ON = ("PIP_INDEX_URL", "PIP_FIND_LINKS")


def project_folder() -> Path:
    """Where the Dockerfile and the manifests are."""
    return Path(harness.__file__).resolve().parent.parent


def probe_tag(project: Path) -> str:
    """The image's name for these sources."""
    sources = [project / "Dockerfile", project / "pyproject.toml", project / "harness" / "__init__.py"]
    for package in _PACKAGES:
        sources += sorted((project / "harness" / package).rglob("*.py"))
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.relative_to(project)}\0".encode())
        digest.update(source.read_bytes())
    return f"{REPOSITORY}:{harness.__version__}-{digest.hexdigest()[:12]}"


def probe_image(named: str = "") -> str:
    """The image to use: `named` as it is, or this project's own, built where it is missing."""
    if named:
        must_have_image(named)
        return named
    project = project_folder()
    if not (project / "Dockerfile").exists():
        raise Unavailable(
            f"expected this project's Dockerfile in {project} to build the probe's image from; there is none; "
            "run from a checkout, or name a built image with --redis-probe-image"
        )
    tag = probe_tag(project)
    if not has_image(tag):
        arguments = [word for name in _PASSED_ON if name in os.environ for word in ("--build-arg", name)]
        run(
            "docker",
            "build",
            "--quiet",
            "--network",
            "host",
            *arguments,
            "--tag",
            tag,
            str(project),
            within_s=_BUILT_WITHIN_S,
        )
    return tag
