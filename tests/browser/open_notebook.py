"""One notebook open in one page, driven as a user would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Literal

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Error, Page

from tests.browser.chromium import note_foreign_requests
from tests.browser.jupyter_server import JupyterServer
from tests.browser.kernel_client import KernelClient
from tests.browser.open_widget import HEIGHT, WIDTH, OpenWidget

OPEN_TIMEOUT_MS = 90_000
NOTEBOOK_SHOWN = "() => !!(window.jupyterapp && document.querySelector('.jp-Notebook'))"
KERNEL_CONNECTED = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  const session = panel?.context?.sessionContext || panel?.sessionContext;
  return !!session && session.isReady && session.session?.kernel?.connectionStatus === 'connected';
}"""
CUT_OFF = """() => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  kernel._reconnect = () => kernel._updateConnectionStatus('connecting');
  kernel._ws.close();
}"""
CONNECT_AGAIN = """() => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  delete kernel._reconnect;
  return kernel.reconnect();
}"""
SELECT_CELL = """index => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.deselectAll();
  notebook.activeCellIndex = index;
}"""
# Playwright waits for a promise for ever, and a kernel that never answers would hold all tests up.
COMMAND = """([name, args, limitMs]) => Promise.race([
  window.jupyterapp.commands.execute(name, args).then(() => null),
  new Promise((_, fail) => setTimeout(() => fail(new Error(`${name} did not end in ${limitMs} ms`)), limitMs)),
])"""
COMMAND_LIMIT_MS = 180_000
COMMAND_UNAWAITED = "([name, args]) => { window.jupyterapp.commands.execute(name, args); return null; }"

App = Literal["lab", "notebook"]


class OpenNotebook(OpenWidget):
    """A page with a notebook in JupyterLab or Notebook 7, and a way to its Python.

    Attributes:
        page: the page.
        foreign: addresses outside this machine that the page asked for.
        errors: errors thrown by the widget's code.
    """

    def __init__(self, server: JupyterServer, browser: Browser, path: str, *, app: App = "lab") -> None:
        self._server = server
        self._path = path
        self._app = app
        self._context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
        self.foreign = note_foreign_requests(self._context)
        self.errors: list[str] = []
        self.page = self.open_tab()

    @staticmethod
    def write(folder: Path, name: str, *cells: str, kernel: str = "python3") -> str:
        """Writes a notebook of code cells for a kernel of this name; its path."""
        notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {
            "name": kernel,
            "display_name": kernel,
            "language": "python",
        }
        nbformat.write(notebook, folder / f"{name}.ipynb")
        return f"{name}.ipynb"

    @cached_property
    def kernel(self) -> KernelClient:
        """The notebook's Python, by a connection of its own."""
        session = next(s for s in self._server.sessions() if s["path"] == self._path)
        kernel = session["kernel"]
        assert isinstance(kernel, dict)
        return KernelClient(self._server.runtime / f"kernel-{kernel['id']}.json")

    def run_cell(self, index: int, *, wait: bool = True) -> None:
        """Runs a cell; without `wait` comes back while it runs."""
        self.page.evaluate(SELECT_CELL, index)
        self.command("notebook:run-cell", wait=wait)

    def run_all(self) -> None:
        """Runs every cell and waits for the last."""
        self.command("notebook:run-all-cells")

    def command(self, name: str, *, wait: bool = True, **args: str) -> None:
        """Executes a command of JupyterLab's palette."""
        self.page.evaluate(COMMAND if wait else COMMAND_UNAWAITED, [name, args, COMMAND_LIMIT_MS])

    def save(self) -> None:
        """Saves the notebook with its outputs."""
        self.command("docmanager:save")

    def reload(self) -> None:
        """Reloads the page."""
        self.page.reload()
        self._wait_open(self.page)

    def open_tab(self, workspace: str = "") -> Page:
        """Opens the notebook in a tab, one more or the first; a second one in Lab needs a workspace of its own."""
        page = self._context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())  # leaving an unsaved notebook asks
        page.on("pageerror", self._note_error)
        name = self._path.replace("/", "-").removesuffix(".ipynb") + workspace
        place = f"lab/workspaces/auto-{name}/tree" if self._app == "lab" else "notebooks"
        page.goto(f"{self._server.url}/{place}/{self._path}")
        self._wait_open(page)
        return page

    def close_and_open(self) -> None:
        """Closes the page, and opens the notebook in a new one."""
        self.page.close()
        self.page = self.open_tab()

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Without a connection to the kernel: its socket is closed, and JupyterLab makes a new one at the end only."""
        self.page.evaluate(CUT_OFF)
        try:
            yield
        finally:
            self.page.evaluate(CONNECT_AGAIN)

    def use_theme(self, name: str) -> None:
        """Switches the theme of JupyterLab or Notebook, and waits until the splash over it is gone."""
        self.command("apputils:change-theme", theme=name)
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def close(self) -> None:
        """Closes page and kernel."""
        if "kernel" in self.__dict__:
            self.kernel.close()
        self._context.close()
        self._server.end_session(self._path)

    @staticmethod
    def _wait_open(page: Page) -> None:
        page.wait_for_function(NOTEBOOK_SHOWN, timeout=OPEN_TIMEOUT_MS)
        page.wait_for_function(KERNEL_CONNECTED, timeout=OPEN_TIMEOUT_MS)

    def _note_error(self, error: Error) -> None:
        # Notebook 7 throws errors of its own; a widget's code runs from a blob address
        if "blob:" in (error.stack or ""):
            self.errors.append(str(error))
