"""The options of the command that are twins of the pytest plugin's, made from the same table."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from redis_resilience.command.everywhere import option as parameter
from redis_resilience.command.everywhere import widened
from redis_resilience.options import BACKENDS, ISOLATIONS, OPTIONS, Option, flag

OF_A_RUN = ("trials", "results", "seed", "rate", "writers", "wait", "fresh", "allow_unknown")
"""What only a run has, by the names in the settings."""
CHANGES = ("down_after", "directives")
"""What changes a topology for a trial."""
BROUGHT = ("chart", "values", "set", "manifests")
"""What a run deploys of the user's."""
_OF_A_LOGIN = ("user", "password_secret", "password_file", "password_env")
LOGINS = (*_OF_A_LOGIN, *(f"sentinel_{name}" for name in _OF_A_LOGIN))
"""Who may ask servers and Sentinels, by the names in the settings."""
_OF_A_NAMESPACE = ("kubeconfig", "context", "namespace", "attach", "master_name")
_OF_DISCOVERY = (*_OF_A_NAMESPACE, *LOGINS)
NOT_OF_DISCOVERY = tuple(option.field for option in OPTIONS if option.field not in _OF_DISCOVERY)
"""All but what names a namespace, one Redis in it, and who may ask it; by the names in the settings."""
_ALWAYS_REQUIRED = "require"
"""Of the plugin only: what is missing always ends the command."""
_FLAG = re.compile(r"--redis-[a-z-]+(=yes\b|=)?")


def twin(option: Option) -> str:
    """--kind-cluster of --redis-kind-cluster; the program keeps its name, --redis-server."""
    return option.flag if option.field == "server" else option.flag.replace("--redis-", "--", 1)


def takes(*left_out: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let the command take every option of the plugin, but those that are left out by their names in the settings.

    The command reads what was given by `given`.
    """
    wanted = [option for option in OPTIONS if option.field not in (*left_out, _ALWAYS_REQUIRED)]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        return widened(command, [_parameter(option) for option in wanted])

    return decorate


def given(called: typer.Context) -> dict[str, str]:
    """What stands on the command line of those options that the plugin has, too, by their names there."""
    words = {True: "yes", False: "no"}
    chosen = {
        option.name: words.get(called.params[option.name], called.params[option.name])
        for option in OPTIONS
        if called.params.get(option.name) is not None
    }
    # Of the two backends that take a chart or manifests, the one that harms nothing.
    on_kind = {"redis_backend": "kind"} if chosen.get("redis_chart") or chosen.get("redis_manifests") else {}
    return {**on_kind, **chosen}


def words_of(option: Option, text: str) -> tuple[str, ...]:
    """The option and its value as they are typed."""
    if option.parse is not flag:
        return twin(option), text
    return (twin(option),) if flag(text) else (f"--no-{twin(option).removeprefix('--')}",)


def in_commands_words(text: str) -> str:
    """A message with the command's options in place of the plugin's: "--context X" for "--redis-context=X"."""
    twins = {option.flag: twin(option) for option in OPTIONS}
    flags = {option.flag for option in OPTIONS if option.parse is flag}

    def put(found: re.Match[str]) -> str:
        name, _, value = found[0].partition("=")
        if name not in twins:
            return found[0]
        return twins[name] + ("" if name in flags or not found[1] else f" {value}")

    return _FLAG.sub(put, text)


def _topologies() -> list[str]:
    from redis_resilience.topologies.catalogue import names  # noqa: PLC0415 - completion alone needs it

    return list(names())


COMPLETES: Mapping[str, Callable[[], list[str]]] = {
    "redis_backend": lambda: list(BACKENDS),
    "redis_isolation": lambda: list(ISOLATIONS),
    "redis_profile": lambda: ["documented", "fast", "rapid"],
    "redis_topology": _topologies,
}
"""What a shell may complete an option's value to."""


def _parameter(option: Option) -> inspect.Parameter:
    shown = f" (default: {option.default})" if option.default else ""
    word = twin(option)
    if option.parse is flag:
        told: Any = typer.Option(f"{word}/--no-{word.removeprefix('--')}", help=option.help, show_default=False)
        annotation: Any = Annotated[bool | None, told]
    else:
        told = typer.Option(
            word,
            metavar=option.metavar or "TEXT",
            help=option.help + shown,
            show_default=False,
            autocompletion=COMPLETES.get(option.name),
        )
        annotation = Annotated[str | None, told]
    return parameter(option.name, annotation)
