from __future__ import annotations

from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer_widget.cell import Cell
from steer_widget.fallback import fallback_html
from steer_widget.html_table import html_table, safe_html
from steer_widget.printable import printable, width, wrap
from steer_widget.protocol import ErrorInfo
from steer_widget.result import RunResult
from steer_widget.spec import Feature, Grid, Steering
from steer_widget.text_table import text_table
from tests.unit.grids import edit

NASTY = "<script>alert('x')</script> & \"quoted\" \x1b[31mred\x1b[0m \u202egnip\u202c \x00end"


def made(grid: Grid, *texts: str, **changes: object) -> RunResult:
    cells = []
    for index in range(len(grid)):
        at = grid.coordinates(index)
        cells.append(
            Cell(
                index=index,
                prompt=grid.prompts[at.prompt],
                steering=grid.steerings[at.steering],
                sample=at.sample,
                state="done",
                text=texts[index % len(texts)],
            )
        )
    return msgspec.structs.replace(RunResult(run="r", state="done", grid=grid, cells=tuple(cells)), **changes)


def wide_grid(n_columns: int, samples: int = 1, prompts: tuple[str, ...] = ("I went",)) -> Grid:
    return Grid(prompts, (Steering(), *(Steering((edit(i, i),)) for i in range(1, n_columns))), samples)


class Reader(HTMLParser):
    """The tags and the text that a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("columns", [20, 40, 80, 100, 200])
@pytest.mark.parametrize("n_columns", [1, 2, 3, 7])
def test_lines_fit_the_terminal_and_nothing_is_cut(columns: int, n_columns: int) -> None:
    words = [f"word{n}" for n in range(40)]
    result = made(wide_grid(n_columns), " ".join(words))
    table = text_table(result, columns)
    lines = table.split("\n")[1:]
    assert max(width(line) for line in lines) <= columns
    for word in words:
        assert table.count(word) >= 1


def test_columns_stand_side_by_side() -> None:
    table = text_table(made(wide_grid(2), "left side", "right side"), 100)
    row = next(line for line in table.split("\n") if "left side" in line)
    assert row.index("left side") < row.index("│") < row.index("right side")
    head = next(line for line in table.split("\n") if "baseline" in line)
    assert "1 label 1 +1" in head


def test_samples_and_prompts_are_told_apart() -> None:
    table = text_table(made(wide_grid(2, samples=2, prompts=("first", "second")), "a", "b"), 100)
    assert [line for line in table.split("\n") if line.startswith(("▸", "sample"))] == [
        "▸ first", "sample 0", "sample 1", "▸ second", "sample 0", "sample 1",
    ]  # fmt: skip


def test_states_that_are_not_done_are_marked() -> None:
    result = made(wide_grid(2), "half a")
    failed = msgspec.structs.replace(
        result.cells[1], state="failed", failure=ErrorInfo("OutOfMemory", "Too big.")
    )
    result = msgspec.structs.replace(
        result, cells=(msgspec.structs.replace(result.cells[0], state="stopped"), failed)
    )
    assert "[stopped]" in text_table(result, 100)
    assert "[failed: Too big.]" in text_table(result, 100)
    assert "[failed: Too big.]" in html_table(result)


@given(st.text(), st.integers(2, 30))
def test_wrapped_lines_are_never_wider_than_asked(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert lines
    assert all(width(line) <= columns for line in lines)


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Zs", "Cc", "Cf"))), st.integers(2, 30)
)
def test_wrapping_loses_no_letter(text: str, columns: int) -> None:
    assert "".join(wrap(text, columns)) == printable(text)


@given(st.text())
def test_no_control_reaches_the_terminal(text: str) -> None:
    shown = printable(text)
    assert all(char in "\n\t" or char.isprintable() or ord(char) > 0x9F for char in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x1b")


def test_what_is_nasty_shows_as_text_in_the_terminal() -> None:
    table = text_table(made(wide_grid(2, prompts=(NASTY,)), NASTY), 200)
    assert "\x1b" not in table
    assert "\u202e" not in table
    assert "␛[31mred" in table


def test_what_is_nasty_shows_as_text_in_the_page() -> None:
    grid = Grid((NASTY,), (Steering(), Steering((Feature(1, NASTY).at(4),))))
    html = html_table(made(grid, NASTY))
    reader = Reader(html)
    assert "script" not in reader.tags
    assert set(reader.tags) <= {"div", "table", "thead", "tbody", "tr", "th", "td", "em", "br", "span"}
    assert reader.text.count("<script>alert('x')</script>") == 4  # prompt, label, two cells
    assert "\u202e" not in html
    assert "\x1b" not in html


@given(st.text())
def test_escaped_text_reads_as_it_was(text: str) -> None:
    reader = Reader(f"<p>{safe_html(text)}</p>")
    assert reader.tags == ["p"]
    assert reader.text.replace("\r", "") == printable(text)


def test_the_page_has_the_baseline_first_and_label_and_strength_above() -> None:
    reader = Reader(html_table(made(wide_grid(3), "a", "b", "c")))
    assert reader.text.startswith("baseline1 label 1 +12 label 2 +2I wentabc")


def test_colours_come_from_the_page() -> None:
    html = html_table(made(wide_grid(2), "a"))
    assert "color:" not in html.replace("background:rgba(128,128,128", "")
    assert "#" not in html


def test_a_result_shows_itself() -> None:
    result = made(wide_grid(2), "a")
    assert "baseline" in repr(result)
    assert result._repr_html_() == html_table(result)


def test_without_a_run_the_way_to_one_is_told() -> None:
    assert "&lt;Steerer&gt;" in fallback_html("<Steerer>", None)
    assert fallback_html("x", made(wide_grid(2), "a")) == html_table(made(wide_grid(2), "a"))
