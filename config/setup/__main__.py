"""`python -m config.setup run|dev|test|postgres`: get what the studio or its tests need."""

from __future__ import annotations

import os
import sys

from config.setup.browser import ensure_browser
from config.setup.node import build_frontend, find_node, install_frontend, run_npm
from config.setup.packages import DEV_LOCK, RUN_LOCK, install_packages
from config.setup.postgres import ensure_postgres
from config.setup.stamps import SetupProblem

USAGE = "usage: python -m config.setup run|dev|test|postgres | npm ARGUMENTS..."


def main(arguments: list[str]) -> int:
    step = arguments[0] if arguments else ""
    try:
        if step == "npm":
            return run_npm(find_node(), *arguments[1:])
        if step == "postgres":
            ensure_postgres()
            return 0
        if step not in ("run", "dev", "test"):
            print(USAGE, file=sys.stderr)
            return 2
        # Its words and those of pip and npm are progress; `make tour` prints nothing but JSON.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        install_packages(RUN_LOCK if step == "run" else DEV_LOCK)
        node = find_node()
        install_frontend(node)
        if step != "dev":
            build_frontend(node)
        if step == "test":
            ensure_browser()
    except SetupProblem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
