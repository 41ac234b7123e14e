"""Blocks: an instance of a definition, and the ports inside the definition.

What a block computes is in the document, so the analyzer and the compiler go inside; these
declarations are what palette and forms show.
"""

from __future__ import annotations

from netloom.layers.activation import NoParams
from netloom.layers.base import INPUT, OUTPUT, Constructor, Inference, Inputs, LayerType, Port

BLOCK = "Block"
BLOCK_INPUT = "BlockInput"
BLOCK_OUTPUT = "BlockOutput"


class Block(LayerType[NoParams]):
    type_name = BLOCK
    name_stem = "block"
    title = "Block"
    category = "Blocks"
    summary = "A use of a block: a piece of network that is drawn once and used many times."
    docs = (
        "Ports are the block's own. Repeats apply it several times in sequence, each with its own "
        "weights or all with one set; the output shape must then equal the input shape."
    )
    aliases = ("subgraph", "group", "module", "repeat")
    icon = "box"
    role = "block"
    Params = NoParams

    def infer(self, params: NoParams, inputs: Inputs) -> Inference:
        raise TypeError("a block is inferred by going through its definition")

    def constructor(self, params: NoParams, inputs: Inputs) -> Constructor:
        raise TypeError("a block is built by going through its definition")


class BlockInput(LayerType[NoParams]):
    type_name = BLOCK_INPUT
    name_stem = "input"
    title = "Block input"
    category = "Blocks"
    summary = "Where a tensor enters a block; its name is the port's name."
    docs = "What arrives here is what an instance of the block is connected to."
    aliases = ("port", "entry")
    icon = "login"
    role = "block_input"
    Params = NoParams

    def input_ports(self, params: NoParams) -> tuple[Port, ...]:
        return ()

    def output_ports(self, params: NoParams) -> tuple[Port, ...]:
        return (OUTPUT,)

    def infer(self, params: NoParams, inputs: Inputs) -> Inference:
        raise TypeError("a block input has the shape its instance receives")

    def constructor(self, params: NoParams, inputs: Inputs) -> Constructor:
        return Constructor("nn.Identity")


class BlockOutput(LayerType[NoParams]):
    type_name = BLOCK_OUTPUT
    name_stem = "output"
    title = "Block output"
    category = "Blocks"
    summary = "Where a tensor leaves a block; its name is the port's name."
    docs = "What is connected here is what an instance of the block gives."
    aliases = ("port", "exit", "result")
    icon = "logout"
    role = "block_output"
    has_own_activation = False
    Params = NoParams

    def input_ports(self, params: NoParams) -> tuple[Port, ...]:
        return (INPUT,)

    def output_ports(self, params: NoParams) -> tuple[Port, ...]:
        return ()

    def infer(self, params: NoParams, inputs: Inputs) -> Inference:
        return Inference({"output": inputs["input"]})

    def constructor(self, params: NoParams, inputs: Inputs) -> Constructor:
        return Constructor("nn.Identity")


LAYERS = (Block(), BlockInput(), BlockOutput())
