"""The figures for people: a table in the terminal, or the same in Markdown."""

from __future__ import annotations

from .results import Row, Rows

_HEAD = ("key", "what", "measured", "reach", "met", "absolute")
_MET = {True: "yes", False: "NO", None: ""}
# Longest first: a name ends with its unit.
_UNITS = {
    "_tokens_per_s": "tokens/s",
    "_ms_per_step": "ms/step",
    "_gb_per_s": "GB/s",
    "_ratio": "×",
    "_ms": "ms",
    "_mb": "MB",
    "_s": "s",
}
_BUSY_PERCENT = 15.0


def text(rows: Rows) -> str:
    """The table in columns, then what the rows were measured on."""
    cells = [_HEAD, *(_cells(key, row) for key, row in rows.items())]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]
    return "\n".join([*(line.rstrip() for line in lines), "", *_measured_on(rows), *_disturbed(rows)])


def markdown(rows: Rows) -> str:
    """The table in Markdown."""
    cells = [_HEAD, ("---",) * len(_HEAD), *(_cells(f"`{key}`", row) for key, row in rows.items())]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in cells]
    return "\n".join([*lines, "", *_measured_on(rows), *_disturbed(rows)])


def line(key: str, row: Row) -> str:
    """One row as it comes."""
    ratio = "" if row["ratio"] is None else f" {_figure(row['ratio'])} (reach {row['reach']})"
    return f"{key}:{ratio} {_absolute(row)}; took {row['took_s']:.0f} s"


def _cells(key: str, row: Row) -> tuple[str, ...]:
    ratio = "" if row["ratio"] is None else _figure(row["ratio"])
    return (key, row["what"], ratio, row["reach"], _MET[row["met"]], _absolute(row))


def _absolute(row: Row) -> str:
    return ", ".join(_quantity(name, value) for name, value in row["absolute"].items())


def _quantity(name: str, value: object) -> str:
    for suffix, unit in _UNITS.items():
        if name.endswith(suffix):
            return f"{name.removesuffix(suffix).replace('_', ' ')} {_figure(value)} {unit}"
    return f"{name.replace('_', ' ')} {_figure(value)}"


def _figure(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _measured_on(rows: Rows) -> list[str]:
    """One line for each machine, state of the code and day, so that rows of different runs are not taken for one."""
    found: dict[str, list[str]] = {}
    for key, row in rows.items():
        versions = ", ".join(f"{name} {version}" for name, version in row["versions"].items())
        where = (
            f"{row['processor']}, {row['n_threads']} threads, {row['dtype']}, "
            f"commit {row['commit'] or 'unknown'}, {row['measured_at'][:10]}; {versions}"
        )
        found.setdefault(where, []).append(key)
    if len(found) == 1:
        return [f"Measured on {where}." for where in found]
    return [f"{', '.join(keys)}: measured on {where}." for where, keys in found.items()]


def _disturbed(rows: Rows) -> list[str]:
    busy = [key for key, row in rows.items() if row["others_busy_percent"] > _BUSY_PERCENT]
    return [f"Not to be relied on, others kept the machine busy: {', '.join(busy)}."] if busy else []
