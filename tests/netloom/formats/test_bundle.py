"""Bundles: what is written comes back, and hostile files are refused with a sentence."""

from __future__ import annotations

import contextlib
import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netloom.compile import build_module, load_weights, state_weights
from netloom.formats.bundle import (
    BundleError,
    make_meta,
    read_bundle,
    read_bundle_info,
    write_bundle,
)
from netloom.graph.document import ParamValue
from tests.netloom.compile.networks import chain, image, node, rich_network

CLASSES = ["zéro", "one", "<script>"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "net.netloom"
    network = build_module(rich_network(), seed=1)
    meta = make_meta(rich_network(), classes=CLASSES, metrics={"accuracy": 0.9}, licence="MIT")
    write_bundle(path, rich_network(), state_weights(network), meta)
    return path


def test_a_bundle_comes_back_whole(written: Path) -> None:
    bundle = read_bundle(written)
    assert bundle.document == rich_network()
    assert bundle.meta.classes == CLASSES
    assert bundle.meta.metrics == {"accuracy": 0.9}
    assert bundle.meta.preprocessing["height"] == 16
    network, expected = build_module(bundle.document, seed=9), build_module(rich_network(), seed=1)
    assert not load_weights(network, bundle.weights).initialised
    images = torch.randn(1, 1, 16, 16)
    assert torch.equal(network.eval()(images), expected.eval()(images))


@pytest.mark.parametrize("params", [{"width": [-1, 4]}, {"widEh": 3}])
def test_of_a_mistaken_input_nothing_is_said(params: dict[str, ParamValue]) -> None:
    document = rich_network()
    [place] = [key for key, node in document.graph.nodes.items() if node.type == "ImageInput"]
    document.graph.nodes[place].params.update(params)
    meta = make_meta(document)
    assert ("width" in meta.preprocessing) == ("widEh" in params)
    assert "widEh" not in meta.preprocessing


def test_the_parts_are_plain_files(written: Path) -> None:
    with zipfile.ZipFile(written) as archive:
        assert sorted(archive.namelist()) == ["meta.json", "network.json", "weights.safetensors"]
        assert json.loads(archive.read("meta.json"))["format"] == "netloom.bundle"


def test_a_folder_with_the_same_parts_is_a_bundle(written: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(written) as archive:
        archive.extractall(tmp_path / "net")
    assert read_bundle(tmp_path / "net").document == rich_network()


def test_the_same_content_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    bundle = read_bundle(written)
    write_bundle(tmp_path / "again", bundle.document, bundle.weights, bundle.meta)
    assert (tmp_path / "again").read_bytes() == written.read_bytes()


def test_tensors_that_share_memory_can_be_written(tmp_path: Path) -> None:
    shared = torch.arange(6.0)
    weights = {"a:weight": shared, "b:weight": shared[:3], "c:weight": shared.reshape(2, 3).T}
    document = chain(image(), node("ReLU", "relu"), node("Output", "out"))
    write_bundle(tmp_path / "b", document, weights, make_meta(document))
    back = read_bundle(tmp_path / "b").weights
    assert all(torch.equal(back[key], weights[key]) for key in weights)


def test_a_failed_write_leaves_what_was_there(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "net.netloom"
    target.write_bytes(b"old")
    bundle = read_bundle(written)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_bundle(target, bundle.document, bundle.weights, bundle.meta)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["net.netloom"]


def _repacked(written: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(written) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


def _set(name: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.update({name: content})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda members: members.pop("network.json"), "no network.json"),
        (lambda members: members.pop("meta.json"), "no meta.json"),
        (lambda members: members.pop("weights.safetensors"), "no weights.safetensors"),
        (_set("network.json", b"{" * 5000), "network.json"),
        (_set("network.json", b'{"format": "other"}'), "not a Netloom network"),
        (_set("meta.json", b'{"classes": 5}'), "classes"),
        (_set("meta.json", b'{"metrics": {"a": NaN}}'), "meta.json"),
        (_set("weights.safetensors", b""), "damaged"),
        (_set("weights.safetensors", b"\x80\x04cos\nsystem\n(S'true'\ntR."), "damaged"),
        (_set("weights.safetensors", struct.pack("<Q", 2**62) + b"{}"), "damaged"),
        (_set("weights.safetensors", b"\0" * 4_000_000), "larger than"),
        (lambda members: members.update({f"f{i}": b"" for i in range(100)}), "holds 103 files"),
    ],
)
def test_what_is_not_a_bundle_is_refused_with_the_reason(
    written: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None], message: str
) -> None:
    path = _repacked(written, tmp_path / "bad", change)
    with pytest.raises(BundleError, match=message):
        read_bundle(path, max_weights_bytes=1_000_000)


def test_a_bomb_is_stopped_by_what_it_unpacks_to_not_by_what_it_says(
    written: Path, tmp_path: Path
) -> None:
    def inflate(members: dict[str, bytes]) -> None:
        members["network.json"] = b" " * (32 * 2**20)

    path = _repacked(written, tmp_path / "bomb", inflate)
    data = bytearray(path.read_bytes())
    # Both headers now claim that the 32 MB are ten bytes.
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.find(signature)
        while start >= 0:
            if data[start + offset : start + offset + 4] == struct.pack("<I", 32 * 2**20):
                data[start + offset : start + offset + 4] = struct.pack("<I", 10)
            start = data.find(signature, start + 1)
    path.write_bytes(bytes(data))
    with pytest.raises(BundleError):
        read_bundle_info(path)


def test_two_parts_of_one_name_are_refused(written: Path, tmp_path: Path) -> None:
    path = tmp_path / "twice"
    path.write_bytes(written.read_bytes())
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("network.json", b"{}")
    with pytest.raises(BundleError, match=r"holds 2 network\.json"):
        read_bundle(path)


def test_names_that_climb_write_nothing(written: Path, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    path = _repacked(written, inside / "climbing", _set("../../outside.txt", b"should not appear"))
    read_bundle(path)
    assert not list(tmp_path.rglob("outside.txt"))


def test_links_in_a_folder_are_not_followed(written: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(written) as archive:
        archive.extractall(tmp_path)
    secret = tmp_path / "secret.json"
    (tmp_path / "network.json").rename(secret)
    (tmp_path / "network.json").symlink_to(secret)
    with pytest.raises(BundleError, match=r"no file network\.json"):
        read_bundle(tmp_path)


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="No such file"):
        read_bundle(tmp_path / "nothing")
    (tmp_path / "text").write_text("not a zip")
    with pytest.raises(BundleError, match="is a damaged bundle"):
        read_bundle(tmp_path / "text")


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damage_anywhere_is_an_error_or_harmless(
    written: Path, tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(written.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    with contextlib.suppress(BundleError):
        read_bundle(path, max_weights_bytes=10_000_000)


def test_an_encrypted_part_is_refused(written: Path, tmp_path: Path) -> None:
    data = bytearray(written.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(signature)
        data[start + offset] |= 1
    path = tmp_path / "locked"
    path.write_bytes(bytes(data))
    with pytest.raises(BundleError):
        read_bundle_info(path)
    assert zipfile.is_zipfile(io.BytesIO(bytes(data)))
