"""One server and one browser for all tests of this folder; a page and a kernel for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium
from tests.browser.jupyter_server import JupyterServer, jupyter_server
from tests.browser.open_notebook import OpenNotebook

OpenCells = Callable[..., OpenNotebook]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


# scope "package": playwright keeps an event loop running, which would disturb the tests after these
@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def notebook(server: JupyterServer, browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenCells]:
    """Opens a notebook made of the given cells; a picture of its page is kept when the test ends."""
    opened: list[OpenNotebook] = []
    name = re.sub(r"\W+", "_", request.node.name).strip("_")

    def open_cells(*cells: str, app: str = "lab", path: str = "") -> OpenNotebook:
        path = path or OpenNotebook.write(server.work, f"{name}_{len(opened)}", *cells)
        opened.append(OpenNotebook(server, browser, path, app="lab" if app == "lab" else "notebook"))
        return opened[-1]

    yield open_cells
    for number, one in enumerate(opened):
        one.screenshot(f"end-{name}-{number}")
        one.close()
    for one in opened:
        assert one.foreign == []
        assert one.errors == []
