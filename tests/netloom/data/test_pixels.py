"""Decode workers and the pixel cache: order, errors, real photographs, and no orphans."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from netloom.data.decode_pool import DecodePool, ItemError, load_items
from netloom.data.items import LabelledItems
from netloom.data.manifest import Item, Manifest
from netloom.data.pixels import DecodedPixels, load_pixels
from netloom.data.preprocess import Preprocessing

REPOSITORY = Path(__file__).resolve().parents[3]
GREY = Preprocessing(4, 5, 1, "stretch", (0.0,), (1.0,))


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    paths = []
    for index in range(30):
        path = tmp_path / f"{index}.png"
        Image.new("L", (5, 4), index * 8).save(path)
        paths.append(path)
    return paths


def items_of(paths: list[Path], labels: list[int] | None = None) -> LabelledItems:
    labels = labels or [0] * len(paths)
    manifest = Manifest(
        classes=["a", "b"],
        items=[
            Item(id=str(i), path=str(path), label=label)
            for i, (path, label) in enumerate(zip(paths, labels, strict=True))
        ],
    )
    return LabelledItems.select(manifest, Path("/"), ("train",))


@pytest.mark.parametrize("num_workers", [0, 2])
def test_batches_come_in_order_however_many_workers(images: list[Path], num_workers: int) -> None:
    pool = DecodePool(GREY, num_workers)
    try:
        batches = list(pool.map([images[i : i + 4] for i in range(0, 30, 4)]))
        again = list(pool.map([images[:1]]))
    finally:
        pool.close()
    np.testing.assert_array_equal(np.concatenate(batches), load_items(images, GREY))
    assert np.concatenate(batches)[:, 0, 0, 0].tolist() == [i * 8 for i in range(30)]
    assert again[0].shape == (1, 1, 4, 5)


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_broken_image_is_named_in_its_turn(images: list[Path], num_workers: int) -> None:
    images[9].write_bytes(b"not an image")
    pool = DecodePool(GREY, num_workers)
    batches = pool.map([[path] for path in images])
    try:
        for _ in range(9):
            next(batches)
        with pytest.raises(ItemError, match=r"9\.png") as caught:
            next(batches)
    finally:
        pool.close()
    assert caught.value.path == images[9]


def test_decoded_pixels_follow_the_rows(images: list[Path]) -> None:
    source = DecodedPixels(images, GREY, num_workers=0)
    try:
        (batch,) = source.batches([np.array([7, 2, 7])])
    finally:
        source.close()
    assert batch[:, 0, 0, 0].tolist() == [56, 16, 56]


def load(items: LabelledItems, cache: Path) -> np.ndarray:
    source = load_pixels(
        items,
        GREY,
        digests=items.content_digests(lambda: None),
        cache=cache,
        num_workers=0,
        progress=lambda _done, _total: None,
        warn=pytest.fail,
    )
    return source.pixels_NCHW.numpy()


def test_cache_follows_content_not_names_or_times(images: list[Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = load(items_of(images), cache).copy()
    os.utime(images[0], (1, 1))
    images[1].rename(tmp_path / "renamed.png")
    images[1] = tmp_path / "renamed.png"
    np.testing.assert_array_equal(load(items_of(images), cache), first)
    assert len(list(cache.iterdir())) == 1
    Image.new("L", (5, 4), 255).save(images[2])
    assert load(items_of(images), cache)[2].min() == 255
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_file_that_changed_behind_the_manifest_is_named(
    images: list[Path], tmp_path: Path, num_workers: int
) -> None:
    digests = items_of(images).content_digests(lambda: None)
    items = dataclasses.replace(items_of(images), digests=digests)
    cache = tmp_path / "cache"
    first = load(items, cache).copy()
    Image.new("L", (5, 4), 255).save(images[2])
    # What was decoded before stays what the manifest means.
    np.testing.assert_array_equal(load(items, cache), first)
    with pytest.raises(ItemError, match="has changed"):
        load(items, tmp_path / "fresh")
    source = DecodedPixels(images, GREY, num_workers, digests)
    try:
        (batch,) = source.batches([np.array([7, 1])])
        assert batch[:, 0, 0, 0].tolist() == [56, 8]
        with pytest.raises(ItemError, match="has changed") as caught:
            next(iter(source.batches([np.array([1, 2])])))
    finally:
        source.close()
    assert caught.value.path == images[2]


def test_a_damaged_cache_is_made_again(images: list[Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = load(items_of(images), cache).copy()
    (path,) = cache.iterdir()
    path.write_bytes(path.read_bytes()[:150])
    np.testing.assert_array_equal(load(items_of(images), cache), first)


def test_fingerprint_follows_content_labels_and_splits(images: list[Path]) -> None:
    digests = items_of(images).content_digests(lambda: None)
    base = items_of(images).fingerprint(digests)
    assert base == items_of(images).fingerprint(digests)
    assert base != items_of(images, [1] + [0] * 29).fingerprint(digests)
    assert base != items_of(images).fingerprint(["0" * 64, *digests[1:]])


def test_real_photographs_of_many_sizes(shared_data: Path) -> None:
    paths = sorted(
        path
        for path in (shared_data / "imagenet-photos").rglob("*")
        if path.suffix.lower() in {".jpeg", ".jpg"}
    )
    assert len(paths) > 50
    for policy in ("stretch", "crop", "pad"):
        recipe = Preprocessing(64, 64, 3, policy, (0.0,) * 3, (1.0,) * 3)
        batch = load_items(paths[:12], recipe)
        assert batch.shape == (12, 3, 64, 64)
        assert (batch.std(axis=(1, 2, 3)) > 10).all()


def test_workers_end_with_a_killed_parent(images: list[Path], tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from netloom.data.decode_pool import DecodePool\n"
        "from netloom.data.preprocess import Preprocessing\n"
        "if __name__ == '__main__':\n"
        "    grey = Preprocessing(4, 5, 1, 'stretch', (0.0,), (1.0,))\n"
        "    pool = DecodePool(grey, 2)\n"
        f"    list(pool.map([[Path({str(images[0])!r})]] * 4))\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        children = psutil.Process(parent.pid).children(recursive=True)
        assert len(children) >= 2
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
