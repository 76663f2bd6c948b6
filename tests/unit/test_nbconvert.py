"""The quickstart as nbconvert makes it, from its saved outputs: every text is in it, in every format."""

from __future__ import annotations

import re
import warnings
from html import unescape
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter, LatexExporter, MarkdownExporter, SlidesExporter
from nbconvert.exporters import TemplateExporter

QUICKSTART = Path(__file__).resolve().parents[2] / "notebooks" / "01_quickstart.ipynb"
CELL = re.compile(r"<td[^>]*>\s*(.*?)(?:<div|</td>)", re.DOTALL)


@pytest.fixture(scope="module")
def quickstart() -> nbformat.NotebookNode:
    return nbformat.read(QUICKSTART, as_version=4)


def plain(html: str) -> str:
    """The words of a page, with its line breaks as such."""
    return unescape(re.sub(r"<br ?/?>", "\n", html))


def texts_of(notebook: nbformat.NotebookNode) -> list[str]:
    """The texts of all tables that results and widgets left."""
    tables = [
        output.data["text/html"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "tokens in" in output.get("data", {}).get("text/html", "")
    ]
    assert len(tables) >= 5
    found = [plain(text).strip() for table in tables for text in CELL.findall(table)]
    return [text for text in found if text and "<" not in text]


def exported(exporter: TemplateExporter, notebook: nbformat.NotebookNode) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbconvert's own
        text: str = exporter.from_notebook_node(notebook)[0]
    return text


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter, MarkdownExporter])
def test_html_slides_and_markdown_have_every_text(
    exporter: type[TemplateExporter], quickstart: nbformat.NotebookNode
) -> None:
    texts = texts_of(quickstart)
    assert len(texts) > 15
    page = plain(exported(exporter(), quickstart))
    assert [text for text in texts if text not in page] == []


def test_latex_and_with_it_pdf_have_every_word(quickstart: nbformat.NotebookNode) -> None:
    # Cells of words need pandoc, which is not everywhere; what is ours stands in outputs.
    code = nbformat.v4.new_notebook(cells=[cell for cell in quickstart.cells if cell.cell_type == "code"])
    page = exported(LatexExporter(), code)
    words = set(re.findall(r"[A-Za-z]{2,}", page))
    missing = {word for text in texts_of(quickstart) for word in re.findall(r"[A-Za-z]{2,}", text)} - words
    assert missing == set()


def test_the_widget_itself_is_there_as_its_latest_run(quickstart: nbformat.NotebookNode) -> None:
    [shown] = [
        cell
        for cell in quickstart.cells
        if cell.cell_type == "code" and any("sw-static" in str(output) for output in cell.outputs)
    ]
    alone = nbformat.v4.new_notebook(cells=[shown])
    page = plain(exported(HTMLExporter(), alone))
    assert "Run this cell in a notebook to steer" in page
    assert len(re.findall(r"<td", page)) == 4  # the prompt, the baseline, two features
