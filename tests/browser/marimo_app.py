"""marimo serving one app on loopback, and a page that shows it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from playwright.sync_api import Browser, Error

from tests.browser.chromium import note_foreign_requests
from tests.browser.open_widget import HEIGHT, WIDTH, OpenWidget

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15
OWN_FOLDERS = ("XDG_CONFIG_HOME", "XDG_STATE_HOME")


class MarimoPage(OpenWidget):
    """The app in a page. marimo draws widgets in a shadow root, which playwright looks into.

    Attributes:
        foreign: addresses outside this machine that the page asked for.
        errors: errors thrown in the page.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self._context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
        self.foreign = note_foreign_requests(self._context)
        self.errors: list[str] = []
        self.page = self._context.new_page()
        self.page.on("pageerror", self._note_error)
        self.page.goto(url)

    def close(self) -> None:
        """Closes the page."""
        self._context.close()

    def _note_error(self, error: Error) -> None:
        self.errors.append(str(error))


@contextmanager
def marimo_app(app: Path) -> Iterator[str]:
    """Runs `marimo run` on a file; the address. It ends with all that the app started."""
    port = _free_port()
    environment = dict(os.environ)
    for variable in OWN_FOLDERS:
        environment[variable] = str(app.parent / variable.lower())
    log = app.with_suffix(".log").open("w")
    options = ["--headless", "--host", "127.0.0.1", "--port", str(port), "--no-token"]
    server = subprocess.Popen(
        [sys.executable, "-m", "marimo", "run", str(app), *options],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_up(server, url, app.with_suffix(".log"))
        yield url
    finally:
        server.terminate()
        try:
            server.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        log.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_up(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    pause = threading.Event()
    for _ in range(START_TIMEOUT_S * 10):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{url}/health", timeout=5).close()
        except URLError:
            pause.wait(0.1)
        else:
            return
    raise RuntimeError(f"marimo did not start:\n{log.read_text()}")
