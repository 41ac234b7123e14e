"""A network as a Jupyter notebook that rebuilds, trains and evaluates it.

It needs torch and torchvision, not Netloom. Images come from a folder of class folders, as most
data sets are handed around; other inputs from arrays in an `.npz` file. Notebook format 4.5:
https://nbformat.readthedocs.io/en/latest/format_description.html
"""

from __future__ import annotations

import json
from typing import cast

from netloom.compile.errors import CompileError
from netloom.compile.plan import plan_network
from netloom.compile.setup import GROUPS_FUNCTION
from netloom.compile.source import generate_source
from netloom.graph.document import Document, Node
from netloom.layers.input_output import ImageInputParams
from netloom.layers.parse import parse_params
from netloom.layers.registry import get_layer
from netloom.layers.shapes import axes_of
from netloom.readback.syntax import parse_file
from netloom.surgery.groups import frozen_groups


class NotebookError(ValueError):
    """There is no notebook for a network.

    Attributes:
        next_step: What to do about it.
    """

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.next_step = next_step


def make_notebook(document: Document) -> str:
    """Return the text of a notebook, the same for the same network.

    Raises:
        NotebookError: The network has errors, or is no classifier with one input.
    """
    try:
        source = generate_source(document)
    except CompileError as error:
        raise NotebookError(str(error), "Mend what the problems list names.") from None
    given, num_classes = _classifier(document)
    class_name = list(parse_file(source)[0].classes)[-1]
    cells = [
        _text(
            f"# {class_name}\n\n"
            "Rebuilds, trains and evaluates the network. It needs `torch`, `torchvision` and what "
            "its first cell imports. Run the cells from top to bottom."
        ),
        _text("## Network"),
        _code(source),
        _text("## Data"),
        *(_image_cells(given) if given.type == "ImageInput" else _array_cells()),
        _code(_CLASS_CHECK % {"num_classes": num_classes}),
        _text("## Training"),
        _code(_training(document, class_name, source)),
        _text("## Evaluation\n\nOn the samples that training did not see."),
        _code(_EVALUATION),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _classifier(document: Document) -> tuple[Node, int]:
    """Return the one input of a classifier, and how many classes it has scores for."""
    nodes = document.graph.nodes
    roles = {key: layer.role for key, node in nodes.items() if (layer := get_layer(node.type))}
    inputs = [node for key, node in nodes.items() if roles.get(key) == "input"]
    outputs = [key for key, role in roles.items() if role == "output"]
    shapes = [port.shape for port in plan_network(document).outputs]
    is_classifier = [axes_of(shape) for shape in shapes] == ["BF"]
    num_classes = shapes[0][-1].size if is_classifier else None
    if len(inputs) != 1 or not isinstance(num_classes, int):
        raise NotebookError(
            "A notebook trains networks with one input and one output of scores (B, F), one for "
            f"each class; this one has {len(inputs)} inputs and {len(outputs)} outputs.",
            "Download the code instead, and train it with a loop of your own.",
        )
    return inputs[0], num_classes


def _training(document: Document, class_name: str, source: str) -> str:
    """Return the cell that trains; with frozen layers it can thaw them group by group."""
    groups = [
        [document.graph.nodes[node_id].name for node_id in group.node_ids]
        for group in frozen_groups(document)
    ]
    has_groups = f"\ndef {GROUPS_FUNCTION}(" in source
    parameters = "network.parameters()"
    if has_groups:
        parameters = f"{GROUPS_FUNCTION}(network, LEARNING_RATE, WEIGHT_DECAY)"
    elif groups:
        parameters = "[each for each in network.parameters() if each.requires_grad]"
    frozen = "".join(f"    {json.dumps(group)},\n" for group in groups)
    return _TRAINING % {
        "class_name": class_name,
        "parameters": parameters,
        "settings": _UNFREEZE_SETTINGS % frozen if groups else "",
        "unfreeze": _UNFREEZE if groups else "",
    }


def _text(text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": "", "metadata": {}, "source": _lines(text)}


def _code(text: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "",
        "metadata": {},
        "outputs": [],
        "source": _lines(text),
    }


def _lines(text: str) -> list[str]:
    return text.strip("\n").splitlines(keepends=True)


def _image_cells(node: Node) -> list[dict[str, object]]:
    layer = get_layer(node.type)
    parsed = None if layer is None else parse_params(layer, node.params).params
    params = cast("ImageInputParams", parsed)
    size = (params.height, params.width)
    resize = {
        "stretch": [f"transforms.Resize({size})"],
        "crop": [f"transforms.Resize({max(size)})", f"transforms.CenterCrop({size})"],
        "pad": ["pad_to_shape", f"transforms.Resize({size})"],
    }[params.resize_policy]
    mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(params.channels)
    if mode is None:
        raise NotebookError(
            f"Image files have 1, 3 or 4 channels; the network takes {params.channels}.",
            "Download the code instead, and feed it from a loader of your own.",
        )
    steps = [
        f'transforms.Lambda(lambda image: image.convert("{mode}"))',
        *resize,
        "transforms.ToTensor()",
        f"transforms.Normalize({list(params.mean)}, {list(params.std)})",
    ]
    helper = _PAD % size if params.resize_policy == "pad" else ""
    return [
        _text(
            "A folder with one folder of images for each class: `data/cat/1.png`, "
            "`data/dog/2.png`... Every fifth image, chosen by a fixed seed, is kept for evaluation."
        ),
        _code(
            _IMAGES % {"helper": helper, "steps": "\n".join(f"        {each}," for each in steps)}
        ),
    ]


def _array_cells() -> list[dict[str, object]]:
    return [
        _text(
            "A file `data.npz` with the arrays `inputs`, one row for each sample in the shape the "
            "network takes, and `labels`, the numbers of the classes. Every fifth sample, chosen "
            "by a fixed seed, is kept for evaluation."
        ),
        _code(_ARRAYS),
    ]


_SPLIT = """
BATCH_SIZE = 32
order = torch.randperm(len(data), generator=torch.Generator().manual_seed(0)).tolist()
num_held = max(1, len(order) // 5)
held, trained = Subset(data, order[:num_held]), Subset(data, order[num_held:])
train_loader = DataLoader(trained, batch_size=BATCH_SIZE, shuffle=True)
held_loader = DataLoader(held, batch_size=BATCH_SIZE)
"""
_PAD = """

def pad_to_shape(image):
    \"\"\"Add black borders until the proportions are those of the network.\"\"\"
    height, width = %s, %s
    wanted_width = max(image.width, -(-image.height * width // height))
    wanted_height = max(image.height, -(-image.width * height // width))
    left, top = (wanted_width - image.width) // 2, (wanted_height - image.height) // 2
    right, bottom = wanted_width - image.width - left, wanted_height - image.height - top
    return transforms.functional.pad(image, [left, top, right, bottom])


"""
_IMAGES = (
    """
from pathlib import Path

from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms
%(helper)s
DATA = Path("data")
transform = transforms.Compose(
    [
%(steps)s
    ]
)
data = datasets.ImageFolder(DATA, transform)
classes = data.classes
"""
    + _SPLIT
    + 'print(f"{len(trained)} images to train on, {len(held)} to evaluate on: {classes}")'
)
_ARRAYS = (
    """
import numpy as np
from torch.utils.data import DataLoader, Subset, TensorDataset

arrays = np.load("data.npz", allow_pickle=False)
inputs, labels = torch.from_numpy(arrays["inputs"]), torch.from_numpy(arrays["labels"]).long()
data = TensorDataset(inputs if inputs.dtype == torch.int64 else inputs.float(), labels)
classes = [str(number) for number in range(int(labels.max()) + 1)]
"""
    + _SPLIT
    + 'print(f"{len(trained)} samples to train on, {len(held)} to evaluate on")'
)
_CLASS_CHECK = """
NUM_CLASSES = %(num_classes)s
if len(classes) > NUM_CLASSES:
    raise ValueError(
        f"The data has {len(classes)} classes, but the network gives {NUM_CLASSES} scores. "
        "Give its last layer as many outputs as there are classes."
    )
"""
_TRAINING = """
EPOCHS = 10
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 1e-2
%(settings)s
torch.manual_seed(0)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
network = %(class_name)s().to(device)
optimizer = torch.optim.AdamW(
    %(parameters)s, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
)
losses = []
for epoch in range(EPOCHS):
    network.train()
%(unfreeze)s    total = 0.0
    for batch, targets in train_loader:
        optimizer.zero_grad()
        logits = network(batch.to(device))
        loss = nn.functional.cross_entropy(logits, targets.to(device))
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    losses.append(total / len(trained))
    print(f"epoch {epoch + 1}: loss {losses[-1]:.4f}")
"""
_UNFREEZE_SETTINGS = """
UNFREEZE_EVERY = 0  # Epochs after which the next frozen group learns too; 0 keeps all frozen.
frozen_groups = [  # From the output backwards.
%s]
"""
_UNFREEZE = """    is_due = UNFREEZE_EVERY > 0 and epoch > 0 and epoch % UNFREEZE_EVERY == 0
    if is_due and frozen_groups:
        for path in frozen_groups.pop(0):
            thawed = [p for p in network.get_submodule(path).parameters() if not p.requires_grad]
            optimizer.add_param_group({"params": thawed})
            for parameter in thawed:
                parameter.requires_grad_(True)
            print(f"{path} unfrozen")
    # What is still frozen keeps its statistics as well.
    for path in [each for group in frozen_groups for each in group]:
        for module in network.get_submodule(path).modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
"""
_EVALUATION = """
network.eval()
num_right = 0
with torch.no_grad():
    for batch, targets in held_loader:
        predicted = network(batch.to(device)).argmax(dim=1).cpu()
        num_right += int((predicted == targets).sum())
accuracy = num_right / len(held)
print(f"accuracy {accuracy:.1%%} on {len(held)} samples")
""".replace("%%", "%")
