"""A Jupyter server on loopback that reads and writes nothing of the user's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OWN_FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "IPYTHONDIR": "ipython",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
}
OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",
    "--IdentityProvider.token=",
    "--ServerApp.password=",
    "--ServerApp.disable_check_xsrf=True",
    "--LabApp.expose_app_in_browser=True",
    "--JupyterNotebookApp.expose_app_in_browser=True",
]
READY_LINE = "Jupyter Server"  # "... is running at:"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15


@dataclass(frozen=True)
class JupyterServer:
    """A running server.

    Attributes:
        url: its address, without a slash at the end.
        work: the folder whose notebooks it opens.
        runtime: where it keeps its kernels' connection files.
        data: where it looks for kernels besides the environment's own.
    """

    url: str
    work: Path
    runtime: Path
    data: Path

    def sessions(self) -> list[dict[str, object]]:
        """The open notebooks with their kernels."""
        with urllib.request.urlopen(f"{self.url}/api/sessions", timeout=10) as answer:
            found: list[dict[str, object]] = json.load(answer)
        return found

    def end_session(self, notebook: str) -> None:
        """Shuts down the kernel of a notebook."""
        for session in self.sessions():
            if session["path"] == notebook:
                address = f"{self.url}/api/sessions/{session['id']}"
                urllib.request.urlopen(urllib.request.Request(address, method="DELETE"), timeout=30).close()


def own_environment(root: Path) -> dict[str, str]:
    """This process's environment, with every folder Jupyter writes to under `root`."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON"))}
    for variable, name in OWN_FOLDERS.items():
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        environment[variable] = str(folder)
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    page_config = root / "config" / "labconfig" / "page_config.json"
    page_config.parent.mkdir()
    # the news extension would ask the internet
    page_config.write_text(
        json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}})
    )
    return environment


@contextmanager
def jupyter_server(root: Path) -> Iterator[JupyterServer]:
    """Starts `jupyter lab`, which serves Notebook 7 too, and ends it with all its kernels."""
    work = root / "work"
    work.mkdir(parents=True)
    log = (root / "server.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *OPTIONS, f"--ServerApp.root_dir={work}"],
        env=own_environment(root),
        cwd=work,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        port = _port(server, root)
        yield JupyterServer(f"http://127.0.0.1:{port}", work, root / "runtime", root / "data")
    finally:
        server.terminate()
        try:
            server.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        log.close()


def _port(server: subprocess.Popen[bytes], root: Path) -> int:
    """The port that the server chose: it writes it into a file once it listens."""
    listens = threading.Event()
    info = root / "runtime" / f"jpserver-{server.pid}.json"
    for _ in range(START_TIMEOUT_S * 10):
        if server.poll() is not None:
            break
        if info.exists() and (text := info.read_text()).endswith("}"):
            return int(json.loads(text)["port"])
        listens.wait(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{(root / 'server.log').read_text()}")
