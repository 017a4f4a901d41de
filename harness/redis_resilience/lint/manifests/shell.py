"""Shell scripts as text: variables that are literal, commands, and which of them are run at every start.

A script is not run. What stands under a condition, or in a function that is called under one or from nowhere in the
script, may be run or not.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

_VARIABLE = re.compile(r"\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)")
_ASSIGNED = re.compile(
    r"^\s*(?:export\s+|local\s+|readonly\s+)?([A-Za-z_]\w*)="
    r"(\"[^\"$`]*(?:\$\w+[^\"$`]*|\$\{[^}]*\}[^\"$`]*)*\"|'[^']*'|(?:\$\{[^}]*\}|[^\s;\"'`()])*)\s*$"
)
_FUNCTION = re.compile(r"^(?:function\s+)?([A-Za-z_][\w-]*)\s*\(\s*\)\s*(\{?)\s*(.*)$")
_FOUND = re.compile(
    r"\"?\$\(\s*(?:command\s+-v|which)\s+([\w.-]+)(?:\s*\|\|\s*(?:command\s+-v|which)\s+[\w.-]+)*\s*\)\"?"
)
"""Where a program is searched for under several names: the first one is run."""
_HERE = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?")
_ARM = re.compile(r"^\(?(?:[^()\s\"']|\"[^\"]*\"|'[^']*')*(?:\s*\|\s*[^()\s]+)*\)\s*(.*)$")
_TESTS = ("[", "[[", "test", "!", "grep")
_OPENS = {"if": "if", "case": "case", "for": "loop", "while": "loop", "until": "loop"}
_CLOSES = {"fi": "if", "esac": "case", "done": "loop"}
_BETWEEN = ("then", "else", "elif", "do")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A command of a script, or a line of a text in it. sure: whether it is run at every start. function: that it
    stands in. conditions: that it stands under, the nearest last; "! " before one that is not met.
    """

    text: str
    sure: bool
    function: str = ""
    conditions: tuple[str, ...] = ()


def expand(text: str, variables: Mapping[str, str]) -> str:
    """The text with known variables substituted; unknown ones stay as they are."""

    def told(match: re.Match[str]) -> str:
        value = variables.get(match[1] or match[3])
        return (match[2] or match[0]) if value is None else value

    for _ in range(4):  # a variable may hold another
        if (after := _VARIABLE.sub(told, text)) == text:
            break
        text = after
    return text


def code(script: str) -> str:
    """A script without its comments, continued lines joined."""
    lines = _FOUND.sub(r"\1", script.replace("\\\n", " ")).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def words(line: str) -> tuple[str, ...]:
    """The words of a shell line, as far as it can be split."""
    try:
        return tuple(shlex.split(line, comments=True))
    except ValueError:
        return tuple(word.strip("\"'") for word in line.split())


