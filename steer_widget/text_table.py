"""A result as plain text: prompt by prompt, the columns side by side, as wide as the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .cell import Cell, prompt_text
from .printable import printable, width, wrap
from .remarks import figures, flag_words

if TYPE_CHECKING:
    from .result import RunResult

_MIN_COLUMN = 24
_MAX_COLUMN = 60
_GAP = " │ "


def text_table(result: RunResult, columns: int | None = None, *, n_prompts: int | None = None) -> str:
    """A result; texts are wrapped, never cut.

    Args:
        result: what to show.
        columns: width in characters; None takes the terminal's.
        n_prompts: how many prompts, and in a line how many more there are; None: all.
    """
    columns = columns or shutil.get_terminal_size((100, 24)).columns
    lines = [headline(result)]
    n_steerings, samples = len(result.grid.steerings), result.grid.samples
    per_prompt = n_steerings * samples
    for number, prompt in enumerate(result.grid.prompts[:n_prompts]):
        lines += ["", *wrap(f"▸ {prompt_text(prompt)}", columns)]
        cells = result.cells[number * per_prompt : (number + 1) * per_prompt]
        for sample in range(samples):
            if samples > 1:
                lines.append(f"sample {sample}")
            row = [cells[steering * samples + sample] for steering in range(n_steerings)]
            lines += _side_by_side(row, columns)
    return "\n".join([*lines, *left_out(result, n_prompts)])


def headline(result: RunResult) -> str:
    """One line on the run: state, size, speed, model and SAEs."""
    parts = [
        result.state,
        f"{len(result.cells)} cells",
        f"{result.n_tokens} tokens in {result.seconds:.1f} s",
    ]
    if result.model is not None:
        parts.append(printable(result.model.name))
    parts += [printable(sae.name) for sae in result.saes]
    return " · ".join(parts)


def left_out(result: RunResult, n_prompts: int | None) -> list[str]:
    """One line on what is not shown; none where all is."""
    n_left = 0 if n_prompts is None else len(result.grid.prompts) - n_prompts
    return [f"… and {n_left} more prompts: run.result() has them all"] if n_left > 0 else []


def _side_by_side(cells: Sequence[Cell], columns: int) -> Iterator[str]:
    """Blocks of as many columns as fit, one block below the other."""
    fit = max(1, (columns + len(_GAP)) // (_MIN_COLUMN + len(_GAP)))
    n_blocks = -(-len(cells) // fit)
    size = -(-len(cells) // n_blocks)
    wide = min(_MAX_COLUMN, (columns + len(_GAP)) // size - len(_GAP))
    for start in range(0, len(cells), size):
        if start:
            yield ""
        yield from _block(cells[start : start + size], max(8, wide))


def _block(cells: Sequence[Cell], wide: int) -> Iterator[str]:
    heads = [wrap(str(cell.steering), wide) for cell in cells]
    bodies = [wrap(cell_text(cell), wide) for cell in cells]
    remarks = [_remarks(cell, wide) for cell in cells]
    yield from _rows(heads, wide)
    yield "─┼─".join("─" * wide for _ in cells)
    yield from _rows(bodies, wide)
    if any(remarks):
        yield "╌┼╌".join("╌" * wide for _ in cells)
        yield from _rows(remarks, wide)


def _remarks(cell: Cell, wide: int) -> list[str]:
    """Each flag on a line of its own, the figures on one if they fit."""
    parts = [f"! {word}" for word in flag_words(cell)]
    measured = figures(cell)
    together = " · ".join(measured)
    parts += [together] if measured and width(together) <= wide else measured
    return [line for part in parts for line in wrap(part, wide)]


def _rows(blocks: Sequence[Sequence[str]], wide: int) -> Iterator[str]:
    for number in range(max(len(block) for block in blocks)):
        line = _GAP.join(_pad(block[number] if number < len(block) else "", wide) for block in blocks)
        yield line.rstrip()


def _pad(text: str, wide: int) -> str:
    return text + " " * (wide - width(text))


def cell_text(cell: Cell) -> str:
    """A cell's text, with a note where it is not simply done."""
    note = {"failed": "failed", "stopped": "stopped", "running": "running", "queued": "queued", "done": ""}[
        cell.state
    ]
    if cell.failure is not None:
        note = f"{note}: {cell.failure.message}"
    return f"{cell.text} [{note}]".lstrip() if note else cell.text
