"""Nothing opens a connection, and nothing heavy comes in before it is needed."""

from __future__ import annotations

import subprocess
import sys

BLOCKED = """
import socket, sys
def refuse(*args, **kwargs):
    raise SystemExit("a connection was tried")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
socket.socket.connect_ex = refuse
from scanner.detect._entity.home import scanner_for
from scanner.detect._entity.presidio import make_analyzer, no_network
from scanner.detect._entity.scan import EntityScanner, entity_lines
from scanner.model.content import Segment
text = "mail a@b.example or jane@mail.co.uk, 手机13800138000, see www.a.example and 10.0.0.1"
assert len(list(entity_lines([Segment(text)], scanner_for()))) == 4
from presidio_analyzer import RecognizerRegistry
registry = RecognizerRegistry()
registry.load_predefined_recognizers()
registry.remove_recognizer("SpacyRecognizer")
found = EntityScanner(make_analyzer(registry)).entities(Segment(text))
assert any(one.type == "EMAIL_ADDRESS" for one in found)
print("quiet")
"""

LIGHT = """
import sys
import scanner.detect
from scanner.catalogue import modules
from pathlib import Path
names = [one.__name__ for one in modules(scanner.detect)]
import scanner.detect.customer_list
from scanner.cli import main
print([name for name in ("presidio_analyzer", "spacy", "phonenumbers") if name in sys.modules])
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_no_connection_is_tried():
    assert run(BLOCKED) == "quiet"


def test_detectors_and_command_line_stay_light():
    assert run(LIGHT) == "[]"
