"""A web server of the tests with one more route: a large file. `python -m tests.house.served`."""

from __future__ import annotations

import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.house.served"

from config.settings import *

ROOT_URLCONF = "tests.house.served_urls"

if __name__ == "__main__":
    from config import server

    server.serve("127.0.0.1", int(sys.argv[1]))
