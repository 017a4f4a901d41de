"""A topology that is written is the one that is read."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from redis_resilience.topologies.catalogue import names, topology
from redis_resilience.topologies.written import as_yaml


@pytest.mark.parametrize("name", [*names(), "sidecar+mtls+acl", "chart+passwords+ports", "sidecar+apart+ipv6"])
def test_whatever_the_catalogue_has_can_be_written(name, tmp_path):
    """Under the name of its file, with directives of the same name together."""
    known = topology(name)
    (tmp_path / "mine.yaml").write_text(as_yaml(known))

    mine = topology(str(tmp_path / "mine.yaml"))

    assert mine == replace(known, name="mine", redis_config=mine.redis_config)
    assert sorted(mine.redis_config) == sorted(known.redis_config)


def test_a_default_is_not_written_and_a_comment_is_no_content():
    """A long comment goes on in further lines of the same paragraph."""
    known = topology("sidecar")
    text = as_yaml(known, ["Why: and so on.", "", "  " + "word " * 40])

    assert yaml.safe_load(text).keys().isdisjoint({"name", "port", "ipv6", "changed"})
    above = [line for line in text.splitlines() if line.startswith("#")]
    assert above[:2] == ["# Why: and so on.", "#"]
    assert all(line.startswith("#   ") and len(line) <= 120 for line in above[2:])
    assert len(above) == 4
