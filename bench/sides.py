"""The designer, plain React Flow and Netron showing the same networks in one browser."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from json import dumps
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

from bench.frames import acts, drag
from bench.peer_graphs import as_flow, write_onnx
from bench.registry import NotMeasurable
from config.setup.node import FRONTEND, find_node
from netloom.graph.document import Document
from tour.studio import free_port

NETLOOM, REACTFLOW, NETRON = "Netloom", "React Flow 12 by default", "Netron"
_PAGE = Path(__file__).resolve().parent / "pages"
_LOOPBACK = "127.0.0.1"
_OPEN_TIMEOUT_MS = 180_000
_SERVER_TIMEOUT_S = 60.0
_SERVE = """
import sys, threading, netron
netron.start(sys.argv[1], (sys.argv[2], int(sys.argv[3])), browse=False)
threading.Event().wait()
"""
_FITS = 12
_UNDOS = 20
_ANIMATION_FRAMES = 24
_SETTLE_FRAMES = 4

# The second frame after everything was there has been painted.
_WATCH = """(() => {
    const isThere = () => %s;
    const look = () => {
        if (!isThere()) return requestAnimationFrame(look);
        requestAnimationFrame(() => requestAnimationFrame(() => {
            window.benchOpened_ms = performance.now();
        }));
    };
    requestAnimationFrame(look);
})();"""
_NETLOOM_IS_THERE = """document.getElementsByClassName('react-flow__edge').length > 0
    && /\\d/.test(document.querySelector("[data-testid='layer-shape']")?.textContent ?? '')"""
_REACTFLOW_IS_THERE = """document.getElementsByClassName('react-flow__node').length === {nodes}
    && document.getElementsByClassName('react-flow__edge').length === {edges}"""
_NETRON_IS_THERE = """document.body?.className === 'default'
    && document.getElementsByClassName('edge-path').length >= {edges}"""
# A drag that scripts send has no pointer that could be captured; and it takes `eval` away, with
# which Playwright asks a page.
_NETRON_WITHOUT_CAPTURE = """
Element.prototype.setPointerCapture = Element.prototype.releasePointerCapture = () => {};
const { eval: kept } = window;
Object.defineProperty(window, 'eval', { get: () => kept, set: () => {} });"""
_MIDDLE_NODE = """() => {
    const pane = document.querySelector('.react-flow__pane').getBoundingClientRect();
    const away = (node) => {
        const { x, y, width, height } = node.getBoundingClientRect();
        const dx = x + width / 2 - pane.x - pane.width / 2;
        return Math.hypot(dx, y + height / 2 - pane.y - pane.height / 2);
    };
    const nodes = [...document.querySelectorAll('.react-flow__node')];
    return nodes.reduce((best, node) => (away(node) < away(best) ? node : best)).dataset.id;
}"""
_PANE, _VIEW = ".react-flow__pane", ".react-flow__viewport"
_PANE_EDGE = (0.5, 0.015)
_CANVAS = "[data-testid='designer-canvas']"
_FIT = {"click": "[data-testid='designer-fit']"}
_FULL_SIZE = {"key": {"on": _CANVAS, "key": "0", "code": "Digit0"}}
_UNDO = {"key": {"on": _CANVAS, "key": "z", "code": "KeyZ", "ctrlKey": True}}
_REDO = {"key": {"on": _CANVAS, "key": "Z", "code": "KeyZ", "ctrlKey": True, "shiftKey": True}}

Documents = Mapping[int, Document]


@dataclass(frozen=True, slots=True)
class Opened:
    """How long until everything was painted, and how much of that the main thread worked."""

    wall_s: float
    work_s: float


@dataclass(frozen=True, slots=True)
class Gesture:
    """Something done once or often.

    Attributes:
        times_ms: Of each frame of a drag, or of the slowest frame of each of several acts.
        work_ms: Processor time of the main thread for each of these, on average; what else runs on
            the machine hardly adds to it.
    """

    times_ms: list[float]
    work_ms: float


Gestures = dict[str, Gesture]


class MainThread:
    """Processor time that the main thread of a page has taken."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent_ms(self) -> float:
        """Return the milliseconds of all its tasks since the page began."""
        told = self._session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(each["value"] for each in told if each["name"] == "TaskDuration")

    def during(self, act: Callable[[], list[float]]) -> Gesture:
        """Do something and share out what it took."""
        before_ms = self.spent_ms()
        times_ms = act()
        return Gesture(times_ms, (self.spent_ms() - before_ms) / len(times_ms))


@dataclass(slots=True)
class Measured:
    """What one side took at one size."""

    opened: list[Opened] = field(default_factory=list[Opened])
    gestures: Gestures = field(default_factory=Gestures)

    @property
    def wall_s(self) -> float:
        return statistics.median(each.wall_s for each in self.opened)

    @property
    def work_s(self) -> float:
        return statistics.median(each.work_s for each in self.opened)


@dataclass(frozen=True, slots=True)
class Side:
    """Who shows the networks.

    Attributes:
        addresses: By number of nodes.
        script: Runs in the page of such a network before its own scripts, and notes when it is
            there.
        gestures: Does what can be done there.
    """

    name: str
    addresses: Mapping[int, str]
    script: Callable[[int], str]
    gestures: Callable[[Page, MainThread], Gestures]

    def open(self, context: BrowserContext, size: int) -> tuple[Page, MainThread, Opened]:
        """Open a network in a page of its own and wait until it is painted."""
        page = context.new_page()
        page.add_init_script(self.script(size))
        main = MainThread(page)
        page.goto(self.addresses[size], wait_until="commit")
        page.wait_for_function("() => window.benchOpened_ms > 0", timeout=_OPEN_TIMEOUT_MS)
        work_s = main.spent_ms() / 1000
        return page, main, Opened(page.evaluate("() => window.benchOpened_ms") / 1000, work_s)


