"""The data of a run's own page: what the widget would be told of it, in the digits that it shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from .cell_states import CELL_ENDED
from .packed_tokens import pack_tokens, rounded
from .protocol import CellView, Fact, Progress, RunFile, RunView
from .run_states import RUN_ENDED

if TYPE_CHECKING:
    from .cell import Cell
    from .result import RunResult
    from .spec import Generation

_MEASURE_DIGITS = 4


def run_file(result: RunResult, title: str = "", tags: tuple[str, ...] = ()) -> RunFile:
    """A result as its page draws it, without the details of its errors: files are passed on."""
    return RunFile(
        title=title or f"Run {result.run}",
        facts=_facts(result, tags),
        run=_run_view(result),
        model=result.model,
        saes=result.saes,
        tokens=pack_tokens(result.cells),
    )


def script_json(file: RunFile) -> str:
    """JSON that ends no script element and has no line end that JavaScript would not have in a text."""
    plain = msgspec.to_builtins(file)
    plain["run"]["cells"] = _short(plain["run"]["cells"])
    # In ASCII: JSON's escapes hold what UTF-8 cannot, half surrogate pairs.
    text = json.dumps(plain, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _short(value: object) -> object:
    """Measures in the digits that are shown; infinities as what JSON has for them."""
    if isinstance(value, float):
        return rounded(value, _MEASURE_DIGITS)
    if isinstance(value, (list, tuple)):
        return [_short(one) for one in value]
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    return value


def _run_view(result: RunResult) -> RunView:
    # Nobody goes on in a file with what had not ended.
    state = result.state if result.state in RUN_ENDED else "stopped"
    cells = tuple(map(_cell_view, result.cells))
    n_done = sum(cell.state == "done" for cell in cells)
    return RunView(
        id=result.run,
        state=state,
        prompts=result.grid.prompts,
        steerings=result.grid.steerings,
        samples=result.grid.samples,
        generation=result.grid.generation,
        cells=cells,
        progress=Progress(n_done / len(cells), result.n_tokens, len(cells), elapsed_s=result.seconds),
        error=None if result.failure is None else result.failure.brief(),
    )


def _cell_view(cell: Cell) -> CellView:
    return CellView(
        index=cell.index,
        state=cell.state if cell.state in CELL_ENDED else "stopped",
        text=cell.text,
        n_tokens=cell.n_tokens,
        finish=cell.finish,
        measures=cell.measures,
        error=None if cell.failure is None else cell.failure.brief(),
    )


def _facts(result: RunResult, tags: tuple[str, ...]) -> tuple[Fact, ...]:
    facts = (
        ("tags", ", ".join(tags)),
        ("created", result.created_at),
        ("model", result.model.name if result.model is not None else ""),
        ("SAE", ", ".join(sae.name for sae in result.saes)),
        ("settings", _settings(result.grid.generation)),
        ("versions", ", ".join(f"{name} {version}" for name, version in result.versions.items())),
        ("run", result.run),
    )
    return tuple(Fact(name, value) for name, value in facts if value)


def _settings(generation: Generation) -> str:
    """Every setting by the name it has in Python."""
    return ", ".join(f"{name}={value!r}" for name, value in msgspec.structs.asdict(generation).items())
