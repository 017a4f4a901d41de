"""A campaign file is read with every mistake named, before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.campaigns.campaign_file import cells_of, common_options, read_campaign
from redis_resilience.command.scenarios import scenario
from redis_resilience.model.errors import UsageError
from redis_resilience.shipped import SCENARIOS


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "nightly.yaml"
        path.write_text(text)
        return path

    return write


def test_the_cells_are_all_combinations_named_after_what_differs(written) -> None:
    campaign = read_campaign(
        written(
            "scenarios: [master-kill, replica-kill]\ntopologies: [sidecar]\nprofiles: [rapid, fast]\n"
            "directives: [{}, {appendonly: yes, appendfsync: always}]\ntrials: 3\n"
        )
    )
    cells = cells_of(campaign)

    assert campaign.name == "nightly"
    assert [cell.name for cell in cells[:4]] == [
        "master-kill-rapid",
        "master-kill-rapid-appendonly-yes-appendfsync-always",
        "master-kill-fast",
        "master-kill-fast-appendonly-yes-appendfsync-always",
    ]
    assert len({cell.name for cell in cells}) == len(cells) == 8
    assert cells[1].options == {
        "redis_topology": "sidecar",
        "redis_profile": "rapid",
        "redis_directives": "appendonly=yes,appendfsync=always",
    }
    assert [cell.variant for cell in cells[:2]] == ["", "appendonly=yes,appendfsync=always"]


def test_how_many_replicas_are_waited_for_is_in_the_name(written) -> None:
    """A bare number would not say what it is. A trial's record names it anyway: it is no variant."""
    cells = cells_of(read_campaign(written("scenarios: [master-kill]\nwaits: [0, 1]\n")))

    assert [(cell.name, cell.variant) for cell in cells] == [
        ("master-kill-wait-0", ""),
        ("master-kill-wait-1", ""),
    ]
    assert cells[1].options == {"redis_wait": "1"}


@pytest.mark.parametrize(("name", "faults"), [("durability", 5), ("durability-throughput", 1)])
def test_the_shipped_campaigns_are_every_combination_of_the_settings(name: str, faults: int) -> None:
    """Of four kinds of persistence, two of min-replicas-to-write, WAIT or none; all cells have names of their own."""
    campaign = read_campaign(SCENARIOS / f"{name}.yaml")
    cells = cells_of(campaign)

    settings = {(cell.options["redis_directives"], cell.options["redis_wait"]) for cell in cells}
    assert len(settings) == 4 * 2 * 2
    assert len({cell.name for cell in cells}) == len(cells) == faults * len(settings)
    assert not any(cell.name.endswith("-c1") for cell in cells)
    assert all(scenario(name) for name in campaign.scenarios)
    assert common_options(campaign.options)


def test_cells_of_the_same_name_are_numbered(written) -> None:
    cells = cells_of(read_campaign(written("scenarios: [master-kill]\nimages: ['r/a:7', 'r-a-7']\n")))

    assert [cell.name for cell in cells] == ["master-kill-r-a-7-c1", "master-kill-r-a-7-c2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scenario: [master-kill]", "got 'scenario'; did you mean 'scenarios'?"),
        ("scenarios: master-kill", r"Expected `array`, got `str` - at `$.scenarios`"),
        ("scenarios: [1]", r"Expected `str`, got `int` - at `$.scenarios[0]`"),
        ("scenarios: []", "expected one scenario or more"),
        ("scenarios: [master-kill]\ntrials: 0", "trials of 1 or more; got 0"),
        ("scenarios: [master-kill]\nname: a/b", "expected a name of letters"),
        ("- master-kill", "expected an object with name, scenarios"),
        ("scenarios: [", "it cannot be read"),
        ("a: " + 3000 * "[" + 3000 * "]", "it cannot be read"),
        ("\0", "got a binary file"),
        ("{}", "missing required field `scenarios`"),
    ],
)
def test_a_mistake_is_named_with_its_place(written, text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_campaign(written(text))

    assert said in str(raised.value)
    assert "nightly.yaml" in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory"):
        read_campaign(tmp_path / "none.yaml")


def test_options_are_those_of_run() -> None:
    assert common_options({"backend": "kind", "kind-cluster": "ci", "rate": 500, "fresh": True}) == {
        "redis_backend": "kind",
        "redis_kind_cluster": "ci",
        "redis_rate": "500",
        "redis_fresh": "yes",
    }
    with pytest.raises(UsageError, match="got 'kindcluster'; did you mean 'kind-cluster'"):
        common_options({"kindcluster": "ci"})
    with pytest.raises(UsageError, match="got 'profile'"):
        common_options({"profile": "rapid"})
