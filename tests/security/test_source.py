"""What the source must not contain: ways for data to become code, and guards switched off."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
OURS = (
    "netloom", "config", "common", "accounts", "storage", "jobs", "designer", "datasets",
    "training", "inspection", "manage.py",
)  # fmt: skip
# Modules that turn bytes into objects by running what the bytes say, or reach out to the network.
BANNED_MODULES = {
    "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve",
    "jsonpickle", "pickletools", "yaml", "xml", "lxml", "telnetlib", "ftplib", "requests",
    "urllib.request", "runpy", "code", "codeop", "pty", "imp",
}  # fmt: skip
BANNED_CALLS = {
    "eval": "runs text",
    "exec": "runs text",
    "compile": "prepares text to run",
    "__import__": "imports what a text names",
    "os.system": "a shell",
    "os.popen": "a shell",
    "subprocess.getoutput": "a shell",
    "asyncio.create_subprocess_shell": "a shell",
    "torch.hub.load": "downloads and runs code",
    "torch.jit.load": "runs code of the file",
    "tempfile.mktemp": "somebody else may be first",
}
BANNED_ANYWHERE = {
    "__import__": "imports what a text names",
    "mark_safe": "markup from text",
    "format_html": "no page is made here",
    "csrf_exempt": "switches the guard off",
}
# The one reader of weights, and what the ranks of one run tell each other.
LOADS_WEIGHTS = (
    "netloom/train/checkpoint.py",
    "netloom/train/ranks.py",
    "netloom/formats/state_dict.py",
)
UNPACKS = "config/launcher/backup.py"  # the operator's own backup, after a look at the names
# An author checks a package of their own, which is installed: its layers are made again from the
# code that they write. Only a command for that reaches it, and no document has a part in it.
RUNS_PACKAGES = "netloom/layer_checks/trial.py"
MAY_CHECK_PACKAGES = {"netloom/commands/layers.py"}
# A person's own file of Python: run by that person's command, or in the process without network
# that the operator has allowed it to.
RUNS_FILES = "netloom/formats/python/run.py"
MAY_RUN_FILES = {
    "netloom/commands/convert.py",
    "netloom/commands/push.py",
    "netloom/formats/reading.py",
}
# What a person sends to a studio elsewhere, from their own environment.
REACHES_OUT = "netloom/pushing.py"
MAY_REACH_OUT = {"netloom/__init__.py", "netloom/commands/push.py"}
# It names the opcodes of a pickle and follows none of them.
NAMES_OPCODES = "netloom/formats/torchscript/objects.py"
ALLOWED = {
    (RUNS_FILES, "runpy"),
    (REACHES_OUT, "urllib.request"),
    (NAMES_OPCODES, "pickletools"),
}
BANNED_IN_PAGES = (
    r"dangerouslySetInnerHTML",
    r"\.(?:inner|outer)HTML\s*=",
    r"insertAdjacentHTML",
    r"document\.write",
    r"\beval\(",
    r"new Function\(",
    r"setTimeout\(\s*['\"`]",
    r"createContextualFragment",
    r"DOMParser",
    r"srcdoc",
    r"['\"`]javascript:",
    r"import\(\s*[^'\"`)\s]",
)


def _files() -> list[Path]:
    rooms = [REPOSITORY / name for name in OURS]
    return [path for room in rooms for path in ([room] if room.is_file() else room.rglob("*.py"))]


def _objections(source: str, where: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        line = f"{where}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            for alias in node.names:
                if (where, alias.name) not in ALLOWED:
                    yield from _module_objection(alias.name, line)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield from _module_objection(f"{node.module}.{alias.name}", line)
        elif isinstance(node, ast.Call):
            yield from _call_objections(node, where, line)


def _module_objection(name: str, line: str) -> Iterator[str]:
    parts = name.split(".")
    if any(".".join(parts[:end]) in BANNED_MODULES for end in range(1, len(parts) + 1)):
        yield f"{line} imports {name}"


def _call_objections(node: ast.Call, where: str, line: str) -> Iterator[str]:
    name = ast.unparse(node.func)
    given = {word.arg: ast.unparse(word.value) for word in node.keywords}
    why = BANNED_CALLS.get(name) or BANNED_ANYWHERE.get(name.rpartition(".")[2])
    if why and not (where == RUNS_PACKAGES and name in ("eval", "exec")):
        yield f"{line} calls {name}: {why}"
    if name == "torch.load" and (where not in LOADS_WEIGHTS or given.get("weights_only") != "True"):
        yield f"{line} torch.load outside of {LOADS_WEIGHTS[0]}, or without weights_only=True"
    if name.endswith(("np.load", "numpy.load")) and given.get("allow_pickle", "False") != "False":
        yield f"{line} loads arrays with pickles in them"
    if given.get("shell", "False") != "False":
        yield f"{line} starts a shell"
    if name.endswith((".extractall", ".extract")) and where != UNPACKS:
        yield f"{line} unpacks an archive under names of its own"
    if name.endswith((".raw", ".extra", "RawSQL")):
        yield f"{line} SQL from text"
    if name.endswith("cursor.execute") and node.args and not isinstance(node.args[0], ast.Constant):
        yield f"{line} SQL that is put together"


def test_only_the_command_for_authors_runs_what_layers_write() -> None:
    folder = Path(RUNS_PACKAGES).parent.as_posix()
    paths = {path.relative_to(REPOSITORY).as_posix(): path for path in _files()}
    importers = {
        where
        for where, path in paths.items()
        if "layer_checks" in path.read_text() and not where.startswith(folder)
    }
    assert importers == MAY_CHECK_PACKAGES


@pytest.mark.parametrize(
    ("module", "importers"),
    [
        ("netloom.formats.python.run", MAY_RUN_FILES),
        ("netloom.pushing", MAY_REACH_OUT),
    ],
)
def test_only_commands_run_files_and_reach_out(module: str, importers: set[str]) -> None:
    found = {
        path.relative_to(REPOSITORY).as_posix() for path in _files() if module in path.read_text()
    }
    assert found - {module.replace(".", "/") + ".py"} == importers


def test_nothing_turns_data_into_code() -> None:
    files = _files()
    assert len(files) > 200
    found = [
        objection
        for path in files
        for objection in _objections(path.read_text(), path.relative_to(REPOSITORY).as_posix())
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import os.path, dill as d",
        "from urllib import request",
        "from xml.etree import ElementTree",
        "eval('1')",
        "exec(text)",
        "builtins.__import__(name)",
        "os.system('ls')",
        "torch.load(path, weights_only=True)",
        "np.load(path, allow_pickle=True)",
        "subprocess.run('ls', shell=True)",
        "archive.extractall(folder)",
        "Item.objects.raw(sql)",
        "cursor.execute(f'SELECT {name}')",
        "@csrf_exempt\ndef view(): csrf_exempt(view)",
    ],
)
def test_the_scan_sees(source: str) -> None:
    assert list(_objections(source, "netloom/somewhere.py"))


@pytest.mark.parametrize("where", LOADS_WEIGHTS)
def test_the_scan_sees_an_unsafe_load_where_one_is_allowed(where: str) -> None:
    source = "torch.load(path, weights_only={})"
    assert not list(_objections(source.format(True), where))
    assert list(_objections(source.format(False), where))
    assert list(_objections("torch.load(path)", where))


def _page_sources() -> Iterator[tuple[str, str]]:
    for path in (REPOSITORY / "frontend" / "src").rglob("*"):
        # What the pages are made of: their own tests are never sent to a browser.
        if path.suffix in (".ts", ".tsx", ".css") and ".test." not in path.name:
            yield path.relative_to(REPOSITORY).as_posix(), path.read_text()


def test_pages_make_no_markup_from_text() -> None:
    found = [
        (name, pattern)
        for name, text in _page_sources()
        for pattern in BANNED_IN_PAGES
        if re.search(pattern, text)
    ]
    assert found == []


def test_pages_load_nothing_from_elsewhere() -> None:
    """No CDN: the studio works without the net, and nobody else learns who uses it."""
    pattern = r"(?:src|href|url|fetch|import)\W{1,3}https?://"
    assert [name for name, text in _page_sources() if re.search(pattern, text)] == []


def test_the_page_has_no_script_of_its_own() -> None:
    html = (REPOSITORY / "frontend" / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
    assert re.findall(r"\son\w+=", html) == []
    assert re.findall(r"https?://", html) == []
