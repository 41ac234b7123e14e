"""Why a document cannot become a module, and which node an exception came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import FrameType
from typing import cast

from netloom.graph.diagnostics import Diagnostic


class CompileError(ValueError):
    """A document has errors, so there is nothing to compile.

    Attributes:
        diagnostics: What `analyze` says is wrong; empty when only the compiler noticed.
    """

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)

    @classmethod
    def of(cls, diagnostics: Sequence[Diagnostic]) -> CompileError:
        """Make an error that lists every diagnostic on its own line."""
        lines = [f"- {diagnostic.message}" for diagnostic in diagnostics]
        count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
        return cls("\n".join([f"The network has {count} to fix first:", *lines]), diagnostics)


def node_of_exception(error: BaseException) -> str | None:
    """Return the path of the node in whose forward pass `error` was raised.

    The path is the one `analyze` uses: a node id on the top level, `instance/inner` in a block.
    The traceback is read after the fact, so that a forward pass without errors costs nothing.
    None when the error did not pass through a compiled network.
    """
    paths_by_module: dict[int, str] = {}
    found: str | None = None
    for frame in _frames(error):
        module = frame.f_locals.get("self")
        paths = getattr(module, "netloom_nodes", None)
        if isinstance(paths, dict) and (named_modules := getattr(module, "named_modules", None)):
            known = cast("dict[str, str]", paths)
            found_modules = cast("Iterable[tuple[str, object]]", named_modules())
            paths_by_module = {
                id(child): known[name] for name, child in found_modules if name in known
            }
        path = paths_by_module.get(id(module))
        if path is not None:
            found = path
    return found


def _frames(error: BaseException) -> list[FrameType]:
    frames: list[FrameType] = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    return frames
