"""Where an option's value comes from, and which values there are."""

from __future__ import annotations

from dataclasses import fields

import pytest
from typer.main import get_command

from redis_resilience.cli import app
from redis_resilience.command.twins import in_commands_words, twin, words_of
from redis_resilience.options import (
    OPTIONS,
    choose,
    directives,
    flag,
    name_and_key,
    one_of,
    positive_int,
    rate,
    side_by_side,
    whole_number,
)
from redis_resilience.trials.settings import Settings

TRIALS = next(option for option in OPTIONS if option.name == "redis_trials")


@pytest.mark.parametrize(
    ("given", "environ", "ini", "expected"),
    [
        ("4", {"REDIS_RESILIENCE_TRIALS": "3"}, "2", ("4", "option")),
        (None, {"REDIS_RESILIENCE_TRIALS": "3"}, "2", ("3", "environment")),
        (None, {}, "2", ("2", "ini file")),
        (None, {}, "", ("1", "default")),
        ("", {}, "2", ("", "option")),
    ],
)
def test_precedence(given, environ, ini, expected):
    """Command line, environment, ini file, default."""
    chosen = choose(TRIALS, given, ini, environ)

    assert (chosen.text, chosen.source) == expected


def test_names_follow_from_each_other():
    """One name makes option, ini key and variable."""
    assert TRIALS.flag == "--redis-trials"
    assert TRIALS.variable == "REDIS_RESILIENCE_TRIALS"
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)


def test_defaults_are_valid():
    """What was not chosen can be parsed."""
    for option in OPTIONS:
        assert option.default == "" or option.parse(option.default) is not None


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "many"])
def test_a_positive_number_is_one_or_more(text):
    """The message has what was expected and what came."""
    with pytest.raises(ValueError, match=r"expected a whole number of 1 or more; got '"):
        positive_int(text)


@pytest.mark.parametrize("name", ["redis_trials", "redis_writers", "redis_wait", "redis_down_after"])
def test_a_number_that_nobody_could_wait_for_is_an_error(name):
    """It would be taken, and the run would never begin, or never end."""
    option = next(option for option in OPTIONS if option.name == name)
    with pytest.raises(ValueError, match=r"expected a whole number of \d+ or less; got '9{20}'"):
        option.value("9" * 20)
    with pytest.raises(ValueError, match="expected a whole number of 1000 or less; got '9999'"):
        side_by_side("9999")


def test_an_empty_number_is_the_default_and_an_empty_name_is_none():
    """As where a variable of a CI job is empty: the number of trials was no number then."""
    values = {option.name: option.value("") for option in OPTIONS}

    assert (values["redis_trials"], values["redis_rate"], values["redis_writers"]) == (1, 1000.0, 4)
    assert values["redis_topology"] == ""


def test_directives_are_names_with_values():
    """A value may be empty or hold spaces."""
    assert directives("appendonly=yes, save=900 1,Dir=") == {"appendonly": "yes", "save": "900 1", "dir": ""}
    for text in ("appendonly", "=yes", "append only=yes", "a=1,,b=2"):
        with pytest.raises(ValueError, match="expected directives NAME=VALUE, comma-separated"):
            directives(text)


@pytest.mark.parametrize("text", ["-1", "1e6", "nan", "fast"])
def test_a_rate_is_zero_or_more(text):
    """Zero is as fast as it goes."""
    assert rate("0") == 0
    with pytest.raises(ValueError, match="expected operations per second from 0"):
        rate(text)


def test_words():
    """Flags take the usual words, choices only theirs, numbers only digits."""
    assert flag("yes")
    assert not flag("off")
    assert whole_number("0") == 0
    with pytest.raises(ValueError, match="expected yes or no; got 'perhaps'"):
        flag("perhaps")
    with pytest.raises(ValueError, match="expected one of: a, b; got 'c'"):
        one_of("a", "b")("c")
    with pytest.raises(ValueError, match="expected a whole number of 0 or more; got '-1'"):
        whole_number("-1")


def test_a_secret_has_a_name_and_a_key():
    assert name_and_key("redis/password") == ("redis", "password")
    for wrong in ("redis", "/password", "redis/", "a/b/c"):
        with pytest.raises(ValueError, match="expected a Secret and a key in it, NAME/KEY; got"):
            name_and_key(wrong)


def test_every_option_has_its_twin_in_the_command_and_its_place_in_the_settings():
    """Except what only pytest, or only a whole run, can take."""
    known = {word for parameter in get_command(app).commands["run"].params for word in parameter.opts}
    of_a_run = {"trials", "results", "require", "allow_unknown"}

    assert {twin(option) for option in OPTIONS if option.field != "require"} <= known
    assert {option.field for option in OPTIONS} - of_a_run == {each.name for each in fields(Settings)} - {
        "results",
        "worker",
    }


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("name it with --redis-context", "name it with --context"),
        ("use --redis-backend=kind, or", "use --backend kind, or"),
        ("--redis-node-helper=yes", "--node-helper"),
        ("name another with --redis-server", "name another with --redis-server"),
        ("--redis-topology cluster", "--topology cluster"),
        ("--redis-nonsense=1", "--redis-nonsense=1"),
    ],
)
def test_the_command_speaks_of_its_own_options(said, told):
    assert in_commands_words(said) == told


def test_a_flag_is_typed_as_a_flag():
    fresh, topology = (next(each for each in OPTIONS if each.field == name) for name in ("fresh", "topology"))

    assert (words_of(fresh, "yes"), words_of(fresh, "no")) == (("--fresh",), ("--no-fresh",))
    assert words_of(topology, "chart") == ("--topology", "chart")
