"""One server and one browser for all tests of this folder; pages and kernels by test or by file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium
from tests.browser.driving import DEMO, reset, wait_ready
from tests.browser.jupyter_server import JupyterServer, jupyter_server
from tests.browser.open_notebook import App, OpenNotebook

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


@contextmanager
def notebooks(server: JupyterServer, browser: Browser, name: str) -> Iterator[OpenCells]:
    """A way to open notebooks; at the end a picture of each is kept and all are closed."""
    opened: list[OpenNotebook] = []
    name = re.sub(r"\W+", "_", name).strip("_")

    def open_cells(*cells: str, app: App = "lab", path: str = "", kernel: str = "python3") -> OpenNotebook:
        path = path or OpenNotebook.write(server.work, f"{name}_{len(opened)}", *cells, kernel=kernel)
        opened.append(OpenNotebook(server, browser, path, app=app))
        return opened[-1]

    yield open_cells
    for number, one in enumerate(opened):
        one.screenshot(f"end-{name}-{number}")
        one.close()
    for one in opened:
        assert one.foreign == []
        assert one.errors == []


@pytest.fixture
def notebook(server: JupyterServer, browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenCells]:
    """Opens notebooks for one test."""
    with notebooks(server, browser, request.node.name) as open_cells:
        yield open_cells


@pytest.fixture(scope="module")
def shared_notebook(
    server: JupyterServer, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[OpenCells]:
    """Opens notebooks that all tests of a file use, one after another."""
    with notebooks(server, browser, request.node.path.stem) as open_cells:
        yield open_cells


@pytest.fixture(scope="module")
def loaded(shared_notebook: OpenCells) -> OpenNotebook:
    """A notebook whose widget is loaded and ready, with a second cell to run."""
    nb = shared_notebook(DEMO, "True")
    nb.run_cell(0)
    wait_ready(nb)
    return nb


@pytest.fixture
def demo(loaded: OpenNotebook) -> OpenNotebook:
    """The same widget with nothing selected."""
    reset(loaded)
    return loaded
