"""What every subcommand takes and does alike: -q, -v, -h, --version; an output that cannot be written to."""

from __future__ import annotations

import functools
import inspect
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Annotated, Any, TextIO

import typer

from redis_resilience import __version__
from redis_resilience.model.errors import UsageError
from redis_resilience.signals import Stop

_CLOSED_PIPE = 141
"""What shells report of a program that SIGPIPE ended."""


class Detail(IntEnum):
    """QUIET: results and problems only. NORMAL: progress, too. VERBOSE: each phase, and where an error was raised."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


@dataclass(kw_only=True)
class Session:
    """One start of the command: typer's `Context.obj`."""

    stop: Stop = field(default_factory=Stop)
    detail: Detail = Detail.NORMAL


def session_of(called: typer.Context) -> Session:
    """Made where the command was started without one, as by a program that embeds it."""
    return called.ensure_object(Session)


def detail_of(called: typer.Context) -> Detail:
    return session_of(called).detail


class App(typer.Typer):
    """Each of its commands takes what every command takes."""

    def command(self, *args: Any, **kwargs: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:  # type: ignore[override]
        register = super().command(*args, **kwargs)
        return lambda command: register(_everywhere(command))


def show_version(wanted: bool) -> None:  # noqa: FBT001 - the shape that typer calls
    if wanted:
        typer.echo(f"redis-resilience {__version__}")
        raise typer.Exit


def widened(command: Callable[..., None], more: list[inspect.Parameter]) -> Callable[..., None]:
    """A command with these options, too, which typer reads from its signature; the command itself does not get them."""
    own = inspect.signature(command, eval_str=True).parameters.values()

    @functools.wraps(command)
    def wider(**told: object) -> None:
        command(**{parameter.name: told[parameter.name] for parameter in own})

    wider.__signature__ = inspect.Signature([*own, *more])  # type: ignore[attr-defined]
    wider.__annotations__ = {each.name: each.annotation for each in (*own, *more)}
    return wider


def option(name: str, annotation: Any, default: object = None) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _detail(called: typer.Context, parameter: typer.CallbackParam, wanted: bool) -> None:  # noqa: FBT001 - see above
    if wanted:
        session_of(called).detail = {"quiet": Detail.QUIET, "verbose": Detail.VERBOSE}[str(parameter.name)]


def _everywhere(command: Callable[..., None]) -> Callable[..., None]:
    quiet = typer.Option("--quiet", "-q", callback=_detail, help="Results and problems only.")
    verbose = typer.Option("--verbose", "-v", callback=_detail, help="More: each phase; where an error was raised.")
    version = typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")

    @functools.wraps(command)
    def writing(**told: object) -> None:
        try:
            try:
                command(**told)
            finally:
                sys.stdout.flush()
        except BrokenPipeError as error:
            _give_up(sys.stdout)
            raise typer.Exit(_CLOSED_PIPE) from error
        except OSError as error:
            if error.filename:
                raise UsageError(f"expected to use {error.filename}; got: {error.strerror}") from error
            _give_up(sys.stdout)
            raise UsageError(f"expected to write the output; got: {error.strerror or error}") from error

    writing.__signature__ = inspect.signature(command, eval_str=True)  # type: ignore[attr-defined]
    more = [("quiet", quiet), ("verbose", verbose), ("version", version)]
    return widened(writing, [option(name, Annotated[bool, told], default=False) for name, told in more])


def _give_up(stream: TextIO) -> None:
    """Python would flush it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def prepare_streams() -> None:
    """A character that the encoding of stdout or stderr lacks becomes a question mark; a closed one takes all."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def complain(text: str) -> None:
    """A line on stderr; where that takes nothing, the exit code alone tells."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        _give_up(sys.stderr)
