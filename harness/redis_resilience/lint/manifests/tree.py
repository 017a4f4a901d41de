"""YAML of unknown shape, read by path: what is not there, or is something else, is empty."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from redis_resilience.model.errors import UsageError


class Tree:
    """A value of a document. Nothing raises: a manifest with a surprise in it is still read as far as it goes."""

    __slots__ = ("_value",)

    def __init__(self, value: object) -> None:
        self._value = value

    def __bool__(self) -> bool:
        return self._value is not None

    def at(self, *names: str) -> Tree:
        value = self._value
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return Tree(value)

    def each(self) -> tuple[Tree, ...]:
        """The entries of a list."""
        return tuple(Tree(entry) for entry in self._value) if isinstance(self._value, list) else ()

    def items(self) -> tuple[tuple[str, Tree], ...]:
        """The entries of a mapping."""
        if not isinstance(self._value, dict):
            return ()
        return tuple((str(name), Tree(value)) for name, value in self._value.items())

    def texts(self) -> dict[str, str]:
        """A mapping of names to texts, as labels and ConfigMaps are."""
        return {name: value.text() for name, value in self.items()}

    def text(self, default: str = "") -> str:
        if isinstance(self._value, bool):
            return str(self._value).lower()
        return default if self._value is None or isinstance(self._value, (dict, list)) else str(self._value)

    def number(self, default: int) -> int:
        return self._value if isinstance(self._value, int) and not isinstance(self._value, bool) else default


def documents(text: str, where: str) -> Iterator[Tree]:
    """The objects of a stream, those of a List among them; raises UsageError where it is not YAML."""
    try:
        for value in yaml.load_all(text, Loader=yaml.CSafeLoader):
            tree = Tree(value)
            if tree.at("kind").text().endswith("List") and tree.at("items").each():
                yield from tree.at("items").each()
            elif tree:
                yield tree
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        place = f"line {mark.line + 1}" if mark else "it"
        raise UsageError(
            f"expected YAML in {where}; {place} is none; a chart's templates are read with its folder, or rendered by "
            "`helm template` first"
        ) from error
