"""Cells in a real ipykernel: waiting, awaiting and interrupting, as a notebook does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tests.tiny import make

PATIENCE_S = 90.0


class Notebook:
    """Runs cells and gathers what they print and show."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client
        self.shown: list[dict[str, object]] = []

    def run(self, code: str, *, when: str = "", then: Callable[[], object] = lambda: None) -> str:
        """What the cell printed; an error in it fails the test. Once it printed `when`, does `then`."""
        printed: list[str] = []

        def take(message: dict[str, dict[str, object]]) -> None:
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "stream":
                printed.append(str(content["text"]))
                if when and when in printed[-1]:
                    then()
            elif kind in ("execute_result", "display_data"):
                self.shown.append(content["data"])  # type: ignore[arg-type]

        reply = self.client.execute_interactive(code, timeout=PATIENCE_S, output_hook=take, allow_stdin=False)
        content = reply["content"]
        assert content["status"] == "ok", "\n".join(content.get("traceback", []))
        return "".join(printed)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    root = tmp_path_factory.mktemp("tiny")
    model, sae = make.make_model(root / "model"), make.make_sae(root / "sae")
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(Path(__file__).parents[2]))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE_S)
        opened = Notebook(manager, client)
        opened.run(
            f"""
            import asyncio
            import steer_widget as sw
            steerer = sw.load({str(model)!r}, {str(sae)!r})
            steerer.ready({PATIENCE_S})
            f = steerer.feature(3)
            long = sw.Generation(max_new_tokens=200, temperature=1.0, repetition_penalty=1.3)
            """.replace("\n            ", "\n")
        )
        yield opened
        opened.run("steerer.close()")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_steerer_shows_its_widget_and_a_fallback(notebook: Notebook) -> None:
    notebook.run("steerer")
    view, copy = notebook.shown[-2:]
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= set(view)
    assert set(copy) == {"text/html", "text/plain"}


def test_executing_a_notebook_leaves_the_latest_run_below_the_widget(tmp_path: Path) -> None:
    model, sae = make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae")
    cells = [
        f"import steer_widget as sw\nsteerer = sw.load({str(model)!r}, {str(sae)!r})\nsteerer",
        "run = steerer.compare('I went', [steerer.feature(3).at(4)], generation=sw.Generation(max_new_tokens=4))",
        "text = run.result().cells[1].text",  # no cell comes after it that would hear of anything later
    ]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=PATIENCE_S).execute()
    _view, copy = notebook.cells[0].outputs
    assert "3 +4" in copy.data["text/html"]
    assert "done · 2 cells · 8 tokens" in copy.data["text/plain"]


def test_a_result_shows_its_table(notebook: Notebook) -> None:
    notebook.run("steerer.compare('I went', [f.at(4)], generation=sw.Generation(max_new_tokens=4)).result()")
    shown = notebook.shown[-1]
    assert "<table" in str(shown["text/html"])
    assert "baseline" in str(shown["text/plain"])


def test_await_lets_the_kernel_work_meanwhile(notebook: Notebook) -> None:
    printed = notebook.run(
        """
ticks = 0
async def tick():
    global ticks
    while True:
        ticks += 1
        await asyncio.sleep(0.01)
other = asyncio.ensure_future(tick())
result = await steerer.compare('I went', [f.at(4)], generation=long, samples=4)
other.cancel()
print(result.state, ticks > 3)
"""
    )
    assert printed.split() == ["done", "True"]


def test_interrupt_while_waiting_keeps_what_there_is(notebook: Notebook) -> None:
    printed = notebook.run(
        """
run = steerer.compare('I went', [f.at(4)], generation=long, samples=32)
for event in run:
    if type(event).__name__ == 'Tokens':
        break
print('streaming', flush=True)
result = run.result()
print(result.state, any(cell.text for cell in result.cells))
""",
        when="streaming",
        then=notebook.manager.interrupt_kernel,
    )
    assert printed.split() == ["streaming", "stopped", "True"]


def test_interrupt_of_an_await_stops_the_run(notebook: Notebook) -> None:
    printed = notebook.run(
        """
run = steerer.compare('I went', [f.at(4)], generation=long, samples=32)
async for event in run:
    if type(event).__name__ == 'Tokens':
        break
print('streaming', flush=True)
try:
    await run
except (KeyboardInterrupt, asyncio.CancelledError):
    print('interrupted')
print(run.result(60).state)
""",
        when="streaming",
        then=notebook.manager.interrupt_kernel,
    )
    assert printed.split() == ["streaming", "interrupted", "stopped"]


def test_a_click_is_handled_while_a_cell_awaits(notebook: Notebook) -> None:
    model_id = notebook.run("print(steerer.widget.model_id, end='')")
    notebook.run(
        "steerer.widget.prompts = 'I went'; steerer.widget.generation = long; n_runs = len(steerer.runs)"
    )
    request = {"id": "r1", "command": {"type": "Run"}}
    click = notebook.client.session.msg(
        "comm_msg", {"comm_id": model_id, "data": {"method": "custom", "content": request}}
    )
    printed = notebook.run(
        """
print('waiting', flush=True)
for _ in range(600):
    if len(steerer.runs) > n_runs:
        break
    await asyncio.sleep(0.1)
print((await steerer.widget.run).state, len(steerer.runs) - n_runs)
""",
        when="waiting",
        then=lambda: notebook.client.shell_channel.send(click),
    )
    assert printed.split() == ["waiting", "done", "1"]
