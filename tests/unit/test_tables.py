from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer_widget.cell import Cell
from steer_widget.fallback import fallback_html
from steer_widget.html_table import html_table, safe_html
from steer_widget.printable import printable, width, wrap
from steer_widget.protocol import ErrorInfo, Flag, Measures
from steer_widget.result import RunResult
from steer_widget.spec import Feature, Grid, Steering
from steer_widget.text_table import text_table
from tests.unit.grids import edit
from tests.unit.scripted import SAE

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
    assert set(reader.tags) <= {
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "em",
        "br",
        "span",
        "strong",
    }
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


MEASURED = [
    Measures(perplexity=6.214),
    Measures(dose=0.3, kl_mean=0.4199, perplexity=31.71),
    Measures(dose=2.134, flags=("looping", "over_steered"), kl_mean=12.0, perplexity=184213.2),
    Measures(dose=0.3, kl_p95=2.0, distinct_1=0.5, similarity=0.9),
]
SHOWN = [
    ["perplexity 6.21"],
    ["KL 0.42 · perplexity 31.7"],
    ["! looping", "! over-steered (dose 2.1)", "KL 12 · perplexity 184213"],
    [],
]


def measured(n_columns: int = 4) -> RunResult:
    result = made(wide_grid(n_columns), "text")
    cells = tuple(
        msgspec.structs.replace(cell, measures=measures)
        for cell, measures in zip(result.cells, MEASURED, strict=False)
    )
    return msgspec.structs.replace(result, cells=cells)


def test_what_was_measured_stands_below_its_text_in_the_terminal() -> None:
    lines = text_table(measured(), 140).split("\n")
    n_text = next(n for n, line in enumerate(lines) if "text" in line)
    shown = [[part.strip() for part in line.split("│")] for line in lines[n_text + 2 :]]
    columns = [[line[column] for line in shown if column < len(line) and line[column]] for column in range(4)]
    assert columns == SHOWN


def test_what_was_measured_stands_below_its_text_in_the_page() -> None:
    html = html_table(measured())
    for cell, expected in zip(re.findall(r"<td[^>]*>(text.*?)</td>", html), SHOWN, strict=True):
        lines = Reader(cell.replace("<br>", "\n")).text.removeprefix("text").split("\n")
        assert [line.replace("⚠", "!") for line in lines if line] == expected


@pytest.mark.parametrize("columns", [20, 30, 60, 100])
def test_lines_with_measures_fit_the_terminal(columns: int) -> None:
    lines = text_table(measured(), columns).split("\n")[1:]
    assert max(width(line) for line in lines) <= columns
    assert sum("looping" in line for line in lines) == 1
    assert not any(part.strip().endswith("·") for line in lines for part in line.split("│"))


def test_a_result_without_measures_has_no_room_for_them() -> None:
    assert "╌" not in text_table(made(wide_grid(2), "text"), 100)
    assert html_table(made(wide_grid(2), "text")).count("<div") == 2, "the scroll box and the headline"


@pytest.mark.parametrize("flag", get_args(Flag))
def test_every_flag_is_shown(flag: Flag) -> None:
    result = made(wide_grid(1), "text")
    cell = msgspec.structs.replace(result.cells[0], measures=Measures(flags=(flag,)))
    result = msgspec.structs.replace(result, cells=(cell,))
    word = flag.replace("_", "-")
    assert f"! {word}" in text_table(result, 100)
    assert f"⚠ {word}" in html_table(result)


def test_a_kept_norm_and_every_sae_are_told() -> None:
    saes = (SAE, msgspec.structs.replace(SAE, name="second <one>"))
    grid = Grid(("x",), (Steering((edit(1, 1),), preserve_norm=True),))
    result = made(grid, "a", saes=saes)
    assert "1 label 1 +1, norm kept" in text_table(result, 100)
    assert text_table(result, 100).split("\n")[0].endswith("tiny-sae · second <one>")
    reader = Reader(html_table(result))
    assert reader.text.startswith("1 label 1 +1norm kept")
    assert reader.text.endswith("tiny-sae · second <one>")


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