def netloom_side(addresses: Mapping[int, str]) -> Side:
    """The designer of a studio that is running."""
    return Side(NETLOOM, addresses, lambda _: _WATCH % _NETLOOM_IS_THERE, _designer_gestures)


@contextmanager
def reactflow_side(documents: Documents) -> Iterator[Side]:
    """React Flow as its guide begins, on a page built with the frontend's packages."""
    with tempfile.TemporaryDirectory(prefix="netloom-bench-") as name:
        folder = Path(name)
        vite = FRONTEND / "node_modules" / "vite" / "bin" / "vite.js"
        build = [
            find_node().program,
            str(vite),
            "build",
            "--config",
            str(_PAGE / "vite.config.mjs"),
        ]
        subprocess.run(
            [*build, "--outDir", name, "--logLevel", "error"], check=True, capture_output=True
        )
        for size, document in documents.items():
            (folder / f"{size}.json").write_text(dumps(as_flow(document)))
        with _served(folder) as address:
            yield Side(
                REACTFLOW,
                {size: f"{address}/?graph={size}" for size in documents},
                lambda size: _WATCH % _counted(_REACTFLOW_IS_THERE, documents[size]),
                _reactflow_gestures,
            )


@contextmanager
def netron_side(documents: Documents, context: BrowserContext) -> Iterator[Side]:
    """Netron's own server with the networks as ONNX files.

    Raises:
        NotMeasurable: Its package is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="netloom-bench-") as name:
        files: dict[int, tuple[Path, int]] = {}
        for size, document in documents.items():
            path = Path(name) / f"residual_{size}.onnx"
            write_onnx(document, path)
            files[size] = path, len(document.graph.edges)
        with netron_of(files, context) as side:
            yield side


@contextmanager
def netron_of(files: Mapping[int, tuple[Path, int]], context: BrowserContext) -> Iterator[Side]:
    """Netron's own server with some files.

    Args:
        files: Each with the number of connections that Netron draws of it, by any number.

    Raises:
        NotMeasurable: Its package is not installed.
    """
    if find_spec("netron") is None:
        raise NotMeasurable("No module named 'netron'; `make bench` installs it.")
    ports = {number: free_port() for number in files}
    with ExitStack() as stack:
        for number, (path, _) in files.items():
            stack.enter_context(_netron_server(path, ports[number]))
        urls = {number: f"http://{_LOOPBACK}:{port}" for number, port in ports.items()}
        # It asks once whether it may count its visitors.
        context.add_cookies(
            [{"name": "consent", "value": "1", "url": url} for url in urls.values()]
        )
        yield Side(
            NETRON,
            urls,
            lambda number: (
                _NETRON_WITHOUT_CAPTURE + _WATCH % _NETRON_IS_THERE.format(edges=files[number][1])
            ),
            _netron_gestures,
        )


@contextmanager
def _netron_server(path: Path, port: int) -> Iterator[None]:
    """Serve one file: all servers of one process would serve the file that came last."""
    command = [sys.executable, "-c", _SERVE, str(path), _LOOPBACK, str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + _SERVER_TIMEOUT_S
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"Netron does not serve {path.name}")
                time.sleep(0.1)
            yield
        finally:
            process.kill()


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        asking.settimeout(1)
        return asking.connect_ex((_LOOPBACK, port)) == 0


def _counted(text: str, document: Document) -> str:
    graph = document.graph
    return text.format(nodes=len(graph.nodes), edges=len(graph.edges))


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    handler = partial(_QuietHandler, directory=str(folder))
    with ThreadingHTTPServer((_LOOPBACK, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{_LOOPBACK}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Leave standard error to what matters."""


def _designer_gestures(page: Page, main: MainThread) -> Gestures:
    acts(page, _FULL_SIZE, steps=_ANIMATION_FRAMES)
    near = main.during(lambda: drag(page, _PANE, moved=_VIEW, at=_PANE_EDGE))
    dragged = _drag_middle(page, main)
    undone = main.during(lambda: _slowest(page, [_UNDO, _REDO] * _UNDOS, _SETTLE_FRAMES))
    zoomed = main.during(lambda: _slowest(page, [_FIT, _FULL_SIZE] * _FITS, _ANIMATION_FRAMES))
    acts(page, _FIT, steps=_ANIMATION_FRAMES)
    far = main.during(lambda: drag(page, _PANE, moved=_VIEW, at=_PANE_EDGE))
    return {"pan": near, "drag": dragged, "undo": undone, "fit": zoomed, "fit_pan": far}


def _slowest(page: Page, what: list[dict[str, Any]], steps: int) -> list[float]:
    return [max(frames) for frames in acts(page, *what, steps=steps)]


def _drag_middle(page: Page, main: MainThread) -> Gesture:
    node = f'.react-flow__node[data-id="{page.evaluate(_MIDDLE_NODE)}"]'
    return main.during(lambda: drag(page, node, moved=node, at=(0.5, 0.2)))


def _reactflow_gestures(page: Page, main: MainThread) -> Gestures:
    panned = main.during(lambda: drag(page, _PANE, moved=_VIEW, at=_PANE_EDGE))
    return {"pan": panned, "drag": _drag_middle(page, main)}


def _netron_gestures(page: Page, main: MainThread) -> Gestures:
    panned = main.during(lambda: drag(page, "#target", moved="#canvas", kind="pointer"))
    return {"pan": panned}
