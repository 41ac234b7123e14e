"""Hostile and merely odd archives."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from common.archives import Archive, ArchiveLimits, BadEntry
from common.errors import Code, Problem
from datasets.ingest.sources import MAX_FILE_BYTES, Unreadable, UploadSource


def _zip(path: Path, entries: dict[str | zipfile.ZipInfo, bytes], **options: object) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def _names(path: Path) -> list[str]:
    with Archive(path) as archive:
        return [entry.name for entry in archive.entries]


def _refusals(path: Path) -> dict[str, str]:
    with Archive(path) as archive:
        return {refused.name: refused.reason for refused in archive.refused}


def test_reads_what_was_packed(tmp_path: Path):
    packed = {"cats/a.png": b"one", "cats/b.png": b"two" * 100_000, "./dogs//c.png": b""}
    path = _zip(tmp_path / "a.zip", packed)
    with Archive(path) as archive:
        read = {entry.name: archive.read(entry) for entry in archive.entries}
    assert read == {"cats/a.png": b"one", "cats/b.png": b"two" * 100_000, "dogs/c.png": b""}


@pytest.mark.parametrize(
    "content",
    [b"", b"not a zip", b"PK\x03\x04" + b"\0" * 100, b"PK\x05\x06" + b"\xff" * 18],
    ids=["empty", "text", "truncated", "wild directory"],
)
def test_what_is_no_archive_is_refused_as_a_whole(tmp_path: Path, content: bytes):
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(Problem) as refused:
        Archive(path)
    assert refused.value.code is Code.ARCHIVE_REFUSED


@pytest.mark.parametrize(
    "name",
    ["../evil.png", "a/../../evil.png", "/etc/evil.png", "C:/evil.png", "..\\evil.png", "a\\..\\b"],
)
def test_paths_that_leave_are_not_offered(tmp_path: Path, name: str):
    path = _zip(tmp_path / "a.zip", {name: b"x", "good.png": b"y"})
    assert _names(path) == ["good.png"]
    assert len(_refusals(path)) == 1


def test_links_and_devices_are_not_offered(tmp_path: Path):
    link, device = zipfile.ZipInfo("link.png"), zipfile.ZipInfo("device.png")
    link.external_attr = 0o120777 << 16
    device.external_attr = 0o020666 << 16
    path = _zip(tmp_path / "a.zip", {link: b"/etc/passwd", device: b"", "good.png": b"y"})
    assert _names(path) == ["good.png"]
    assert _refusals(path)["link.png"] == "it is a link"


def test_nested_and_repeated_entries_are_not_offered(tmp_path: Path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.png", b"x")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
        archive.writestr("twice.png", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("twice.png", b"2")
    assert _names(path) == ["twice.png"]
    assert set(_refusals(path)) == {"inner.zip", "twice.png"}


def test_a_bomb_is_refused_while_it_unpacks(tmp_path: Path):
    path = _zip(tmp_path / "a.zip", {"zeros.png": b"\0" * 50_000_000})
    with Archive(path) as archive, pytest.raises(Problem, match="zip bomb"):
        archive.read(archive.entries[0])


def test_all_entries_together_are_counted(tmp_path: Path):
    limits = ArchiveLimits(max_total_bytes=1_500_000, max_ratio=1e9)
    path = _zip(tmp_path / "a.zip", {f"{number}.bin": b"\0" * 1_000_000 for number in range(3)})
    with Archive(path, limits) as archive:
        archive.read(archive.entries[0])
        with pytest.raises(Problem, match="more than 1 MB"):
            archive.read(archive.entries[1])


def test_overlapping_entries_are_refused(tmp_path: Path):
    path = _zip(tmp_path / "a.zip", {"a.png": b"a" * 1000, "b.png": b"b" * 1000})
    raw = bytearray(path.read_bytes())
    directory = raw.rfind(b"PK\x01\x02")
    struct.pack_into("<I", raw, directory + 42, 4)  # b.png now starts inside of a.png
    struct.pack_into("<I", raw, raw.find(b"PK\x01\x02") + 42, 0)
    path.write_bytes(raw)
    with pytest.raises(Problem, match="overlap"):
        Archive(path)


def test_a_lying_size_is_found_out(tmp_path: Path):
    path = _zip(tmp_path / "a.zip", {"a.png": b"a" * 100_000, "good.png": b"y"})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", raw, raw.find(signature) + offset, 10)
    path.write_bytes(raw)
    with Archive(path) as archive:
        with pytest.raises(BadEntry):
            archive.read(archive.entries[0])
        assert archive.read(archive.entries[1]) == b"y"


def test_a_damaged_entry_does_not_spoil_the_others(tmp_path: Path):
    path = _zip(tmp_path / "a.zip", {"a.png": bytes(range(256)) * 40, "good.png": b"y"})
    raw = bytearray(path.read_bytes())
    raw[60:80] = b"\xff" * 20
    path.write_bytes(raw)
    with Archive(path) as archive:
        with pytest.raises(BadEntry):
            archive.read(archive.entries[0])
        assert archive.read(archive.entries[1]) == b"y"


def test_encrypted_entries_are_not_offered(tmp_path: Path):
    path = _zip(tmp_path / "a.zip", {"secret.png": b"x"})
    raw = bytearray(path.read_bytes())
    raw[raw.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert _refusals(path) == {"secret.png": "it is encrypted"}


def test_too_many_files_are_refused(tmp_path: Path):
    path = _zip(tmp_path / "a.zip", {f"{number}.png": b"" for number in range(11)})
    with pytest.raises(Problem, match="11 files"):
        Archive(path, ArchiveLimits(max_files=10))


@pytest.mark.parametrize(
    ("written", "encoding"),
    [("Käse/ü.png", "cp437"), ("Käse/ü.png", "utf-8"), ("猫/一.png", "utf-8")],
)
def test_names_without_the_utf8_flag(tmp_path: Path, written: str, encoding: str):
    raw = written.encode(encoding)
    path = _zip(tmp_path / "a.zip", {"x" * len(raw): b"y"})
    path.write_bytes(path.read_bytes().replace(b"x" * len(raw), raw))
    assert _names(path) == [written]


def test_names_in_the_unicode_field(tmp_path: Path):
    shown, stored = "Ελλάδα.png", b"??????.png"
    info = zipfile.ZipInfo(stored.decode())
    name = shown.encode()
    info.extra = struct.pack("<HHBI", 0x7075, len(name) + 5, 1, zlib.crc32(stored)) + name
    assert _names(_zip(tmp_path / "a.zip", {info: b"y"})) == [shown]


def test_decomposed_names_are_composed(tmp_path: Path):
    assert _names(_zip(tmp_path / "a.zip", {"Ka\u0308se.png": b"y"})) == ["Käse.png"]


def test_the_same_path_written_in_several_ways_is_offered_once(tmp_path: Path):
    names = ["a/b.png", "./a/b.png", "a//b.png", "a\\b.png", "Ka\u0308.png", "K\u00e4.png"]
    path = _zip(tmp_path / "a.zip", {zipfile.ZipInfo(name): b"y" for name in names})
    assert _names(path) == ["a/b.png", "K\u00e4.png"]
    assert set(_refusals(path).values()) == {"another entry has the same path"}


def test_names_that_differ_in_case_are_different_files(tmp_path: Path):
    """Nothing is unpacked under a name of the archive, so that no disk can confuse them."""
    names = ["Cat.png", "cat.png", "CAT.PNG", "con.png", "a.png."]
    assert _names(_zip(tmp_path / "a.zip", dict.fromkeys(names, b"y"))) == names


def test_a_list_of_contents_of_gigabytes_is_not_read(tmp_path: Path):
    """The end of the file says where its list is and how large; both are claims."""
    path = tmp_path / "a.zip"
    size = 1 << 30
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, size, 0, 0))
    tracemalloc.start()
    with pytest.raises(Problem) as refused:
        Archive(path)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.code is Code.ARCHIVE_REFUSED
    assert peak_bytes < 100_000_000


def test_a_quine_ends(tmp_path: Path):
    """An archive that contains itself is an archive in an archive, one level down."""
    path = _zip(tmp_path / "r.zip", {"r/r.zip": b"PK", "r/r.ZIP": b"PK", "r.tar.gz": b"", "x": b""})
    assert _names(path) == ["x"]


def test_no_file_may_be_larger_than_an_image_can_be(tmp_path: Path):
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # without taking any room
    [entry] = UploadSource([("large.png", large)]).entries()
    with pytest.raises(Unreadable, match=r"at most 260 MB are read"):
        entry.read()
    source = UploadSource([("a.zip", _zip(tmp_path / "a.zip", {"a.png": b"x"}))])
    assert [entry.read() for entry in source.entries()] == [b"x"]
    source.close()
