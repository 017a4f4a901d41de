"""The probe's image: built from this project's Dockerfile when the one for exactly these sources is not there yet.

Its tag carries a digest of what goes into it, so that a probe never speaks an older protocol than its harness.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import redis_resilience
from redis_resilience.deployments.kube.tools import has_image, must_have_image, run
from redis_resilience.model.errors import Unavailable
from redis_resilience.shipped import BUILD_CONTEXT

REPOSITORY = "redis-resilience-probe"
_PACKAGES = ("model", "probe")
_BUILT_WITHIN_S = 600.0
# What pip goes by where packages come from somewhere else; docker takes their values from the environment itself.
_PASSED_ON = ("PIP_INDEX_URL", "PIP_FIND_LINKS")


def probe_tag(project: Path) -> str:
    """The image's name for these sources."""
    digest = hashlib.sha256()
    for name, source in _sources(project).items():
        digest.update(f"{name}\0".encode())
        digest.update(source.read_bytes())
    return f"{REPOSITORY}:{redis_resilience.__version__}-{digest.hexdigest()[:12]}"


def probe_image(named: str = "") -> str:
    """The image to use: `named` as it is, or this project's own, built where it is missing.

    Raises Unavailable where this machine has neither the image nor what it is built from.
    """
    if named:
        must_have_image(named)
        return named
    project = BUILD_CONTEXT
    if not (project / "Dockerfile").exists():
        raise Unavailable(
            f"expected this project's Dockerfile in {project} to build the probe's image from; there is none; "
            "install the package again, or name a built image with --redis-probe-image"
        )
    tag = probe_tag(project)
    if not has_image(tag):
        arguments = [word for name in _PASSED_ON if name in os.environ for word in ("--build-arg", name)]
        with tempfile.TemporaryDirectory(prefix=f"{REPOSITORY}-") as context:
            for name, source in _sources(project).items():
                (Path(context) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, Path(context) / name)
            run(
                "docker",
                "build",
                "--quiet",
                "--network",
                "host",
                *arguments,
                "--target",
                "probe",
                "--tag",
                tag,
                context,
                within_s=_BUILT_WITHIN_S,
            )
    return tag


def _sources(project: Path) -> dict[str, Path]:
    """Everything that the image is built from, by its name in the build. An installed package is its own source."""
    package = project / "harness" / "redis_resilience"
    if not package.is_dir():
        package = Path(redis_resilience.__file__).resolve().parent
    found = {name: project / name for name in ("Dockerfile", "pyproject.toml")}
    sources = [package / "__init__.py", package / "py.typed"]
    for part in _PACKAGES:
        sources += sorted((package / part).rglob("*.py"))
    return found | {f"harness/redis_resilience/{source.relative_to(package)}": source for source in sources}
