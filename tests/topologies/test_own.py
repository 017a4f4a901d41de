"""A topology of a user's own: what a file may contain, and the errors for one that is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from redis_resilience.deployments.kube.objects.manifests import overlay_of
from redis_resilience.model.errors import UsageError
from redis_resilience.topologies.catalogue import SIDECAR, topology
from redis_resilience.topologies.topology import Boot, Topology, Volume

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "five-sentinels.yaml"
GOOD = """
service: redis
master_name: m
quorum: 2
parallel_syncs: 1
boot: first
volume: emptyDir
pods: [{name: a}, {name: b}, {name: c}]
profiles: [{name: fast, down_after_ms: 1000, failover_timeout_ms: 3000}]
"""


def load(folder: Path, text: str, name: str = "mine.yaml") -> Topology:
    (folder / name).write_text(text)
    return topology(str(folder / name))


def test_a_file_is_a_topology_under_its_own_name(tmp_path):
    """Name, document and summary may be left out; containers are those of the catalogue's pods."""
    mine = load(tmp_path, GOOD)

    assert (mine.name, mine.boot, mine.volume) == ("mine", Boot.FIRST, Volume.EMPTY_DIR)
    assert mine.document == str(tmp_path / "mine.yaml")
    assert mine.pods[1].containers == ("redis", "sentinel")
    assert mine.profile("fast").failover_timeout_ms == 3000


def test_directives_are_words_as_redis_reads_them(tmp_path):
    """`yes` is no truth value, a number no number; one that is repeated is a list."""
    mine = load(tmp_path, GOOD + 'redis_config: {appendonly: yes, maxmemory: 100, save: ["900 1", "300 10"]}\n')

    assert mine.redis_config == (("appendonly", "yes"), ("maxmemory", "100"), ("save", "900 1"), ("save", "300 10"))


def test_whatever_a_topology_can_say_a_file_can(tmp_path):
    """Every field of the dataclasses is a key, also one that was added after this loader was written."""
    mine = load(
        tmp_path,
        GOOD.replace("{name: a}", "{name: a, boot: master, controller: {kind: StatefulSet, name: s}}")
        + "password: true\nweaknesses: [none]\n",
    )

    assert mine.boot_of("a") is Boot.MASTER
    assert mine.pods[0].controller is not None
    assert mine.pods[0].controller.name == "s"
    assert mine.password
    assert mine.weaknesses == ("none",)


@pytest.mark.parametrize(
    ("spares", "message"),
    [(3, "spares: expected 0 to 2, less than the servers; got 3"), (2, "shards: expected 1 to 1, .*; got 2")],
)
def test_nodes_that_stand_by_are_no_masters(tmp_path, spares, message):
    profiles = "profiles: [{name: fast, node_timeout_ms: 1000}]\n"
    text = (
        GOOD.split("profiles:", maxsplit=1)[0].replace("quorum: 2", f"shards: 2\nspares: {spares}\nsystem: cluster")
        + profiles
    )

    with pytest.raises(UsageError, match=message):
        load(tmp_path, text)


def test_manifests_are_beside_the_file(tmp_path):
    """A folder of the user's takes the place of this project's."""
    overlay = tmp_path / "k8s" / "overlays" / "fast"
    overlay.mkdir(parents=True)
    (overlay / "kustomization.yaml").touch()
    mine = load(tmp_path, GOOD + "manifests: k8s\n")

    assert overlay_of(Path("/nowhere"), mine, mine.profile("fast")) == overlay


