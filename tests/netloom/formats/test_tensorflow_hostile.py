"""Files of TensorFlow that would do more than compute: refused before TensorFlow sees them.

Where `NETLOOM_TENSORFLOW_PYTHON` names a Python with TensorFlow, real ones are made and read, too.
"""

from __future__ import annotations

import os
import random
import subprocess
import zipfile
from pathlib import Path

import pytest

from netloom.formats.imported import FormatError
from netloom.formats.read import read_network
from netloom.formats.recognise import PYTHON_VARIABLE
from netloom.formats.tensorflow.custom import refuse_custom
from netloom.formats.tensorflow.environment import ConverterError, run_converter
from netloom.formats.tensorflow.guard import refuse_programs
from tests.netloom.formats.saved_models import (
    RESTORE,
    broken_lite,
    calls,
    field,
    function,
    lite,
    node,
    packed_tensor,
    saved_model,
    text,
    text_tensor,
    with_checkpoint,
)

OWN = node("d", "Const", value=text_tensor("/srv/secret"))
CALL, PREFIX = "StatefulPartitionedCall", "saver_filename"
NESTED = field(10, field(1, b"g") + field(2, field(1, b"a") + field(2, calls("gone"))))
MAKER = Path(__file__).with_name("tensorflow_made.py")


def refuse(folder: Path, content: bytes) -> None:
    (folder / "saved_model.pb").write_bytes(content)
    refuse_programs(folder, "pitch.zip")


@pytest.mark.parametrize(
    "content",
    [
        with_checkpoint(),
        with_checkpoint(part=text_tensor(f"_temp_{'0a' * 16}/part")),
        saved_model([node("x", "Placeholder"), node("y", "Relu", ["x"])]),
        saved_model([node("y", "PartitionedCall", ["x"], f=calls("g"))], [function("g", [], [])]),
    ],
)
def test_what_computes_is_let_through(tmp_path: Path, content: bytes) -> None:
    refuse(tmp_path, content)


@pytest.mark.parametrize(
    "operator",
    ["ReadFile", "WriteFile", "MatchingFiles", "PyFunc", "EagerPyFunc", "PrintV2", "Save",
     "TextLineDataset", "FixedLengthRecordReaderV2", "InitializeTableFromTextFileV2", "RpcCall",
     "XlaCallModule", "LoadLibrary", "g", ""],
)  # fmt: skip
@pytest.mark.parametrize("is_within", [True, False])
def test_other_operators_are_refused(tmp_path: Path, operator: str, *, is_within: bool) -> None:
    held = [node("n", operator)]
    content = saved_model([], [function("g", [], held)]) if is_within else saved_model(held)
    content += saved_model([])  # two graphs in one file
    with pytest.raises(FormatError, match=f"holds the operator {operator}.*model.save"):
        refuse(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (with_checkpoint(prefix=node(PREFIX, "Const", value=text_tensor("/srv"))), "of its own"),
        (with_checkpoint(prefix=node(PREFIX, "Const", value=packed_tensor("/srv"))), "packed"),
        (with_checkpoint(prefix=node(PREFIX, "Identity", ["gone"])), "of its own .gone"),
        (with_checkpoint(prefix=node(PREFIX, "Cast", ["x"])), "of its own .saver_filename"),
        (with_checkpoint(part=text_tensor("/../../../../srv/secret")), "SaveV2.*of its own .Const"),
        (with_checkpoint(joined={"separator": text("/..")}), "of its own .join"),
        (with_checkpoint(restored_from="own:output:0"), "RestoreV2.*file of its own .own"),
        (with_checkpoint(restored_from="file_prefix:1"), "name of a file of its own"),
        (with_checkpoint(objects=[RESTORE]), f"offers {RESTORE}"),
        (with_checkpoint(extra=[OWN, node("c", CALL, ["d"], f=calls(RESTORE))]), "of its own .d"),
        (with_checkpoint(extra=[node("c", CALL, f=calls(RESTORE))]), "no name"),
        (with_checkpoint(extra=[node("c", "StatelessIf", [PREFIX], a=calls(RESTORE))]), "within c"),
        (saved_model([OWN, node("r", "RestoreV2", ["d"])]), "of its own .d"),
        (saved_model([node("c", CALL, f=calls("ReadFile"))]), "calls ReadFile"),
        (saved_model([node("c", CALL, f=NESTED)], [function("g", [], [])]), "calls gone"),
        (saved_model([node("c", "Case", branches=field(1, field(9, field(1, b"gone"))))]), "gone"),
    ],
)  # fmt: skip
def test_names_of_files_come_from_tensorflow_alone(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(FormatError, match=words):
        refuse(tmp_path, content)


def test_a_checkpoint_function_is_called_from_no_other(tmp_path: Path) -> None:
    inner = function("inner", ["p"], [node("r", "RestoreV2", ["p"])])
    outer = function("outer", ["p"], [node("c", "PartitionedCall", ["p"], f=calls("inner"))])
    with pytest.raises(FormatError, match="reads or writes files within outer"):
        refuse(tmp_path, saved_model([], [inner, outer]))


@pytest.mark.parametrize(
    "content",
    [
        saved_model([node("n", "Relu") + field(2, b"ReadFile")]),
        saved_model([node("n", "Relu"), node("n", "Relu")]),
        saved_model([], [function("g", ["n"], [node("n", "Relu")])]),
        saved_model([field(1, b"n") + field(2, b"\xff")]),
        saved_model([node("n", "Relu")])[:-3],
        b"\x0b\x0c",
        b"\xff\xff\xff\xff\xff\x01\x00",
    ],
)
def test_what_can_be_read_in_two_ways_is_damage(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FormatError, match="is damaged"):
        refuse(tmp_path, content)


def test_noise_ends_in_a_sentence(tmp_path: Path) -> None:
    chance = random.Random(7)
    whole = with_checkpoint()
    num_refused = 0
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            refuse(tmp_path, bytes(content))
        except FormatError:
            num_refused += 1
    assert num_refused > 100


@pytest.mark.parametrize("name", ["saved_model.cpb", "saved_model.pbtxt"])
def test_a_second_graph_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(FormatError, match=name):
        refuse(tmp_path, with_checkpoint())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lite("FlexReadFile"), "holds the operator FlexReadFile"),
        (lite("MyOwn"), "holds the operator MyOwn"),
        (lite(external="/etc/passwd"), "weights lie in other files"),
        (broken_lite(2**31), "damaged"),
        (broken_lite(8), "damaged"),
    ],
)
def test_lite_files_with_operators_of_their_own_are_refused(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=words):
        refuse_custom(path)


