"""What a layer type declares. Palette, form, analysis, compiler and code derive from it.

A declaration imports no torch; only `make_module` does, when it is called. Costs follow one
convention: a multiply and an add are two FLOPs, counted for one sample (B = 1, T = 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeAlias, TypeVar

from netloom.graph.diagnostics import DiagnosticCode
from netloom.graph.document import ParamValue
from netloom.layers.params import LayerParams
from netloom.layers.reach import EVERYTHING, SAME_POSITION, Reach
from netloom.layers.shapes import Shape
from netloom.layers.sizes import Size

if TYPE_CHECKING:
    from pydantic import BaseModel
    from torch import nn

    from netloom.layers.operators.ports import PortRule

P = TypeVar("P", bound=LayerParams)

Category = Literal[
    "Input and output",
    "Convolution",
    "Linear",
    "Embedding",
    "Recurrent",
    "Attention",
    "Detection",
    "Pooling",
    "Normalization",
    "Activation",
    "Regularization",
    "Shape",
    "Combine",
    "Operators",
    "Blocks",
]
_CATEGORIES_WITH_WEIGHTS: frozenset[Category] = frozenset(
    {
        "Convolution",
        "Linear",
        "Embedding",
        "Recurrent",
        "Attention",
        "Detection",
        "Normalization",
    }
)
_CATEGORIES_OF_POSITIONS: frozenset[Category] = frozenset(
    {
        "Input and output",
        "Linear",
        "Embedding",
        "Activation",
        "Regularization",
        "Combine",
        "Blocks",
    }
)
"""Layers here look at each position on its own, unless they declare another reach."""
_CATEGORIES_WITHOUT_BACKWARD: frozenset[Category] = frozenset({"Input and output", "Shape"})
Keeps = Literal["input", "output", "nothing"]
Role = Literal["layer", "input", "output", "block", "block_input", "block_output", "placeholder"]
Inputs: TypeAlias = Mapping[str, Shape]
Argument: TypeAlias = "int | float | bool | str | tuple[int, ...] | list[int] | list[float] | None"


@dataclass(frozen=True, slots=True)
class Port:
    """A named place where a tensor enters or leaves a node.

    Attributes:
        param: Name of a yes-or-no parameter; the port is only there while it is on.
        takes_integers: Tokens or indices arrive here, rather than the numbers of a signal.
        takes_mask: A padding mask arrives here.
        takes_any: Numbers, whole numbers and masks alike may arrive; the layer looks for itself.
    """

    name: str
    title: str
    param: str | None = None
    takes_integers: bool = False
    takes_mask: bool = False
    takes_any: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a layer that is one of several: its arguments, and the ports it has."""

    summary: str
    arguments: type[BaseModel]
    inputs: Sequence[PortRule]
    outputs: Sequence[PortRule]


INPUT = Port("input", "Input")
OUTPUT = Port("output", "Output")


@dataclass(frozen=True, slots=True)
class SetParams:
    """Suggestion: give the node other parameters (None returns one to its default)."""

    label: str
    values: Mapping[str, ParamValue]


@dataclass(frozen=True, slots=True)
class InsertBefore:
    """Suggestion: insert a layer on the edge that arrives at `port`."""

    label: str
    type_name: str
    port: str = "input"
    params: Mapping[str, ParamValue] = field(default_factory=dict[str, ParamValue])


@dataclass(frozen=True, slots=True)
class RemoveSelf:
    """Suggestion: take the node out and join its neighbours."""

    label: str


Suggestion: TypeAlias = SetParams | InsertBefore | RemoveSelf


@dataclass(frozen=True, slots=True)
class ShapeProblem:
    """Why a layer cannot work on what it receives, in axis words, and what would help."""

    message: str
    code: DiagnosticCode = DiagnosticCode.SHAPE_MISMATCH
    port: str | None = None
    param: str | None = None
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Inference:
    """What follows from a layer's parameters and the shapes it receives.

    Attributes:
        outputs: Shape by output port.
        inferred: Values nobody has to type, e.g. `{"in_channels": 16}`.
        parameters: Shape of each learnable tensor by its name in the module.
        buffers: Shape of each tensor that is saved but not learned.
        flops: Floating-point operations of one sample.
        macs: Multiply-adds among them, those of weights and of products of matrices; None is half
            the FLOPs of a layer that has weight matrices, and none of another.
    """

    outputs: Mapping[str, Shape]
    inferred: Mapping[str, ParamValue] = field(default_factory=dict[str, ParamValue])
    parameters: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    buffers: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    flops: Size = 0
    macs: Size | None = None


@dataclass(frozen=True, slots=True)
class Constructor:
    """A call that makes the module: `nn.Conv2d(3, 16, kernel_size=3, padding=1)`.

    Attributes:
        target: Class under `torch.nn`, written `nn.Conv2d`; one of `netloom.layers.modules`,
            written without a dot, whose text generated source then carries; or one of an installed
            package, written with its module, `acme.nn.Swish`, which generated source imports.
        args: Positional arguments.
        kwargs: Keyword arguments; those equal to torch's default are left out.
    """

    target: str
    args: tuple[Argument, ...] = ()
    kwargs: Mapping[str, Argument] = field(default_factory=dict[str, "Argument"])

    def __str__(self) -> str:
        words = [argument_text(value) for value in self.args]
        words += [f"{name}={argument_text(value)}" for name, value in self.kwargs.items()]
        return f"{self.target}({', '.join(words)})"


def argument_text(value: Argument) -> str:
    """Return a value as Python source; `(3, 3)` becomes `3`, which torch reads alike."""
    if isinstance(value, tuple) and len(value) in (2, 3) and len(set(value)) == 1:
        return repr(value[0])
    return repr(value)