def test_a_variable_of_a_python_file_is_one_too(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from dataclasses import replace\nfrom redis_resilience.topologies.catalogue import SIDECAR\n"
        "PATIENT = replace(SIDECAR, name='patient', quorum=3, manifests='k8s')\nNOT = 1\n"
    )

    assert topology(f"{path}:PATIENT") == replace(SIDECAR, name="patient", quorum=3, manifests=str(tmp_path / "k8s"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine.py", r"expected .*mine.py:NAME with the name of a Topology in it \(MINE\); got no name"),
        ("mine.py:MIN", r"\(MINE\); got 'MIN'; did you mean MINE\?"),
        ("mine.py:OTHER", r"\(MINE\); got 'OTHER'$"),
        ("broken.py:MINE", r"expected .*broken.py to be run; got ZeroDivisionError: division by zero"),
        ("none.py:MINE", r"expected a topology in .*none.py; there is no such file"),
    ],
)
def test_a_wrong_variable_is_answered_with_the_right_ones(tmp_path, name, message):
    (tmp_path / "mine.py").write_text("from redis_resilience.topologies.catalogue import SIDECAR as MINE\nOTHER = 1\n")
    (tmp_path / "broken.py").write_text("1 / 0\n")

    with pytest.raises(UsageError, match=message):
        topology(str(tmp_path / name))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            ("quorum: 2", "qourum: 2"),
            r"mine.yaml: qourum: expected a key of: name, .*; got 'qourum'; did you mean quorum\?",
        ),
        (("service: redis\n", ""), r"mine.yaml: service: expected this key; it is missing"),
        (("1000,", "0,"), r"mine.yaml: profiles\[0\].down_after_ms: expected 1 ms or more; got 0"),
        (("quorum: 2\n", ""), r"mine.yaml: quorum: expected 1 to 3, the number of Sentinels; got 0"),
        (("quorum: 2", "quorum: two"), r"mine.yaml: quorum: expected `int`; got 'two'"),
        (("quorum: 2", "quorum: 4"), r"mine.yaml: quorum: expected 1 to 3, the number of Sentinels; got 4"),
        (
            ("boot: first", "boot: frist"),
            r"mine.yaml: boot: expected one of: .*first.*; got 'frist'; did you mean first\?",
        ),
        (("1000,", "soon,"), r"mine.yaml: profiles\[0\].down_after_ms: expected `int`; got 'soon'"),
        (("quorum: 2", "quorum: 2\nchanged: {save: x}"), r"mine.yaml: changed: expected a key of: name, "),
        (("{name: b}", "b"), r"mine.yaml: pods\[1\]: expected a mapping; got 'b'"),
        (("{name: b}", "{nme: b}"), r"mine.yaml: pods\[1\].nme: expected a key of: name, .*did you mean name\?"),
        (
            ("{name: b}", "{name: a}"),
            r"mine.yaml: pods: expected one or more, each with a name of its own; got a, a, c",
        ),
        (
            ("{name: b}", "{name: b, containers: [sentinell]}"),
            r"containers of pod b: .*'sentinell'; did you mean sentinel",
        ),
        (("[{name: a}, {name: b}, {name: c}]", "3"), r"mine.yaml: pods: expected a list; got '3'"),
        (("service: redis", "service: [redis]"), r"mine.yaml: service: expected `str`; got a list of 1"),
        (
            ("volume: emptyDir", "volume: emptyDir\nredis_config: {save: {a: b}}"),
            r"redis_config.save: expected a text or",
        ),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_a_wrong_file_is_told_where_and_what(tmp_path, changes, message):
    with pytest.raises(UsageError, match=message):
        load(tmp_path, GOOD.replace(*changes))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\n", r"expected YAML in .*mine.yaml; got none at line 2"),
        ("- a\n", r"expected keys of a topology in .*mine.yaml; got a list of 1"),
        ("", r"expected keys of a topology in .*mine.yaml; got nothing"),
    ],
)
def test_what_is_no_mapping_is_said(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        load(tmp_path, text)


def test_the_documented_example_is_one():
    example = topology(str(EXAMPLE))

    assert sum("sentinel" in pod.containers for pod in example.pods) == 5
    assert example.quorum == 3


@pytest.mark.local
def test_the_documented_example_survives_its_master(pytester: pytest.Pytester):
    """The whole way: --redis-topology with a path, real processes, a kill, a verdict."""
    pytester.makepyfile(
        test_mine="""
        from redis_resilience import MASTER, kill


        def test_killed_master_is_replaced(trial):
            trial.inject(kill(MASTER))
            outcome = trial.run()
            assert outcome.failover.new_master == "cache-1", outcome.explain()
            assert len(outcome.environment.sentinels) == 5
        """
    )

    result = pytester.runpytest_subprocess(
        f"--redis-topology={EXAMPLE}", "--redis-allow-unknown=yes", "--redis-require=yes", "-p", "no:cacheprovider"
    )

    result.assert_outcomes(passed=1)
