"""How pictures in matplotlib look: the page's colours and shapes, and labels that are shown as they are."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .curves import Line
from .printable import printable
from .spec import Feature, Steerable, Steering

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.text import Text

# Those of the page (`js/src/styles/tokens.css`, `js/src/shapes.ts`).
COLOURS = ("#2563c9", "#c2410c", "#0c7f64", "#a82f84", "#856200", "#6a43c4", "#07789a", "#b3283f")
MARKERS = ("o", "s", "^", "D", "P", "*", "v")
GREY = "#5f6368"
WARN = "#8a5a00"

_MAX_LABEL_CHARS = 44


def colours_of(lines: Sequence[Line]) -> list[str]:
    """A colour for each line: one a direction; a feature's own by its index, else the next that is used least."""
    slots: dict[Steerable, int] = {}
    uses = [0] * len(COLOURS)
    for line in lines:
        direction = line.edit.feature
        if direction in slots:
            continue
        slot = (direction.index if isinstance(direction, Feature) else len(slots)) % len(COLOURS)
        while uses[slot] > min(uses):
            slot = (slot + 1) % len(COLOURS)
        uses[slot] += 1
        slots[direction] = slot
    return [COLOURS[slots[line.edit.feature]] for line in lines]


def line_label(line: Line) -> str:
    """What a line is of, without its strengths."""
    edit = line.edit
    special = [
        *([edit.method] if edit.method not in (None, "add") else []),
        *([str(edit.positions)] if edit.positions not in (None, "all") else []),
        *([str(edit.schedule)] if edit.schedule is not None else []),
        *(["not on special tokens"] if edit.skip_special else []),
        *(["norm kept"] if line.keeps_norm else []),
    ]
    label = short_label(str(edit.feature), _MAX_LABEL_CHARS, 1)
    label += f" ({', '.join(filter(None, special))})" if any(special) else ""
    # matplotlib leaves labels out that begin with an underscore.
    return f" {label}" if label.startswith("_") else label


def column_label(steering: Steering, n_chars: int) -> str:
    """What a column does, in a few short lines; of one edit its strength is always there, on the last one."""
    if len(steering.edits) != 1:
        return short_label(str(steering), n_chars, 3)
    edit = steering.edits[0]
    name = str(edit.feature)
    strength = str(steering).removeprefix(name).strip().replace("-", "−")
    return f"{short_label(name, n_chars, 2)}\n{short_label(strength, max(n_chars, 8), 2)}".strip()


def short_label(text: str, n_chars: int, n_lines: int) -> str:
    """A text in at most so many lines of so many characters, without what no screen shows."""
    flat = " ".join(printable(text).split())
    lines = textwrap.wrap(flat, n_chars, max_lines=n_lines, placeholder=" …", break_long_words=True)
    return "\n".join(lines)


def verbatim(text: Text) -> None:
    """Keeps dollar signs of labels and prompts from being read as formulas."""
    text.set_parse_math(False)


def plain_log_ticks(axis: Axis) -> None:
    """Numbers at 1, 2 and 5 of each power of ten, written out."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(NullFormatter())
