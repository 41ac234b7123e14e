"""The studio's settings over a data folder of this test process alone."""

import os
import tempfile

_test_data = os.environ.get("NETLOOM_TEST_DATA")
_tensorflow_python = os.environ.get("NETLOOM_TENSORFLOW_PYTHON")
for _name in [name for name in os.environ if name.startswith("NETLOOM_")]:
    del os.environ[_name]
os.environ["NETLOOM_DATA"] = tempfile.mkdtemp(prefix="netloom-test-")
os.environ["NETLOOM_RESERVE_MB"] = "0"
os.environ["NETLOOM_SOCKET_CHECK_S"] = "0.2"
if "TEST_DATABASE_URL" in os.environ:  # see tests.postgres
    os.environ["NETLOOM_DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
if _test_data:
    os.environ["NETLOOM_TEST_DATA"] = _test_data
if _tensorflow_python:  # for the tests that ask for it; the others are without
    os.environ["TEST_TENSORFLOW_PYTHON"] = _tensorflow_python

from config.settings import *

# Hashing passwords slowly is the point outside of tests.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
