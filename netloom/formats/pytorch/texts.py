"""The files beside the source: what predicts, and what explains."""

from __future__ import annotations

from string import Template

_LOADING = '''
HERE = Path(__file__).resolve().parent
ABOUT = json.loads((HERE / "about.json").read_text(encoding="utf-8"))


def load_network() -> ${class_name}:
    """Return the network with its weights, in evaluation mode."""
    network = ${class_name}()
    load_model(network, HERE / "weights.safetensors")
    return network.eval()
'''

_IMAGES = '''"""Classifies images: python predict.py IMAGE...

Needs torch, numpy, pillow and safetensors.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch
from network import ${class_name}
from PIL import Image, ImageOps
from safetensors.torch import load_model
${loading}

def prepare(path: str) -> torch.Tensor:
    """Return an image as the network takes it: (1, C, H, W), resized and normalised."""
    settings = ABOUT["preprocessing"]
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image.convert("RGBA"))
    image = resize(image.convert("L" if settings["channels"] == 1 else "RGB"), settings)
    pixels = np.asarray(image, dtype=np.float32)
    pixels = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    mean = np.asarray(settings["mean"], dtype=np.float32).reshape(-1, 1, 1)
    std = np.asarray(settings["std"], dtype=np.float32).reshape(-1, 1, 1)
    return torch.from_numpy((pixels / 255 - mean) / std)[None]


def resize(image: Image.Image, settings: dict) -> Image.Image:
    """Bring an image to the size of the network's input."""
    width, height = settings["width"], settings["height"]
    policy = settings["resize_policy"]
    if image.size == (width, height):
        return image
    if policy == "stretch":
        return image.resize((width, height), Image.Resampling.BILINEAR)
    ratios = width / image.width, height / image.height
    if policy == "crop":
        scale = max(ratios)
        box_width, box_height = width / scale, height / scale
        left, top = (image.width - box_width) / 2, (image.height - box_height) / 2
        box = (left, top, left + box_width, top + box_height)
        return image.resize((width, height), Image.Resampling.BILINEAR, box=box)
    scale = min(ratios)
    inner = (
        min(width, max(1, round(image.width * scale))),
        min(height, max(1, round(image.height * scale))),
    )
    canvas = Image.new(image.mode, (width, height))
    place = ((width - inner[0]) // 2, (height - inner[1]) // 2)
    canvas.paste(image.resize(inner, Image.Resampling.BILINEAR), place)
    return canvas


def main(paths: list[str]) -> None:
    """Print the likeliest classes of each image, or the size of what comes out."""
    network, classes = load_network(), ABOUT["classes"]
    for path in paths:
        with torch.no_grad():
            output = network(prepare(path))
        if not isinstance(output, torch.Tensor) or output.ndim != 2:
            outputs = [output] if isinstance(output, torch.Tensor) else output
            print(path, *(tuple(each.shape) for each in outputs))
            continue
        best = output.softmax(1)[0].topk(min(5, output.shape[1]))
        ranked = zip(best.values.tolist(), best.indices.tolist())
        named = (
            f"{classes[index] if index < len(classes) else f'class {index}'} {share:.1%}"
            for share, index in ranked
        )
        print(f"{path}: {', '.join(named)}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
'''

_ARRAYS = '''"""Runs the network on arrays: python predict.py INPUTS.npz [OUTPUTS.npz]

Arrays go by the names of the inputs: ${inputs}. Needs torch, numpy and safetensors.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch
from network import ${class_name}
from safetensors.torch import load_model
${loading}

def main(source: str, target: str = "outputs.npz") -> None:
    """Compute the outputs of the arrays in a file, and write them to another."""
    network = load_network()
    with np.load(source) as arrays:
        inputs = [torch.from_numpy(arrays[each["name"]]) for each in ABOUT["inputs"]]
    with torch.no_grad():
        found = network(*inputs)
    outputs = found if isinstance(found, tuple) else (found,)
    named = dict(zip(ABOUT["outputs"], (each.numpy() for each in outputs)))
    np.savez(target, **named)
    for name, array in named.items():
        print(name, array.shape)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
'''

_README = """# ${title}

Written by Netloom ${version}. It runs without Netloom.

| file | what it is |
|---|---|
| `network.py` | the network as PyTorch source: the class `${class_name}` |
| `weights.safetensors` | its weights, by the names of `state_dict()` |
| `about.json` | inputs, outputs, preprocessing and class names |
| `predict.py` | loads it and runs it: `${command}` |
| `requirements.txt` | what has to be installed: `pip install -r requirements.txt` |

```python
from predict import load_network

network = load_network()
```
${licence}"""


def predict_text(class_name: str, inputs: list[str], *, takes_image: bool) -> str:
    """Return the text of `predict.py`."""
    loading = Template(_LOADING).substitute(class_name=class_name)
    return Template(_IMAGES if takes_image else _ARRAYS).substitute(
        class_name=class_name, loading=loading, inputs=", ".join(inputs)
    )


def readme_text(
    title: str, class_name: str, version: str, licence: str, *, takes_image: bool
) -> str:
    """Return the text of `README.md`."""
    return Template(_README).substitute(
        title=title.replace("\n", " "),
        version=version,
        class_name=class_name,
        command=f"python predict.py {'image.png' if takes_image else 'inputs.npz'}",
        licence=f"\nLicence of the weights: {licence}\n" if licence else "",
    )