class LayerType(Generic[P]):
    """One kind of layer. Subclasses are registered as a single instance; they hold no state.

    Attributes:
        type_name: Name in documents; torch's class name where torch has one.
        name_stem: What a new node is called before a number is added, e.g. `conv`.
        aliases: Other words a person may search for.
        icon: Icon of the Tabler set by its web name, e.g. `grid-dots`.
        has_own_activation: Its output takes memory of its own, rather than being a view.
        decides_by_numbers: What comes next follows from the numbers that arrive, so
            that exporters of PyTorch cannot record it.
        has_weights: Whether the form offers how weights start and learn; None goes by the category.
        keeps_for_backward: Which tensors at its ports training must hold until the backward pass;
            None goes by the category: nothing for a change of shape, else what arrives.
        variadic_param: The parameter that says how many ports `input_1`, `input_2`... there are.
        variadic_inputs: What those inputs are called in place of `input`: title by the name before
            the number; each number has all of them.
        fixed_inputs: Ports behind those inputs that are there once.
        variadic_outputs: Ports that are there once for each of those inputs, as `class_1`, `box_1`,
            `class_2`...: title by the name before the number.
        inferred: Title of each value that `infer` finds, by name.
        operators: For a layer that is one of several operations: the ports of each, by the value of
            its parameter `op`; arguments are the JSON of its parameter `arguments`.
        names_ports: Parameters in which inputs and outputs are named, with commas between.
        examples: Shapes by input port that a check of the layer begins with, for layers that accept
            none of the usual ones.
        inputs: The ports to be connected, in the order the module takes them.
        outputs: The ports that give a tensor, in the order the module returns them.
    """

    type_name: ClassVar[str]
    name_stem: ClassVar[str]
    title: ClassVar[str]
    category: ClassVar[Category]
    summary: ClassVar[str]
    docs: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    icon: ClassVar[str] = "square"
    role: ClassVar[Role] = "layer"
    operators: ClassVar[Mapping[str, Operation]] = {}
    names_ports: ClassVar[tuple[str, str] | None] = None
    has_own_activation: ClassVar[bool] = True
    decides_by_numbers: ClassVar[bool] = False
    has_weights: ClassVar[bool | None] = None
    keeps_for_backward: ClassVar[Keeps | None] = None
    variadic_param: ClassVar[str | None] = None
    variadic_inputs: ClassVar[Mapping[str, str]] = {}
    fixed_inputs: ClassVar[tuple[Port, ...]] = ()
    variadic_outputs: ClassVar[Mapping[str, str]] = {}
    inferred: ClassVar[Mapping[str, str]] = {}
    examples: ClassVar[tuple[Inputs, ...]] = ()
    inputs: ClassVar[tuple[Port, ...]] = (INPUT,)
    outputs: ClassVar[tuple[Port, ...]] = (OUTPUT,)
    Params: type[P]

    @property
    def takes_learning(self) -> bool:
        """Whether the form offers how weights start and learn."""
        usual = self.category in _CATEGORIES_WITH_WEIGHTS
        return self.role == "layer" and (usual if self.has_weights is None else self.has_weights)

    @property
    def keeps(self) -> Keeps:
        """Which tensors at its ports training must hold until the backward pass."""
        if self.keeps_for_backward is not None:
            return self.keeps_for_backward
        return "nothing" if self.category in _CATEGORIES_WITHOUT_BACKWARD else "input"

    def kept_inside(self, params: P, inputs: Inputs) -> Size:
        """Return how many numbers of one sample training holds beside the tensors at the ports."""
        return 0

    def reach(self, params: P, inputs: Inputs) -> Reach:
        """Return what one output position sees of inputs that `infer` accepts.

        Without a declaration layers that move no positions see their own, all others everything:
        a claim that is never too small.
        """
        return SAME_POSITION if self.category in _CATEGORIES_OF_POSITIONS else EVERYTHING

    def input_ports(self, params: P) -> Sequence[Port]:
        """Return the input ports that there are with these parameters."""
        return _ports_that_are_on(self.inputs, params)

    def output_ports(self, params: P) -> Sequence[Port]:
        """Return the output ports that there are with these parameters."""
        return _ports_that_are_on(self.outputs, params)

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        """Return what follows from complete inputs, or why nothing can.

        Args:
            inputs: A shape for every input port.
        """
        raise NotImplementedError

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        """Return the call that makes the module for inputs that `infer` accepts."""
        raise NotImplementedError

    def make_module(self, params: P, inputs: Inputs) -> nn.Module:
        """Return a new module with torch's default weights; never in-place. Imports torch.

        Its forward takes one tensor per input port and returns one per output port, each in port
        order; several as a tuple.
        """
        from torch import nn

        from netloom.layers import modules

        call = self.constructor(params, inputs)
        place, _, name = call.target.rpartition(".")
        holder = nn if place == "nn" else import_module(place) if place else modules
        return getattr(holder, name)(*call.args, **call.kwargs)

    def source(self, params: P, inputs: Inputs) -> str:
        """Return the constructor expression for readable code, which imports only torch."""
        return str(self.constructor(params, inputs))

    def call_source(self, params: P, inputs: Inputs, arguments: Sequence[str]) -> str | None:
        """Return an expression over `arguments` for layers that need no module, e.g. `a + b`.

        None means that the layer is a module: build it by `source` and call it in `forward`.
        """
        return None


def _ports_that_are_on(ports: tuple[Port, ...], params: LayerParams) -> tuple[Port, ...]:
    return tuple(port for port in ports if port.param is None or getattr(params, port.param))


AnyLayer: TypeAlias = LayerType[LayerParams]