def assigned(script: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that a script sets to something literal, beside those that it is given.

    One that it sets to several things is not known.
    """
    found = dict(variables)
    own: dict[str, str] = {}
    for line in code(script).splitlines():
        if match := _ASSIGNED.match(line):
            name, value = match[1], expand(match[2].strip("\"'"), found)
            if own.get(name, value) != value:
                value = f"${name}"
            own[name] = found[name] = value
    return {name: value for name, value in found.items() if value != f"${name}"}


def lines(script: str) -> tuple[Line, ...]:
    """The commands of a script, in order."""
    found = _Reader().read(script)
    called = _called(found)
    return tuple(replace(line, sure=line.sure and (not line.function or line.function in called)) for line in found)


def said(line: str, variables: Mapping[str, str]) -> tuple[str, ...]:
    """The lines that an echo or a printf writes; none where it is neither."""
    told = list(words(expand(line, variables)))
    while told[:1] == ["{"]:
        told.pop(0)
    if told[:1] not in (["echo"], ["printf"]):
        return ()
    end = next((number for number, word in enumerate(told) if word.startswith((">", "|", "&", "2>"))), len(told))
    arguments = [word for word in told[1:end] if word not in ("-e", "-n", "-en", "-ne", "--", "}")]
    if told[0] == "printf" and arguments:
        text, rest = arguments[0], arguments[1:]
        for each in rest:
            text = text.replace("%s", each, 1) if "%s" in text else f"{text}{arguments[0].replace('%s', each, 1)}"
    else:
        text = " ".join(arguments)
    return tuple(text.replace("\\n", "\n").replace("\\t", " ").splitlines())


def _called(found: list[Line]) -> set[str]:
    """The functions that are called at every start."""
    names = {line.function for line in found if line.function}
    called: set[str] = set()
    grown = True
    while grown:
        run = " ; ".join(line.text for line in found if line.sure and (not line.function or line.function in called))
        now = {name for name in names if re.search(rf"(?<![\w.$/-]){re.escape(name)}(?![\w.=-])", run)}
        grown = not now <= called
        called |= now
    return called


class _Reader:
    """Follows a script's blocks."""

    def __init__(self) -> None:
        self._blocks: list[tuple[str, str]] = []
        self._found: list[Line] = []

    def read(self, script: str) -> list[Line]:
        ends = ""
        for raw in code(script).splitlines():
            if ends:
                if raw.strip() == ends:
                    ends = ""
                else:
                    self._add(raw)
                continue
            for piece in _pieces(raw):
                self._take(piece.strip())
            here = _HERE.search(raw)
            ends = here[1] if here and "<<<" not in raw else ""
        if any(kind in ("if", "case") for kind, _ in self._blocks):  # not understood: nothing is sure
            return [replace(line, sure=False) for line in self._found]
        return self._found

    def _take(self, piece: str) -> None:  # noqa: C901 - one branch for each word of the shell's grammar
        if not piece:
            return
        first, _, rest = piece.partition(" ")
        if first in _BETWEEN:
            self._turn(first, rest)
            if first != "elif":
                self._take(rest.strip())
        elif first in _CLOSES:
            self._close(_CLOSES[first])
        elif first == "case":
            self._blocks.append(("case", ""))
            self._take(rest.partition(" in ")[2].strip() if " in " in rest else "")
        elif first in _OPENS:
            self._add(rest)
            self._blocks.append((_OPENS[first], rest.strip()))
        elif first == "{":
            if not (self._blocks and self._blocks[-1] == ("function", "{")):
                self._blocks.append(("{", ""))
            self._take(rest.strip())
        elif first == "}":
            self._close("{", "function")
        elif self._blocks and self._blocks[-1][0] == "case" and (arm := _ARM.match(piece)):
            self._take(arm[1].strip())
        elif match := _FUNCTION.match(piece):
            self._blocks.append(("function", match[1]))
            self._take(match[3].strip())
        else:
            self._command(piece)

    def _command(self, piece: str) -> None:
        head, operator, tail = _condition(piece)
        self._add(head)
        if operator:
            self._blocks.append(("if", head.strip() if operator == "&&" else f"! {head.strip()}"))
            self._take(tail.strip())
            self._close("if")

    def _turn(self, word: str, rest: str) -> None:
        """The other side of the nearest test."""
        for position in range(len(self._blocks) - 1, -1, -1):
            kind, condition = self._blocks[position]
            if kind == "if" and word in ("else", "elif"):
                self._blocks[position] = (kind, rest.strip() if word == "elif" else f"! {condition}")
                return

    def _close(self, *kinds: str) -> None:
        for position in range(len(self._blocks) - 1, -1, -1):
            if self._blocks[position][0] in kinds:
                del self._blocks[position]
                return

    def _add(self, text: str) -> None:
        if not text.strip():
            return
        function, inside = "", self._blocks
        for position, (kind, name) in enumerate(self._blocks):
            if kind == "function":
                function, inside = name, self._blocks[position + 1 :]
        conditions = tuple(condition for kind, condition in inside if kind in ("if", "case"))
        self._found.append(Line(text=text.strip(), sure=not conditions, function=function, conditions=conditions))


def _condition(piece: str) -> tuple[str, str, str]:
    """A test, && or ||, and what follows; what follows a command that is no test and has to succeed is part of it."""
    operators = r"\s(&&|\|\|)\s" if piece.partition(" ")[0] in _TESTS else r"\s(\|\|)\s"
    match = re.search(operators, piece)
    return (piece[: match.start()], match[1], piece[match.end() :]) if match else (piece, "", "")


def _pieces(line: str) -> Iterator[str]:
    """A line's commands, separated at semicolons outside quotes."""
    quote, piece = "", ""
    for letter in line:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == ";":
            yield piece
            piece = ""
            continue
        piece += letter
    yield piece
