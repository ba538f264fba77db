"""Planting a bug: one function, with one piece of its source replaced."""

import inspect
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest


def plant(patch: pytest.MonkeyPatch, owner: Any, name: str, old: str, new: str) -> None:
    """Replace `old`, which occurs once in the function, by `new`, wherever it is imported."""
    function = getattr(owner, name)
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{name} has {source.count(old)} times {old!r}"
    module = sys.modules[function.__module__]
    namespace = dict(vars(module))
    exec(compile(source.replace(old, new), f"<mutant of {name}>", "exec"), namespace)  # noqa: S102
    mutant = namespace[name]
    patch.setattr(owner, name, mutant)
    if inspect.ismodule(owner):
        for other in list(sys.modules.values()):
            if other is not owner and getattr(other, name, None) is function:
                patch.setattr(other, name, mutant)


@dataclass(frozen=True)
class FunctionBug:
    """One piece of a function, which occurs once, replaced."""

    name: str
    owner: Any
    function: str
    old: str
    new: str

    @contextmanager
    def planted(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            plant(patch, self.owner, self.function, self.old, self.new)
            yield
