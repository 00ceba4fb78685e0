from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("gateway_mta", Path(__file__).parent / "mta.py")
if "gateway_mta" not in sys.modules:
    sys.modules["gateway_mta"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["gateway_mta"])
mta = sys.modules["gateway_mta"]

ROOT = Path(__file__).parents[2]
LIST = ROOT / "fixtures/demo/customers_cn.csv"


@pytest.fixture(scope="session")
def registered(tmp_path_factory) -> Path:
    """A home with the sample customer list registered; copy it before use."""
    from scanner.home import open_home
    from scanner.run.enrol import add_dataset

    home = open_home(tmp_path_factory.mktemp("registered") / "home")
    add_dataset(home, LIST, "crm-cn", dossier_file=ROOT / "fixtures/demo/dossiers/crm-cn.yaml")
    return home.root


@pytest.fixture
def home(registered, tmp_path) -> Path:
    return Path(shutil.copytree(registered, tmp_path / "home", symlinks=True))


@pytest.fixture
def rows() -> list[str]:
    """Lines of the registered list, without its header."""
    return LIST.read_text(encoding="utf-8-sig").splitlines()[1:]


@pytest.fixture
def sink():
    found = mta.Sink()
    yield found
    found.close()


@pytest.fixture
def mailserver(home, sink):
    """Makes (postfix, gateway) for a mode; both are ended afterwards."""
    if why := mta.missing():
        pytest.skip(why)
    ended = []

    def make(mode: str, on_failure: str = "defer"):
        folder = Path(tempfile.mkdtemp(prefix="leakscan-postfix-"))
        ended.append(lambda: shutil.rmtree(folder, ignore_errors=True))
        port = mta.free_port()
        postfix = mta.Postfix(folder, port, sink.port)
        gateway = mta.GatewayProcess(home, port, mode, on_failure, postfix.release)
        ended.extend((postfix.stop, gateway.kill))
        gateway.start()
        postfix.start()
        return postfix, gateway

    yield make
    for end in reversed(ended):
        end()
