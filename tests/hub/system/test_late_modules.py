"""Modules that libraries import, and most processes never use."""

import subprocess
import sys

import pytest

LATE = ("_ssl", "http.client", "email.message", "zipfile")


def _prints(program: str) -> str:
    """What a new interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("process", ["hub.worker", "hub.daemon"])
def test_a_process_starts_without_tls_http_and_the_metadata_of_packages(process):
    """They would take 3 MB in each; what a house uses is loaded then."""
    assert _prints(f"import sys, {process}; print([m for m in {LATE} if m in sys.modules])") == "[]"


def test_a_late_module_is_itself_as_soon_as_it_is_used():
    """By its attributes, by `from`, by several threads at once; what is set in it stays."""
    program = """
import hub, ssl, threading, urllib.request
first = []
threads = [threading.Thread(target=lambda: first.append(ssl.SSLContext)) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
from ssl import SSLContext
from urllib.request import urlopen
import importlib.metadata
ssl._create_default_https_context = 7
print(
    first == [SSLContext] * 8,
    urlopen is urllib.request.urlopen,
    importlib.metadata.version("paho-mqtt")[0],
    ssl.create_default_context.__globals__["_create_default_https_context"],
    hasattr(ssl, "nothing"),
)
"""
    assert _prints(program) == "True True 2 7 False"


def test_a_module_that_is_loaded_already_stays_as_it_is():
    """A program that uses it, and then ours, has one of it."""
    assert _prints("import ssl; was = ssl.SSLContext; import hub; print(ssl.SSLContext is was)")
