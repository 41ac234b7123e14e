"""A process that misbehaves in one way: `python -m tests.api.designer.speaking HOW FOLDER ...`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from netloom.formats.confining import live_apart
from netloom.formats.telling import refuse, tell, tell_through


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("how")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tell", type=int)
    options, _ = parser.parse_known_args()
    tell_through(options.tell)
    match options.how:
        case "prints":
            for step in range(40_000):
                print("step", step, "loss", 0.123456789)  # noqa: T201 - what files do
            tell(1.0, "Done")
        case "prints, then sleeps":
            print("hello", flush=True)  # noqa: T201 - what files do
            time.sleep(1000)
        case "long refusal":
            return refuse("import_failed", "A" * 200_000)
        case "nonsense":
            for line in (b"A" * 200_000 + b"\n", b"[[\n", b"3\n", b"[" * 60_000 + b"\n", b"\xff\n",
                         b'{"progress": NaN, "text": "\\u0000\\ud800"}\n'):  # fmt: skip
                os.write(options.tell, line)
            tell(0.5, "Sense")
            time.sleep(0.5)
            tell(2, "More than all")
        case "nonsense without end":
            while True:
                os.write(options.tell, b"A" * 60_000)
        case "closes its pipes":
            for each in (1, 2, options.tell):
                os.close(each)
            time.sleep(1000)
        case "leaves somebody":
            if not live_apart():
                return 3
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(1000)
                os._exit(0)
            tell(1.0, "Done")
        case "many":
            for _ in range(100):
                if os.fork() == 0:
                    time.sleep(1000)
            time.sleep(1000)
        case "large family":
            if os.fork() == 0:
                _held = b"A" * 300_000_000
            time.sleep(1000)
        case "fails":
            print("the reason")  # noqa: T201 - what files do
            return 7
        case _:
            raise ValueError(options.how)
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)
