"""Names of nodes. A name becomes a module, a variable and a line of code: unchecked it is code."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container, Iterable

MAX_LENGTH = 64
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")

GRAPH_MODULE_NAMES = frozenset(
    """
    T_destination add_module add_submodule apply bfloat16 buffers call_super_init children code
    compile cpu cuda delete_all_unused_submodules delete_submodule double dump_patches eval
    extra_repr float forward get_buffer get_extra_state get_parameter get_submodule graph half ipu
    load_state_dict meta modules mtia named_buffers named_children named_modules named_parameters
    parameters print_readable recompile register_backward_hook register_buffer
    register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state
    set_submodule shape_env share_memory state_dict to to_empty to_folder train training type xpu
    zero_grad
    """.split()  # noqa: SIM905 - sixty quoted words read worse
)
"""Public names of `torch.fx.GraphModule`, frozen so that this needs no torch (a test compares).

Names with a leading underscore are refused altogether: the private ones need no list.
"""

NETWORK_NAMES = frozenset({"netloom_nodes", "netloom_origins"})
"""What a compiled network has beside them, frozen for the same reason (a test compares)."""

CODE_NAMES = frozenset({"self", "torch", "nn"})
"""Names the generated code uses itself."""


def name_problem(name: str) -> str | None:
    """Return why a name cannot be used, as a sentence; None when it can."""
    if not _IDENTIFIER.match(name):
        return "use letters, digits and underscores, and begin with a letter"
    if len(name) > MAX_LENGTH:
        return f"use at most {MAX_LENGTH} characters"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return f"“{name}” is a word of Python itself"
    if name in GRAPH_MODULE_NAMES or name in NETWORK_NAMES or name in CODE_NAMES:
        return f"“{name}” already means something in PyTorch"
    return None


def unique_name(stem: str, taken: Container[str]) -> str:
    """Return `stem`, or `stem_2`, `stem_3`..., whichever is usable and free."""
    if stem not in taken and name_problem(stem) is None:
        return stem
    number = 2
    while True:
        candidate = _numbered(stem, number)
        if candidate not in taken:
            return candidate
        number += 1


class UsedNames:
    """Names of a scope that grows: each stem is counted on from where it was left."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self._last: dict[str, int] = {}

    def give(self, wish: str) -> str:
        """Return a usable, free name that is as close to `wish` as possible, and take it."""
        stem = _repaired_stem(wish)
        name = stem
        number = self._last.get(stem, 1)
        while name in self.taken:
            number += 1
            name = _numbered(stem, number)
        self._last[stem] = number
        self.taken.add(name)
        return name


def repaired_name(name: str, taken: Container[str]) -> str:
    """Return a usable, free name that is as close to `name` as possible."""
    return unique_name(_repaired_stem(name), taken)


def _repaired_stem(name: str) -> str:
    stem = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
    if not stem or not stem[0].isalpha():
        stem = f"layer_{stem}".rstrip("_")
    stem = stem[:MAX_LENGTH]
    if name_problem(stem) is not None:
        stem = f"{stem[: MAX_LENGTH - 6]}_layer"
    return stem


def _numbered(stem: str, number: int) -> str:
    suffix = f"_{number}"
    return stem[: MAX_LENGTH - len(suffix)] + suffix
