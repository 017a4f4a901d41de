"""A user's own chart or manifests are rendered as they are; what is wrong with them is said before anything runs."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.objects.brought import Brought
from redis_resilience.model.errors import UsageError

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine}\n"


def brought(path, *, is_chart=False):
    return Brought(path=path, is_chart=is_chart)


def test_a_file_and_a_folder_of_files(tmp_path):
    """In the order of their names; what is no YAML is left out."""
    (tmp_path / "b.yaml").write_text(OBJECT.replace("mine", "second"))
    (tmp_path / "a.yml").write_text(OBJECT.replace("mine", "first"))
    (tmp_path / "README.md").write_text("not this")

    assert brought(tmp_path / "b.yaml").render("x") == (tmp_path / "b.yaml").read_text()
    rendered = brought(tmp_path).render("x")
    assert rendered.index("first") < rendered.index("second")
    assert "not this" not in rendered


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected objects in"),
        (OBJECT.replace("{name: mine}", "{name: mine, namespace: prod}"), "got some in: prod"),
        ("just text", "expected Kubernetes objects in"),
        ("kind: [", "expected YAML in"),
    ],
)
def test_what_cannot_be_deployed(tmp_path, text, said):
    """Each with what was expected and where."""
    (tmp_path / "mine.yaml").write_text(text)

    with pytest.raises(UsageError, match=said):
        brought(tmp_path / "mine.yaml").render("x")


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"expected a file or a folder at .*nothing; there is none"):
        brought(tmp_path / "nothing").render("x")


def test_a_folder_that_is_no_chart(tmp_path):
    with pytest.raises(UsageError, match=r"a folder with Chart\.yaml or a \.tgz"):
        brought(tmp_path, is_chart=True).render("x")


def test_a_file_in_another_encoding(tmp_path):
    (tmp_path / "mine.yaml").write_bytes(OBJECT.encode("utf-16"))

    with pytest.raises(UsageError, match="expected a text file in UTF-8"):
        brought(tmp_path / "mine.yaml").render("x")
