"""The probe's image is named for its sources and built only where it is missing."""

from __future__ import annotations

import shutil

import pytest

from redis_resilience.deployments.kube.objects import image
from redis_resilience.model.errors import Unavailable

PACKAGE = "harness/redis_resilience"


@pytest.fixture
def project(tmp_path, monkeypatch):
    for folder in ("model", "probe"):
        (tmp_path / "project" / PACKAGE / folder).mkdir(parents=True)
    package = (f"{PACKAGE}/{name}" for name in ("__init__.py", "py.typed", "probe/load.py"))
    for file in ("Dockerfile", "pyproject.toml", *package):
        (tmp_path / "project" / file).write_text(file)
    monkeypatch.setattr(image, "BUILD_CONTEXT", tmp_path / "project")
    return tmp_path / "project"


def test_another_source_is_another_image(project):
    """A probe must never speak an older protocol than its harness; compiled files do not matter."""
    before = image.probe_tag(project)
    (project / f"{PACKAGE}/probe/load.pyc").write_text("compiled")
    same = image.probe_tag(project)
    (project / f"{PACKAGE}/probe/load.py").write_text("changed")

    assert same == before
    assert image.probe_tag(project) != before
    assert before.startswith("redis-resilience-probe:0.")


@pytest.mark.usefixtures("project")
def test_it_is_built_where_it_is_missing(programs, monkeypatch):
    """With the host's network, and with pip's variables."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://mirror")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    calls = programs(docker="exit 0")

    tag = image.probe_image()

    build = "docker build --quiet --network host --build-arg PIP_INDEX_URL --target probe --tag"
    assert calls()[-1].startswith(f"{build} {tag} /")


def test_an_installed_package_is_its_own_source(project):
    """It carries the Dockerfile and what that reads, not a second copy of its modules."""
    shutil.rmtree(project / "harness")

    names = set(image._sources(project))

    assert {"Dockerfile", "pyproject.toml", f"{PACKAGE}/__init__.py", f"{PACKAGE}/probe/__main__.py"} <= names
    assert not any("trials" in name for name in names)


def test_it_is_not_built_again(project, programs):
    calls = programs(docker="echo 0123456789ab")

    assert image.probe_image() == image.probe_tag(project)
    assert [call for call in calls() if "build" in call] == []


@pytest.mark.usefixtures("project")
def test_a_named_image_is_taken_as_it_is(programs):
    programs(docker="echo 0123456789ab")

    assert image.probe_image("mine:1") == "mine:1"


def test_without_a_checkout_there_is_nothing_to_build_from(project):
    (project / "Dockerfile").unlink()

    with pytest.raises(Unavailable, match=r"expected this project's Dockerfile .* --redis-probe-image"):
        image.probe_image()