@pytest.mark.parametrize("custom", ["", "TFLite_Detection_PostProcess"])
def test_other_lite_files_are_let_through(tmp_path: Path, custom: str) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(lite(custom))
    refuse_custom(path)


def test_real_files_are_let_through(shared_data: Path) -> None:
    folder = next((shared_data / "models-basic-pitch").glob("**/saved_model.pb")).parent
    refuse_programs(folder, "nmp")
    for path in shared_data.glob("models-*/**/*.tflite"):
        refuse_custom(path)


@pytest.fixture
def tensorflow(monkeypatch: pytest.MonkeyPatch) -> str:
    if not (python := os.environ.get("TEST_TENSORFLOW_PYTHON")):
        pytest.skip(f"There is no TensorFlow here; name a Python that has it in {PYTHON_VARIABLE}.")
    monkeypatch.setenv(PYTHON_VARIABLE, python)
    return python


def made(tensorflow: str, name: str, folder: Path) -> Path:
    """Have TensorFlow write a SavedModel, and pack it."""
    model = folder / "made"
    subprocess.run(
        [tensorflow, "-I", str(MAKER), name, str(model), str(folder / "secret")],
        check=True, capture_output=True, timeout=900,
    )  # fmt: skip
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in model.rglob("*"):
            archive.write(file, file.relative_to(folder))
    return path


@pytest.mark.parametrize(
    ("name", "operator"),
    [("read_when_loaded", "ReadFile"), ("write", "WriteFile"), ("table", "HashTableV2")],
)
def test_real_hostile_files_are_refused(
    tensorflow: str, tmp_path: Path, name: str, operator: str
) -> None:
    (tmp_path / "secret").write_bytes(bytes(range(64)))
    path = made(tensorflow, name, tmp_path)
    with pytest.raises(FormatError, match=f"holds the operators? .*{operator}"):
        read_network(path)
    assert (tmp_path / "secret").read_bytes() == bytes(range(64))


@pytest.mark.parametrize("name", ["read_when_loaded", "write"])
def test_without_the_list_landlock_holds(
    tensorflow: str, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from netloom.formats import confining

    if confining.landlock_version() == 0:
        pytest.skip("This system has no Landlock (Linux from 5.13 on).")
    (tmp_path / "secret").write_bytes(bytes(range(64)))
    path = made(tensorflow, name, tmp_path)
    monkeypatch.setattr("netloom.formats.tensorflow.read.refuse_programs", lambda *_: None)
    if name == "read_when_loaded":
        with pytest.raises(FormatError, match="PermissionDenied"):
            read_network(path)
    else:
        notes = read_network(path).report.notes
        assert any("PermissionDenied" in note for note in notes), notes
    assert (tmp_path / "secret").read_bytes() == bytes(range(64))


@pytest.mark.parametrize("name", ["honest", "first_version"])
def test_real_honest_files_are_read(tensorflow: str, tmp_path: Path, name: str) -> None:
    report = read_network(made(tensorflow, name, tmp_path)).report
    assert report.parity is not None
    assert report.parity.is_equal


def test_loops_without_end_are_ended(tensorflow: str, tmp_path: Path) -> None:
    program = (
        "import tensorflow as tf; tf.print('it runs');"
        "tf.function(lambda: tf.while_loop(lambda i: i < 2**62, lambda i: [i + 1],"
        " [tf.constant(0, tf.int64)]))()"
    )
    with pytest.raises(ConverterError, match="did not end within 20 seconds"):
        run_converter(["-c", program], tmp_path, within_s=20)
    assert tensorflow
