"""Random networks that are valid: layers picked one by one, each fitting what there is."""

from __future__ import annotations

from hypothesis import strategies as st

from netloom.graph.document import Document, Node
from tests.netloom.compile.networks import image, network, node, residual_block, wide

_NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True)
_SAME_SHAPE = ("ReLU", "LeakyReLU", "GELU", "SiLU", "Sigmoid", "Tanh", "Dropout", "LayerNorm")


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Draw a network of images with branches, combinations, blocks and long names."""
    nodes: dict[str, Node] = {"in": image(draw(st.integers(1, 3)), 8, name="picture")}
    connections: list[str] = []
    tensors = ["in"]  # All of 8 x 8 positions.
    taken = {"picture", "result"}

    def fresh_name() -> str:
        from netloom.graph.names import unique_name

        name = unique_name(draw(_NAMES), taken)
        taken.add(name)
        return name

    for index in range(draw(st.integers(1, 7))):
        node_id = f"n{index}"
        kind = draw(st.sampled_from(["same", "conv", "bn", "combine", "block"]))
        source = draw(st.sampled_from(tensors[-3:]))
        if kind == "same":
            nodes[node_id] = node(draw(st.sampled_from(_SAME_SHAPE)), fresh_name())
            connections.append(f"{source}>{node_id}")
        elif kind == "conv":
            kernel = draw(st.sampled_from([1, 3]))
            nodes[node_id] = node(
                "Conv2d", fresh_name(), out_channels=draw(st.integers(1, 4)), kernel_size=kernel,
                padding=kernel // 2, bias=draw(st.booleans()),
            )  # fmt: skip
            connections.append(f"{source}>{node_id}")
        elif kind == "bn":
            nodes[node_id] = node("BatchNorm2d", fresh_name())
            connections.append(f"{source}>{node_id}")
        elif kind == "combine":
            count = draw(st.integers(2, 5))
            picked = [draw(st.sampled_from(tensors)) for _ in range(count)]
            nodes[node_id] = node("Concatenate", fresh_name(), num_inputs=count)
            connections += [f"{p}>{node_id}.input_{i}" for i, p in enumerate(picked, start=1)]
        else:
            channels = draw(st.integers(1, 4))
            nodes[node_id] = node(
                "Block", fresh_name(), block="res", overrides=wide(channels),
            )  # fmt: skip
            connections.append(f"{source}>{node_id}.x")
            node_id = f"{node_id}.y"
        tensors.append(node_id)
    nodes["out"] = node("Output", "result")
    return network(
        nodes, *connections, f"{tensors[-1]}>out", blocks={"res": residual_block()},
        name=draw(st.sampled_from(["Net", "my net", "Residual", "résumé"])),
    )  # fmt: skip
