"""The child's side of `jobs.warm_child`: `python -m jobs.warm_loop MODULE`.

Imports MODULE once, with everything heavy it needs, and then answers requests, one JSON object a
line. MODULE has `HANDLERS`, a dict of functions `(payload, call) -> result`; see Call. There is
no Django, no database and no secret in this process.

    in    {"type": "request", "id": 1, "name": "explain", "payload": {...}}
          {"type": "cancel", "id": 1}
    out   {"type": "ready"}
          {"type": "progress", "id": 1, "fraction": 0.5, "message": "...", "data": {...}}
          {"type": "result", "id": 1, "result": {...}}
          {"type": "cancelled", "id": 1}
          {"type": "problem", "id": 1, "code": "...", "detail": "...", "next_step": "..."}
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from typing import IO, Any

Handler = Callable[[dict[str, Any], "Call"], dict[str, Any]]


class RequestCancelled(Exception):
    """Raised by `Call.progress` when nobody waits for the answer any more."""


class RequestRefused(Exception):
    """Raised by a handler for what a person can put right: becomes a problem of the job."""

    def __init__(self, code: str, detail: str, next_step: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.next_step = next_step


class Call:
    """What a handler may do while it works."""

    def __init__(self, request_id: int, tell: Callable[[dict[str, Any]], None]) -> None:
        self.request_id = request_id
        self._tell = tell
        self._cancelled = threading.Event()

    def progress(
        self, fraction: float | None, message: str = "", data: dict[str, Any] | None = None
    ) -> None:
        """Tell how far it is, once a chunk; raises RequestCancelled after a cancel."""
        if self._cancelled.is_set():
            raise RequestCancelled
        self._tell(
            {
                "type": "progress",
                "id": self.request_id,
                "fraction": fraction,
                "message": message,
                "data": data,
            }
        )

    def is_cancelled(self) -> bool:
        """True once nobody waits for the answer."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Called by the loop."""
        self._cancelled.set()


class Loop:
    """Reads requests on one thread, so that a cancel arrives while a handler computes."""

    def __init__(self, source: IO[str], sink: IO[str]) -> None:
        self.handlers: dict[str, Handler] = {}
        self.source = source
        self.sink = sink
        self.requests: queue.Queue[tuple[dict[str, Any], Call] | None] = queue.Queue()
        self.calls: dict[int, Call] = {}
        self.lock = threading.Lock()

    def listen(self) -> None:
        """Take in requests from now on, and end this process once the parent is gone."""
        threading.Thread(target=self._listen, daemon=True).start()

    def run(self, handlers: dict[str, Handler]) -> None:
        """Answer requests."""
        self.handlers = handlers
        self.tell({"type": "ready"})
        while (waiting := self.requests.get()) is not None:
            self.tell(self._answer(*waiting))
            self.calls.pop(waiting[1].request_id, None)

    def tell(self, message: dict[str, Any]) -> None:
        with self.lock:
            self.sink.write(json.dumps(message, separators=(",", ":")) + "\n")
            self.sink.flush()

    def _listen(self) -> None:
        for line in self.source:
            message = json.loads(line)
            if message["type"] == "request":
                call = Call(message["id"], self.tell)
                self.calls[message["id"]] = call
                self.requests.put((message, call))
            elif (waiting := self.calls.get(message["id"])) is not None:
                waiting.cancel()
        # The parent is gone: whatever is being computed is for nobody.
        os._exit(0)

    def _answer(self, request: dict[str, Any], call: Call) -> dict[str, Any]:
        request_id = request["id"]
        try:
            result = self.handlers[request["name"]](request["payload"], call)
        except RequestCancelled:
            return {"type": "cancelled", "id": request_id}
        except RequestRefused as refusal:
            return _problem(request_id, refusal.code, refusal.detail, refusal.next_step)
        except MemoryError:
            return _problem(request_id, "out_of_memory", "The memory of the machine is used up.")
        except Exception as error:  # noqa: BLE001 - one request fails, the loop lives on
            traceback.print_exc(file=sys.stderr)
            if type(error).__name__ == "OutOfMemoryError":
                return _problem(request_id, "out_of_memory", "The memory of the device is used up.")
            return _problem(request_id, "server_error", f"{type(error).__name__}: {error}")
        return {"type": "result", "id": request_id, "result": result}


def _problem(request_id: int, code: str, detail: str, next_step: str = "") -> dict[str, Any]:
    return {
        "type": "problem",
        "id": request_id,
        "code": code,
        "detail": detail,
        "next_step": next_step,
    }


def main() -> None:
    # Whatever a library prints goes to the log; the pipe belongs to the protocol.
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    loop = Loop(sys.stdin, sink)
    # Before the import: on a busy machine that takes a minute, and nobody may be left by then.
    loop.listen()
    loop.run(importlib.import_module(sys.argv[1]).HANDLERS)


if __name__ == "__main__":
    # By its real name, so that a handler's RequestRefused is the class this loop catches.
    from jobs.warm_loop import main as serve

    serve()
