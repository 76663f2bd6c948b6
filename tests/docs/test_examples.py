"""Every Python example of the documentation runs on the embedded model, or says in its title why it does not."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import steer_widget as sw
from tests.docs.pages import DOCS, ROOT, Page, pages

Names = dict[str, Any]
HOW_TO = [page for page in pages() if page.path.parent.name == "how-to" and page.path.stem != "index"]


def run(page: Page, names: Names) -> None:
    """Runs the examples of a page in their order, in one namespace; each has to print what stands behind it."""
    for example in page.examples:
        if not example.is_run:
            continue
        out = io.StringIO()
        with redirect_stdout(out):
            exec(page.code(example), names)
        if example.printed is not None:
            assert out.getvalue() == example.printed, f"{page.name}:{example.line} prints something else"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the pages write goes here."""
    path = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        yield path


@pytest.fixture(scope="module")
def tutorial(folder: Path) -> Iterator[Names]:
    """What a reader has at the tutorial's end."""
    names: Names = {}
    with pytest.MonkeyPatch.context() as patch:
        # Threads that wait for each other spin: beside other tests one alone is quicker than two.
        patch.setenv("OMP_NUM_THREADS", "1")
        try:
            run(Page(DOCS / "tutorial.md"), names)
            yield names
        finally:
            if "steerer" in names:
                names["steerer"].close()


@pytest.fixture
def begun(tutorial: Names, monkeypatch: pytest.MonkeyPatch) -> Names:
    """What each how-to goes on from; on the tutorial's worker, as loading one each would take minutes."""
    monkeypatch.setattr(sw, "demo", lambda: tutorial["steerer"], raising=False)
    names: Names = {}
    run(Page(DOCS / "how-to" / "index.md"), names)
    return names


def test_the_tutorial_steers(tutorial: Names, folder: Path) -> None:
    assert any(word in tutorial["steered"].text for word in ("breakfast", "eat", "delicious", "toast"))
    assert tutorial["baseline"].text != tutorial["steered"].text
    assert (folder / "weekend.json").is_file()
    assert tutorial["steerer"].widget.run.state == "done"


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.path.stem)
def test_a_how_to_runs(page: Page, begun: Names) -> None:
    run(page, begun)


def test_the_first_page_runs(begun: Names) -> None:
    run(Page(DOCS / "index.md"), {})


def test_the_ten_lines_of_the_readme_run(begun: Names, folder: Path) -> None:
    readme = Page(ROOT / "README.md")
    ten_lines = readme.examples[0]
    assert "sweep" in ten_lines.source
    exec(readme.code(ten_lines), {})
    assert (folder / "weekend.json").is_file()


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_what_is_not_run_is_python_at_least_and_says_why(page: Page) -> None:
    for example in page.examples:
        if example.is_run:
            continue
        page.code(example)
        if example.title.startswith("run by "):
            assert (ROOT / example.title.split()[2].rstrip(":,")).is_file(), example.title
        else:
            assert ":" in example.title, f"{page.name}:{example.line} does not say why"
