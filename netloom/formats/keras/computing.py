"""Keras computes a file, in a process of its own: `python -I computing.py FILE FOLDER`.

It takes `inputs.safetensors` of the folder and leaves `outputs.safetensors` there, with `--layers`
also what each layer gives. It stands alone, as the other side of a comparison should: nothing of
Netloom is imported. Who starts it confines it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, cast

_MAX_LAYER_BYTES = 2**30
"""What layers give is kept up to here."""


def main(arguments: list[str]) -> int:
    """Compute the file."""
    parser = argparse.ArgumentParser(prog="computing")
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layers", action="store_true", help="keep what each layer gives")
    options = parser.parse_args(arguments)
    _compute(options.file, options.folder, keeps_layers=options.layers)
    return 0


def _compute(file: Path, folder: Path, *, keeps_layers: bool) -> None:
    os.environ["KERAS_BACKEND"] = "torch"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    # Read before anything of the file is: Keras looks for settings of its own at home.
    os.environ["KERAS_HOME"] = str(folder / "home")
    torch: Any = import_module("torch")
    files: Any = import_module("safetensors.torch")
    keras: Any = import_module("keras")
    given: dict[str, Any] = files.load_file(folder / "inputs.safetensors")
    model: Any = keras.models.load_model(file, compile=False, safe_mode=True)
    inputs = [given[str(index)] for index in range(len(given))]
    kept: dict[str, Any] = _keep_layers(keras, torch, model) if keeps_layers else {}
    with torch.no_grad():
        found: object = model(inputs[0] if len(inputs) == 1 else inputs, training=False)
    outputs: Sequence[Any] = (
        cast("Sequence[Any]", found) if isinstance(found, list | tuple) else [found]
    )
    by_number = {str(index): _plain(each) for index, each in enumerate(outputs)}
    files.save_file(by_number, folder / "outputs.safetensors")
    if keeps_layers:
        files.save_file(kept, folder / "layers.safetensors")


def _keep_layers(keras: Any, torch: Any, model: Any) -> dict[str, Any]:
    """Have every layer that is called leave its output, as `number path`, in order."""
    kept: dict[str, Any] = {}
    inside: list[str] = []
    num_bytes = 0
    call: Any = keras.layers.Layer.__call__

    def kept_call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal num_bytes
        is_outermost = layer is model
        if not is_outermost:
            inside.append(str(layer.name))
        try:
            found = call(layer, *args, **kwargs)
            if not is_outermost and isinstance(found, torch.Tensor):
                num_bytes += found.nelement() * found.element_size()
                if num_bytes < _MAX_LAYER_BYTES:
                    kept[f"{len(kept)} {'.'.join(inside)}"] = _plain(found)
        finally:
            if not is_outermost:
                inside.pop()
        return found

    keras.layers.Layer.__call__ = kept_call
    return kept


def _plain(tensor: Any) -> Any:
    return tensor.detach().cpu().contiguous().clone()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
