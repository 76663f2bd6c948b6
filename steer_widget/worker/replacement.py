"""A faster forward in the place of a module's own; the module, its name and its hooks stay where they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from torch import nn


class Replacement(Protocol):
    """What computes the forward of some modules of a model."""

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The modules whose forward it takes over."""

    def install(self) -> None:
        """Takes over."""

    def remove(self) -> None:
        """Leaves the modules as they were."""


class ModuleReplacement(ABC):
    """Takes over the forward of one module; subclasses say what it is.

    Args:
        module: its own forward stays at hand as `plain`.
    """

    def __init__(self, module: nn.Module) -> None:
        self.modules = (module,)
        self.plain = module.forward

    def install(self) -> None:
        """See `Replacement.install`."""
        self.modules[0].forward = self.forward

    def remove(self) -> None:
        """See `Replacement.remove`."""
        del self.modules[0].forward

    @abstractmethod
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The same as the module's own forward."""


def hook_tables(modules: Iterable[nn.Module]) -> tuple[Mapping[int, Any], ...]:
    """Where torch keeps the modules' forward hooks: `any` of them filled means that the modules have to be called."""
    return tuple(table for m in modules for table in (m._forward_hooks, m._forward_pre_hooks))  # noqa: SLF001


def is_own_forward(module: nn.Module) -> bool:
    """Whether the module computes its class's forward: nobody wrapped or replaced it."""
    return "forward" not in vars(module)
