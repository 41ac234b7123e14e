"""`netloom diff` and `netloom merge` as git's own tools, in a real repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from netloom.cli import main
from netloom.graph.document import Document
from tests.netloom.graph.build import chain, node

NETLOOM = f"{sys.executable} -m netloom"


def written(path: Path, document: Document) -> Path:
    path.write_text(document.model_dump_json(by_alias=True, indent=2))
    return path


def network(out_channels: int = 8, *, has_bias: bool = True, out_features: int = 10) -> Document:
    bias = {} if has_bias else {"bias": False}
    return chain(
        node("ImageInput", "image"),
        node("Conv2d", "conv1", out_channels=out_channels, **bias),
        node("Linear", "fc", out_features=out_features),
    )


class Repository:
    """A git repository whose networks are compared and merged by Netloom."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "net.json"
        self.git("init", "--quiet", "--initial-branch=main")
        for key, value in {
            "user.name": "Ada", "user.email": "ada@example.org",
            "diff.netloom.command": f"{NETLOOM} diff",
            "merge.netloom.name": "Netloom networks",
            "merge.netloom.driver": f"{NETLOOM} merge %O %A %B -o %A",
        }.items():  # fmt: skip
            self.git("config", key, value)
        (folder / ".gitattributes").write_text("*.json diff=netloom merge=netloom\n")
        self.commit(network())

    def git(self, *arguments: str, status: int = 0) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=False,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
                 "PYTHONPATH": str(Path(__file__).parents[3])},
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def commit(self, document: Document) -> None:
        written(self.file, document)
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "Change the network")

    def read(self) -> Document:
        return Document.model_validate_json(self.file.read_text())


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_git_diff_speaks_of_layers(repository: Repository) -> None:
    written(repository.file, network(64))
    assert repository.git("diff") == "network net.json\n~ conv1 (Conv2d): out_channels 8 -> 64\n"


def test_git_shows_a_new_network_as_added_layers(repository: Repository) -> None:
    written(repository.folder / "other.json", network())
    repository.git("add", ".")
    shown = repository.git("diff", "--cached")
    assert "+ conv1 (Conv2d) between image and fc" in shown


def test_git_merges_changes_of_one_layer_by_two_people(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit(network(has_bias=False, out_features=20))
    repository.git("checkout", "--quiet", "main")
    repository.commit(network(64))
    repository.git("merge", "--quiet", "other")
    assert repository.read() == network(64, has_bias=False, out_features=20)
    assert repository.git("status", "--porcelain") == ""


def test_git_stops_at_a_conflict_and_lists_it(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit(network(32, has_bias=False))
    repository.git("checkout", "--quiet", "main")
    repository.commit(network(64))
    said = repository.git("merge", "other", status=1)
    assert "conflict: conv1: out_channels: was 8, ours 64, theirs 32" in said
    assert repository.git("status", "--porcelain") == "UU net.json\n"
    assert repository.read() == network(64, has_bias=False)


def test_status_and_words_without_git(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = written(tmp_path / "a", network()), written(tmp_path / "b", network(16))
    assert main(["diff", str(one), str(one)]) == 0
    assert capsys.readouterr().out == ""
    assert main(["diff", str(one), str(other)]) == 1
    assert capsys.readouterr().out == "~ conv1 (Conv2d): out_channels 8 -> 16\n"
    assert main(["diff", str(one), str(other), "--json"]) == 1
    assert '"out_channels"' in capsys.readouterr().out
    assert main(["merge", str(one), str(one), str(other), "-o", str(tmp_path / "out")]) == 0
    assert main(["diff", str(other), str(tmp_path / "out")]) == 0


def test_what_is_not_a_network_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").write_text("[]")
    assert main(["diff", str(tmp_path / "a"), str(tmp_path / "a")]) == 2
    assert "not a Netloom network" in capsys.readouterr().err
    assert main(["diff", str(tmp_path / "a")]) == 2


def test_a_name_is_no_command_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = written(tmp_path / "base.json", network())
    evil = network(out_channels=16)
    name = "a\x1b[2J\nconflict: none\u202e"
    nodes = {
        key: each.model_copy(update={"name": name}) if each.name == "conv1" else each
        for key, each in evil.graph.nodes.items()
    }
    graph = evil.graph.model_copy(update={"nodes": nodes})
    ours = written(tmp_path / "ours.json", evil.model_copy(update={"graph": graph}))
    theirs = written(tmp_path / "theirs.json", network(out_channels=32))
    main(["diff", str(base), str(ours)])
    main(["merge", str(base), str(ours), str(theirs), "-o", str(tmp_path / "out.json")])
    printed = "".join(capsys.readouterr())
    assert "\\x1b[2J\\nconflict: none\\u202e" in printed
    assert not {"\x1b", "\u202e"} & set(printed)
    assert "\nconflict: none" not in printed


def test_a_place_that_is_no_file_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = str(written(tmp_path / "net.json", network()))
    assert main(["merge", path, path, path, "-o", "."]) == 2
    assert "names no file" in capsys.readouterr().err
