"""A document as readable PyTorch: one class for each block, one for the network. No torch here."""

from __future__ import annotations

from netloom.compile.classes import SHARE_FUNCTION, ClassMaker, GeneratedClass
from netloom.compile.layout import STEP, assignment, signature
from netloom.compile.plan import plan_network
from netloom.compile.setup import TIE_FUNCTION, groups_function
from netloom.graph.document import Document

_SHARE_PARAMETERS = f'''def {SHARE_FUNCTION}(repeats: nn.Sequential) -> nn.Sequential:
    """Let every repeat hold the parameters of the first; buffers stay its own."""
    first, *others = repeats
    for other in others:
        for path, parameter in list(first.named_parameters(remove_duplicate=False)):
            owner, _, name = path.rpartition(".")
            setattr(other.get_submodule(owner), name, parameter)
    return repeats
'''

_TIE_PARAMETERS = f'''def {TIE_FUNCTION}(owner: nn.Module, *users: nn.Module) -> None:
    """Let modules hold the parameters of another; buffers stay their own."""
    for user in users:
        for path, parameter in list(owner.named_parameters(remove_duplicate=False)):
            holder, _, name = path.rpartition(".")
            setattr(user.get_submodule(holder), name, parameter)
'''


def generate_source(document: Document) -> str:
    """Return the source of a module that computes what `build_module` computes, to the bit.

    The text depends on the graph alone, reads as `ruff format` writes it, needs only torch (it
    carries the classes that torch lacks) and the packages whose layers it uses, and its state dict
    has the keys of the compiled module. The class is named after the graph; where a name cannot be
    used as it is, the nearest one that can.

    Raises:
        CompileError: The network has errors; they are listed.
    """
    maker = ClassMaker(document.graph)
    network = plan_network(document)
    classes = maker.make_all(network)
    imports = "".join(f"import {name}\n" for name in sorted(["torch", *maker.imports]))
    parts = [f"{imports}from torch import nn\n"]
    if maker.uses_sharing:
        parts.append(_SHARE_PARAMETERS)
    if maker.uses_ties:
        parts.append(_TIE_PARAMETERS)
    parts += [own.text for own in maker.own_classes]
    parts += [_class_text(made) for made in classes]
    if (groups := groups_function(network)) is not None:
        parts.append(groups)
    return "\n\n".join(parts)


def class_blocks(document: Document) -> dict[str, str | None]:
    """Return which block each class of the generated source is of; None is the network.

    Raises:
        CompileError: The network has errors.
    """
    maker = ClassMaker(document.graph)
    maker.make_blocks(plan_network(document))
    return maker.block_of_class


def _class_text(made: GeneratedClass) -> str:
    parameters = [f"{item.name}: {item.annotation()}" for item in made.parameters]
    lines = [f"class {made.name}(nn.Module):", *made.docstring]
    lines += signature("__init__", parameters, "None", STEP)
    lines.append(f"{' ' * 2 * STEP}super().__init__()")
    for name, constructor in made.modules:
        lines += assignment(f"self.{name}", constructor, 2 * STEP)
    lines += [*made.setup, "", *made.forward]
    return "\n".join(lines) + "\n"
