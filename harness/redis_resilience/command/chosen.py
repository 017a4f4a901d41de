"""Options as they were given to the command, as values; without what only a run needs: `discover` should be quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from redis_resilience.command.twins import twin
from redis_resilience.model.errors import UsageError
from redis_resilience.options import OPTIONS, choose
from redis_resilience.trials.settings import Settings
from redis_resilience.trials.settings import settings as made

T = TypeVar("T")


def settings_from(chosen: Mapping[str, str]) -> Settings:
    """What was given to the command, over the environment, over the defaults; raises UsageError for a wrong value."""
    values = values_of(chosen)
    return made(values, results=values["redis_results"])


def values_of(chosen: Mapping[str, str]) -> dict[str, Any]:
    """By the names of the options."""
    return {
        option.name: parsed(twin(option), option.value, choose(option, chosen.get(option.name), "").text)
        for option in OPTIONS
    }


def parsed(flag: str, parse: Callable[[str], T], text: str) -> T:
    """Raises UsageError that begins with the flag."""
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{flag}: {error}") from error
