"""How fast a network is analysed while somebody draws: against torch's own shape propagation.

The peer is `torch.fx.passes.shape_prop.ShapeProp` over the same network on the meta device, which
is what a tool without shape rules of its own has to do. Its time leaves out compiling the network.

Run: python -m bench.analyze
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch.fx.passes.shape_prop import ShapeProp

from netloom.analyze import analyze
from netloom.compile import build_module
from netloom.graph.document import Document, Edge, Endpoint, Graph, Node
from netloom.templates import make_template


def long_chain(num_layers: int) -> Document:
    """A plain network of convolutions, batch norms and activations."""
    kinds = ("Conv2d", "BatchNorm2d", "ReLU")
    nodes = {"in": Node(type="ImageInput", name="image")}
    nodes |= {
        f"n{index}": Node(type=kinds[index % 3], name=f"layer_{index}")
        for index in range(num_layers)
    }
    nodes["out"] = Node(type="Output", name="output")
    ids = list(nodes)
    edges = {
        f"e{index}": Edge(
            source=Endpoint(node=ids[index], port="output"),
            target=Endpoint(node=ids[index + 1], port="input"),
        )
        for index in range(len(ids) - 1)
    }
    return Document(graph=Graph(nodes=nodes, edges=edges))


def fastest_ms(action: Callable[[], object], rounds: int = 5) -> float:
    """Return the best of a few rounds, in milliseconds."""
    times: list[float] = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        times.append((time.perf_counter() - started) * 1000)
    return min(times)


def main() -> None:
    """Print one line for each network."""
    networks = {
        "small_resnet": make_template(
            "small_resnet", channels=3, height=32, width=32, num_classes=10
        ),
        "150 layers": long_chain(150),
        "5,000 layers": long_chain(5000),
    }
    print(f"{'network':<14}{'analyze ms':>12}{'ShapeProp ms':>14}{'ratio':>8}")
    for name, document in networks.items():
        own_ms = fastest_ms(lambda document=document: analyze(document))
        module = build_module(document).eval().to("meta")
        image = torch.empty(1, 3, 32, 32, device="meta")
        with torch.no_grad():
            peer_ms = fastest_ms(
                lambda module=module, image=image: ShapeProp(module).propagate(image), rounds=2
            )
        print(f"{name:<14}{own_ms:>12.1f}{peer_ms:>14.1f}{peer_ms / own_ms:>8.1f}")


if __name__ == "__main__":
    main()
