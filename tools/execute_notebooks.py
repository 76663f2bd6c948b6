"""Runs the notebooks and saves them with the outputs that a reader of the file sees.

    python tools/execute_notebooks.py [notebooks/01_quickstart.ipynb ...]

A widget needs a kernel, so its view is left out and its HTML fallback stays; so are progress lines
and the states of widgets.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def execute(path: Path) -> None:
    """Runs one notebook in place."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}})
    client.store_widget_state = False
    client.execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET_VIEW, None)
    notebook.metadata.pop("widgets", None)
    nbformat.write(notebook, path)


def main() -> None:
    """Runs the named notebooks, or all of them."""
    for path in [Path(name) for name in sys.argv[1:]] or sorted(NOTEBOOKS.glob("*.ipynb")):
        print(f"running {path}", flush=True)
        execute(path)


if __name__ == "__main__":
    main()
