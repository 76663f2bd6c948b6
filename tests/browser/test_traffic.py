"""What goes over the wire: bytes grow as the texts do, and all of them come from this server."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page, WebSocket

from tests.browser.conftest import OpenCells
from tests.browser.driving import DEMO, WALK, press_run, wait_ready, wait_run
from tests.browser.jupyter_server import JupyterServer

N_CELLS = 20
MAX_BYTES_PER_TOKEN = 250  # measured: 150, where each step is a message of its own
MAX_BYTES_PER_CELL = 12_000  # measured: 6,000: begin, end, measures
COMM_MESSAGE = b'"comm_msg"'


@dataclass
class Traffic:
    """Bytes of the widget's messages that a page's sockets received, and the hosts that it spoke to."""

    n_bytes: int = 0
    n_messages: int = 0

    def watch(self, page: Page, hosts: set[str]) -> None:
        def note(payload: str | bytes) -> None:
            data = payload.encode() if isinstance(payload, str) else payload
            if COMM_MESSAGE in data[:2000]:
                self.n_bytes += len(data)
                self.n_messages += 1

        def opened(socket: WebSocket) -> None:
            hosts.add(urlsplit(socket.url).netloc)
            socket.on("framereceived", note)

        page.on("websocket", opened)
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))


def test_bytes_grow_with_the_text_and_nothing_comes_from_elsewhere(
    notebook: OpenCells, server: JupyterServer
) -> None:
    nb = notebook(DEMO)
    traffic, hosts = Traffic(), set[str]()
    traffic.watch(nb.page, hosts)
    nb.reload()
    nb.run_cell(0)
    wait_ready(nb)
    nb.kernel.run(
        f"steerer.widget.prompts = {WALK!r}\n"
        f"steerer.widget.selection = [steerer.feature(523 + i).at(30) for i in range({N_CELLS - 1})]"
    )
    n_bytes, n_tokens = [], []
    for tokens in (20, 60):
        nb.kernel.run(f"steerer.widget.generation = sw.Generation(max_new_tokens={tokens})")
        nb.page.wait_for_timeout(1000)  # the page takes the setting in
        before = traffic.n_bytes
        press_run(nb)
        wait_run(nb, "done")
        nb.page.wait_for_timeout(1000)  # measures and the final state come after the text
        n_bytes.append(traffic.n_bytes - before)
        found = nb.kernel.value("sum(len(c.token_ids) for c in steerer.widget.run.cells)")
        assert isinstance(found, int)
        n_tokens.append(found)
    assert n_tokens[1] > 2 * n_tokens[0]
    # Texts sent anew with each step would be some 170 bytes per token more.
    per_token = (n_bytes[1] - n_bytes[0]) / (n_tokens[1] - n_tokens[0])
    assert 0 < per_token < MAX_BYTES_PER_TOKEN, (n_bytes, n_tokens)
    per_cell = (n_bytes[0] - per_token * n_tokens[0]) / N_CELLS
    assert per_cell < MAX_BYTES_PER_CELL, (n_bytes, n_tokens)
    assert {host for host in hosts if host} == {urlsplit(server.url).netloc}
