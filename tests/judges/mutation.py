"""Mistakes made on purpose: a judge's source with one edit in it, and whether a check notices.

A mutant is one edit of one judge's source. The package is loaded again with the edit, beside the real one, and the
check that is to notice it, the fastest of those that do, runs against that copy.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import redis_resilience.judges.judge  # all of them are loaded by it, whichever test is run first
from redis_resilience.model.verdict import Finding, Judgement, Verdict

Edit = tuple[str, str, str]
"""A judge's module, what is in its source, and what is put there instead."""
Judge = Callable[[Any], Judgement]
SOURCES = Path(redis_resilience.judges.__file__).parent
UNCHANGED: Edit = ("none", "", "")


@cache
def _compiled(path: Path) -> CodeType:
    return compile(path.read_bytes(), path, "exec", dont_inherit=True)


class _Edited(importlib.machinery.SourceFileLoader):
    """Loads a judge from its file, with the edit applied if it is the one to be edited."""

    edit = UNCHANGED

    def get_code(self, fullname: str) -> CodeType:
        path = Path(self.get_filename(fullname))
        name, old, new = self.edit
        if path.stem != name:
            return _compiled(path)
        source = path.read_text()
        assert old in source, f"{name}.py no longer contains {old!r}: write the mutant anew"
        return compile(source.replace(old, new, 1), path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, edit: Edit) -> None:
        self.loader = type("Loader", (_Edited,), {"edit": edit})

    def find_spec(self, fullname: str, *_: Any) -> Any:
        if not fullname.startswith("redis_resilience.judges."):
            return None
        path = SOURCES.joinpath(*fullname.split(".")[2:])
        package = path.is_dir()
        file = path / "__init__.py" if package else path.with_suffix(".py")
        return importlib.util.spec_from_loader(fullname, self.loader(fullname, str(file)), is_package=package)


def load(edit: Edit) -> Judge:
    """`judge` of a copy of the package with that edit."""
    names = [name for name in sys.modules if name.startswith("redis_resilience.judges.")]
    kept: dict[str, ModuleType] = {name: sys.modules.pop(name) for name in names}
    for name in _direct(names):
        # Else `from redis_resilience.judges import ...` finds the real one.
        delattr(redis_resilience.judges, name.rpartition(".")[2])
    finder = _Finder(edit)
    sys.meta_path.insert(0, finder)
    try:
        judge: Judge = importlib.import_module("redis_resilience.judges.judge").judge
    finally:
        sys.meta_path.remove(finder)
        copies = [name for name in sys.modules if name.startswith("redis_resilience.judges.")]
        for name in copies:
            del sys.modules[name]
        for name in _direct(copies):
            delattr(redis_resilience.judges, name.rpartition(".")[2])
        sys.modules.update(kept)
        for name in _direct(kept):
            setattr(redis_resilience.judges, name.rpartition(".")[2], kept[name])
    return judge


def _direct(names: Iterable[str]) -> list[str]:
    """Those that are attributes of the package itself."""
    return [name for name in names if name.rpartition(".")[0] == "redis_resilience.judges"]


def is_noticed(edit: Edit, check: Callable[..., None], *stories: Any) -> bool:
    """Whether that check, which is given the judge and these stories, fails."""
    judge = load(edit)
    try:
        check(judge, *stories)
    except Exception:  # noqa: BLE001 - whatever breaks, the mutant was noticed
        return True
    return False


def label(edit: Edit) -> str:
    module, old, new = edit
    return f"{module}: {old[:40]!r} > {new[:40]!r}"


def finding(judgement: Judgement, name: str) -> Finding:
    return {each.name: each for each in (*judgement.assumptions, *judgement.findings)}[name]


def seen(judgement: Judgement, name: str) -> Verdict:
    return finding(judgement, name).verdict


def ms(judgement: Judgement, name: str) -> float | None:
    return judgement.timeline.ms(name)
