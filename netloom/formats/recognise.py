"""Which format a file has, by its content: names lie, and people rename files.

Nothing is loaded here: a few bytes, the names in a zip, the numbers of protobuf fields. What cannot
be opened yet is recognised all the same, so that the answer says what to do with it.
"""

from __future__ import annotations

import json
import struct
import zipfile
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import cast

from netloom.formats.bundle import META, NETWORK, WEIGHTS
from netloom.formats.imported import FormatError
from netloom.formats.zips import refusing_damage
from netloom.graph.limits import MAX_DOCUMENT_BYTES

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
PYTHON_VARIABLE = "NETLOOM_TENSORFLOW_PYTHON"
"""Names a Python that has TensorFlow and tf2onnx, for reading and writing files of TensorFlow."""
NEEDS_TENSORFLOW = (
    "It needs TensorFlow, which is not part of Netloom: whoever runs this installation can name a "
    f"Python that has it in {PYTHON_VARIABLE}."
)
MAX_JSON_BYTES = MAX_DOCUMENT_BYTES
_HEAD_BYTES = 4096
_MOST_NAMES = 100_000
_MOST_FIELDS = 100_000
_WITH_LENGTH = 2
_MAX_HEADER_BYTES = 100 * 2**20
_IMPORTS_TORCH = ("import torch", "from torch")
_LEGACY_TORCH = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file.

    Attributes:
        name: For programs, such as `keras_v3`.
        title: For people.
        advice: What to do with a file that cannot be opened as a network; empty for one that can.
    """

    name: str
    title: str
    advice: str = ""


_WEIGHTS_ALONE = (
    "It holds weights alone, no layers. Open or draw the network they belong to, and load them "
    "into it: “Load weights” in the studio, `netloom match NETWORK WEIGHTS` on the command line."
)
BUNDLE = Format("bundle", "Netloom bundle")
DOCUMENT = Format("document", "Netloom network")
KERAS_V3 = Format("keras_v3", "Keras 3 (.keras)")
KERAS_H5 = Format("keras_h5", "Keras HDF5")
KERAS_JSON = Format("keras_json", "Keras JSON")
STATE_DICT = Format(
    "state_dict",
    "PyTorch weights",
    _WEIGHTS_ALONE,
)
SAFETENSORS = Format(
    "safetensors",
    "safetensors weights",
    _WEIGHTS_ALONE,
)
TORCH_MODULE = Format(
    "torch_module",
    "PyTorch module, saved whole",
    "Loading it would run code from the file, so it is never loaded. Save `model.state_dict()` "
    "instead, or `torch.onnx.export(model, ...)`.",
)
TORCHSCRIPT = Format("torchscript", "TorchScript")
PT2 = Format("pt2", "PyTorch exported program (.pt2)")
ONNX = Format("onnx", "ONNX")
PYTHON = Format("python", "Python source")
CAFFE = Format("caffe", "Caffe")
SAVED_MODEL = Format(
    "saved_model",
    "TensorFlow SavedModel",
    f"{NEEDS_TENSORFLOW} Or, where TensorFlow is, load it with Keras and write "
    "`model.save('network.keras')`, then import that file; or make an ONNX of it with "
    "`python -m tf2onnx.convert --saved-model FOLDER --output network.onnx`.",
)
FROZEN_GRAPH = Format(
    "frozen_graph",
    "TensorFlow graph",
    "A frozen graph has no layers left. Where it was trained, write `model.save('network.keras')` "
    "and import that file.",
)
TFLITE = Format(
    "tflite",
    "TensorFlow Lite",
    f"{NEEDS_TENSORFLOW} It is made for running, with layers merged and weights rounded: import "
    "the Keras file that it was made from, or make an ONNX of it with `python -m tf2onnx.convert "
    "--tflite FILE --output network.onnx`.",
)
PICKLE = Format(
    "pickle",
    "Python pickle",
    "Loading it would run code from the file, so it is never loaded. Save the weights as "
    "safetensors, or the network as a Keras file.",
)
NUMPY = Format(
    "numpy",
    "NumPy arrays",
    "It holds numbers alone, no layers. Save the weights as safetensors under the names of a "
    "PyTorch state dict, and bring them into the network they belong to.",
)
ARCHIVE = Format(
    "archive",
    "compressed archive",
    "Unpack it and import the file inside. Images to learn from are brought in on the page of "
    "their dataset.",
)


def recognise(path: Path) -> Format:
    """Return the format of a file or folder.

    Raises:
        FormatError: None that is known, or it cannot be read.
    """
    try:
        if path.is_dir():
            return _recognise_folder(path)
        if path.exists() and not path.is_file():
            raise FormatError(f"{path.name} is neither a file nor a folder. Choose a file.")
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise FormatError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    if not head:
        raise FormatError(f"{path.name} is empty. Send the file again.")
    found = _by_first_bytes(path, head)
    if found is None:
        raise FormatError(
            f"{path.name} is of no kind that is known here. Networks are opened from Netloom "
            "bundles and documents, and from files of Keras (.keras, .h5, .json), ONNX (.onnx), "
            "Caffe (.prototxt, .caffemodel) and PyTorch (.pt2, TorchScript)."
        )
    return found


def _by_first_bytes(path: Path, head: bytes) -> Format | None:
    if head.startswith(HDF5_MAGIC):
        return KERAS_H5
    if head.startswith(b"PK"):
        return _recognise_zip(path)
    if head[4:8] == b"TFL3":
        return TFLITE
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf")) or head[257:262] == (
        b"ustar"
    ):
        return ARCHIVE
    if head.startswith(b"\x93NUMPY"):
        return NUMPY
    if head.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        return _recognise_pickle(head)
    if _is_safetensors(path, head):
        return SAFETENSORS
    if head.lstrip()[:1] == b"{":
        return _recognise_json(path)
    return _recognise_protobuf(path) or _recognise_text(head)


def _recognise_folder(path: Path) -> Format:
    if (path / NETWORK).is_file():
        return BUNDLE
    if (path / "saved_model.pb").is_file():
        return SAVED_MODEL
    raise FormatError(
        f"{path.name or path} is a folder, but neither a bundle ({NETWORK} is missing) nor a "
        "SavedModel. Choose the file of the network."
    )


def _recognise_zip(path: Path) -> Format:
    with _refusing_damage(path), zipfile.ZipFile(path) as archive:
        names = [entry.filename for entry in archive.infolist()[:_MOST_NAMES]]
    ends = {name.rpartition("/")[2] for name in names}
    if {NETWORK, META, WEIGHTS} <= set(names):
        return BUNDLE
    if "config.json" in names and any(name.startswith("model.weights") for name in names):
        return KERAS_V3
    if any(name.startswith("models/") and name.endswith(".json") for name in _below_top(names)) or (
        "serialized_exported_program.json" in ends
    ):
        return PT2
    if "constants.pkl" in ends:
        return TORCHSCRIPT
    if "data.pkl" in ends:
        return _recognise_torch_zip(path, names)
    if "saved_model.pb" in ends:
        return SAVED_MODEL
    if names and all(name.endswith(".npy") for name in names):
        return NUMPY
    if any(name.lower().endswith((".prototxt", ".caffemodel")) for name in names):
        return CAFFE
    return ARCHIVE


def _below_top(names: list[str]) -> list[str]:
    """Return names without the folder that all of them are in."""
    return [*names, *(name.partition("/")[2] for name in names)]


def _recognise_torch_zip(path: Path, names: list[str]) -> Format:
    """Tell a state dict from a whole module by the classes that its pickle names."""
    found = next(name for name in names if name.rpartition("/")[2] == "data.pkl")
    with (
        _refusing_damage(path),
        zipfile.ZipFile(path) as archive,
        archive.open(found) as member,
    ):
        return _recognise_pickle(member.read(_MAX_HEADER_BYTES))


def _refusing_damage(path: Path) -> AbstractContextManager[None]:
    return refusing_damage(
        lambda reason: FormatError(f"{path.name} is a damaged zip: {reason}. Send the file again.")
    )


def _recognise_pickle(content: bytes) -> Format:
    """Look at the names in a pickle without loading it."""
    if b"torch._utils" in content or b"_rebuild_tensor" in content:
        is_module = b"ctorch.nn.modules" in content or b"torch.nn.modules." in content
        return TORCH_MODULE if is_module else STATE_DICT
    if _LEGACY_TORCH in content[:64]:
        return TORCH_MODULE if b"torch.nn.modules" in content else STATE_DICT
    return PICKLE


def _is_safetensors(path: Path, head: bytes) -> bool:
    if len(head) < 10:
        return False
    (length,) = struct.unpack("<Q", head[:8])
    is_plausible = 2 <= length <= min(_MAX_HEADER_BYTES, path.stat().st_size - 8)
    return is_plausible and head[8:9] == b"{"


def _recognise_json(path: Path) -> Format | None:
    content = _read_limited(path, MAX_JSON_BYTES)
    try:
        parsed: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"{path.name} looks like JSON but is not: {str(error)[:200]}. Send the file again."
        ) from error
    if not isinstance(parsed, dict):
        return None
    keys = cast("dict[str, object]", parsed)
    if "graph" in keys:
        return DOCUMENT
    return KERAS_JSON if "class_name" in keys and "config" in keys else None


def _read_limited(path: Path, most_bytes: int) -> bytes:
    if path.stat().st_size > most_bytes:
        raise FormatError(
            f"{path.name} is JSON of {path.stat().st_size / 2**20:,.0f} MB; "
            f"{most_bytes / 2**20:,.0f} MB are read."
        )
    return path.read_bytes()


def _recognise_protobuf(path: Path) -> Format | None:
    """Tell ONNX, Caffe and TensorFlow apart by the numbers of the outermost fields."""
    seen = _outer_fields(path)
    if seen is None:
        return None
    fields = set(seen)
    if 7 in fields and 1 in fields and fields <= {1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26}:
        return ONNX
    if seen[100] or (seen[1] == 1 and seen[2] and (seen[3] or fields & {5, 6, 8})):
        return CAFFE
    if fields == {1, 2}:
        # The version of a SavedModel is a number, the name of a network of Caffe is text.
        return SAVED_MODEL if seen[1] == 0 else CAFFE if seen[2] > 1 else FROZEN_GRAPH
    return FROZEN_GRAPH if 1 in fields and fields <= {1, 2, 3, 4} else None


def _outer_fields(path: Path) -> Counter[int] | None:
    """Count the fields of a protobuf message by their number; None for what is none.

    Of the first, only those with content of their own count; of numbers there is none.
    """
    size = path.stat().st_size
    found: Counter[int] = Counter()
    num_read = 0
    with path.open("rb") as file:
        while file.tell() < size and num_read < _MOST_FIELDS:
            num_read += 1
            tag = _varint(file.read(10), file)
            if tag is None or tag >> 3 == 0:
                return None
            found[tag >> 3] += tag & 7 == _WITH_LENGTH
            match tag & 7:
                case 0:
                    if _varint(file.read(10), file) is None:
                        return None
                case 1:
                    file.seek(8, 1)
                case 2:
                    length = _varint(file.read(10), file)
                    if length is None or length > size - file.tell():
                        return None
                    file.seek(length, 1)
                case 5:
                    file.seek(4, 1)
                case _:
                    return None
    return found or None


def _varint(window: bytes, file: BufferedReader) -> int | None:
    """Read a number off the front of a window and put the rest of the window back."""
    value = 0
    for place, byte in enumerate(window):
        value |= (byte & 127) << (7 * place)
        if byte < 128:
            file.seek(place + 1 - len(window), 1)
            return value
    return None


def _recognise_text(head: bytes) -> Format | None:
    """Networks of Caffe and files of Python are the other texts that are known."""
    try:
        text = head.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return None
        text = head[: error.start].decode()
    words = text.replace("{", " { ").split()
    for place, word in enumerate(words[:-1]):
        if word.rstrip(":") in ("layer", "layers") and words[place + 1] == "{":
            return CAFFE
    return PYTHON if any(line.startswith(_IMPORTS_TORCH) for line in text.splitlines()) else None
