"""Install the packages that figures are compared with: `python -m bench.peers`.

They are locked in requirements-bench.txt and leave the studio's own packages as they are.
"""

from __future__ import annotations

import os
import sys

from config.setup.packages import PYTHON, pip_install_locked
from config.setup.stamps import REPOSITORY, SetupProblem, once

LOCK = REPOSITORY / "requirements-bench.txt"


def main() -> int:
    """Install what is not there yet; standard output is left to the figures."""
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        once("requirements-bench", [sys.version, LOCK], PYTHON, lambda: pip_install_locked(LOCK))
    except SetupProblem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
