"""Which line of a person's own code is being run, or has failed."""

from __future__ import annotations

import inspect

_TORCH_FILES = "/torch/"
_OWN_FILES = ("traced/record.py", "traced/lines.py")


def current_line() -> str:
    """Return the line of the module's own code that is being run."""
    frame = inspect.currentframe()
    if frame is None:
        return "an unknown line"
    while frame.f_back is not None and (
        _TORCH_FILES in frame.f_code.co_filename or frame.f_code.co_filename.endswith(_OWN_FILES)
    ):
        frame = frame.f_back
    return _place(frame.f_code.co_filename, frame.f_lineno)


def failing_line(error: BaseException) -> str:
    """Return the innermost line of the module's own code that an exception passed."""
    places = ["an unknown line"]
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if _TORCH_FILES not in name and not name.endswith(_OWN_FILES):
            places.append(_place(name, trace.tb_lineno))
        trace = trace.tb_next
    return places[-1]


def _place(file: str, line: int) -> str:
    short = "/".join(file.replace("\\", "/").split("/")[-2:])
    return f"{short}, line {line}"
