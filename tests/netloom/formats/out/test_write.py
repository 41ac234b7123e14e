"""Writing networks: which formats there are, what they refuse, and that files are whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from netloom.formats.exported import ExportError, ExportOptions
from netloom.formats.imported import ImportedNetwork
from netloom.formats.read import read_network
from netloom.formats.write import find_gaps, get_writer, write_network, writer_for, writers
from tests.netloom.formats.out.conftest import Make


@pytest.fixture(scope="module")
def small(template: Make) -> ImportedNetwork:
    return template("small_cnn")


def test_every_format_says_what_it_is_and_what_can_be_chosen() -> None:
    for writer in writers():
        assert writer.summary.endswith(".")
        assert writer.options.model_json_schema()["type"] == "object"
        assert get_writer(writer.name) is writer
        assert issubclass(writer.options, ExportOptions)
    with pytest.raises(ExportError, match="Formats: bundle, document, pytorch, onnx, pt2"):
        get_writer("caffe")


def test_the_ending_says_the_format() -> None:
    assert writer_for(Path("net.zip")).name == "bundle"
    assert writer_for(Path("net.JSON")).name == "document"
    with pytest.raises(ExportError, match=r"written as \.docx"):
        writer_for(Path("net.docx"))


def test_a_bundle_comes_back_as_it_was(small: ImportedNetwork, tmp_path: Path) -> None:
    report = write_network(small, tmp_path / "net.zip")
    assert [file.name for file in report.files] == ["net.zip"]
    assert report.files[0].size_bytes == (tmp_path / "net.zip").stat().st_size
    again = read_network(tmp_path / "net.zip")
    assert again.document == small.document
    assert all(again.weights[key].equal(small.weights[key]) for key in small.weights)
    write_network(small, tmp_path / "net.json")
    assert read_network(tmp_path / "net.json").document == small.document
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.json", "net.zip"]


def test_options_are_checked(small: ImportedNetwork) -> None:
    with pytest.raises(ExportError, match=r"has no option no_such\. There are: none"):
        find_gaps(small.document, "bundle", {"no_such": 1})


def test_a_folder_with_files_is_left_alone(small: ImportedNetwork, tmp_path: Path) -> None:
    (tmp_path / "net.zip").mkdir()
    (tmp_path / "net.zip" / "mine").touch()
    with pytest.raises(ExportError, match="not empty"):
        write_network(small, tmp_path / "net.zip")
    assert [path.name for path in (tmp_path / "net.zip").iterdir()] == ["mine"]
