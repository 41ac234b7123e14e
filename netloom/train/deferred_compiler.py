"""Start training without loading torch's compiler.

Optimisers and process groups import `torch._dynamo`, which takes three seconds and 200 MB, to call
a few of its functions that do nothing outside of a compilation. A placeholder answers these;
whoever asks it for anything else (`torch.compile`, say) gets the real package from then on.
See pytorch/pytorch, torch/optim/optimizer.py (`_use_grad_for_differentiable`),
torch/distributed/distributed_c10d.py (`init_process_group`) and torch/nn/parallel/distributed.py.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch

_NAME = "torch._dynamo"


class _DeferredPart:
    """Stands in for one module of the package: a few answers, the real module for the rest."""

    def __init__(self, name: str, answers: dict[str, Callable[[], Any]]) -> None:
        self._name = name
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        if name in self._answers:
            return self._answers[name]
        return getattr(getattr(_load(), self._name), name)


class _DeferredCompiler(ModuleType):
    """Stands in for `torch._dynamo` until more than these few functions is needed."""

    trace_rules = _DeferredPart("trace_rules", {"clear_lru_cache": lambda: None})
    utils = _DeferredPart("utils", {"get_optimize_ddp_mode": lambda: "ddp_optimizer"})

    @staticmethod
    def graph_break(msg: str = "") -> None:
        """Do nothing: there is no graph to break."""

    @staticmethod
    def disable(fn: Any = None, *_args: Any, **_options: Any) -> Any:
        """Return the function as it is: there is nothing to disable."""
        return fn if fn is not None else lambda function: function  # pyright: ignore[reportUnknownLambdaType, reportUnknownVariableType]

    def __getattr__(self, name: str) -> Any:
        if name in _IMPORT_PROBES:
            raise AttributeError(name)
        return getattr(_load(), name)


_IMPORT_PROBES = frozenset({"__spec__", "__file__", "__loader__", "__warningregistry__"})
"""Asked of every module by the import system and by `inspect`; not worth loading anything."""


def defer_compiler() -> None:
    """Put the placeholder in, unless the compiler is loaded already."""
    if _NAME not in sys.modules:
        placeholder = _DeferredCompiler(_NAME)
        sys.modules[_NAME] = placeholder
        torch.__dict__["_dynamo"] = placeholder


def _load() -> ModuleType:
    if isinstance(sys.modules.get(_NAME), _DeferredCompiler):
        del sys.modules[_NAME]
        torch.__dict__["_dynamo"] = importlib.import_module(_NAME)
    return sys.modules[_NAME]
