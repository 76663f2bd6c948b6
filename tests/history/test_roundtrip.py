from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steer_widget.cell import Cell
from steer_widget.history import History
from steer_widget.history.brief import Notes
from steer_widget.history.database import Database
from steer_widget.history.transfer import export_run, read_run
from steer_widget.history.writing import insert, row_of_result
from steer_widget.protocol import ErrorInfo, Measures, ModelInfo, SaeInfo, TokenMeasures
from steer_widget.result import RunResult
from steer_widget.spec import FinishReason
from tests.unit.grids import grid
from tests.unit.strategies import finite, grids, of, texts, whole

any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)  # half surrogates among it


@st.composite
def results(draw: st.DrawFn) -> RunResult:
    drawn = draw(grids)
    cells = tuple(
        Cell(
            index=index,
            prompt=drawn.prompts[at.prompt],
            steering=drawn.steerings[at.steering],
            sample=at.sample,
            chat=drawn.generation.chat,
            state=draw(st.sampled_from(["done", "stopped", "failed"])),
            text=draw(any_text),
            token_ids=draw(of(tuple[int, ...])),
            finish=draw(of(FinishReason)),
            measures=draw(of(Measures)),
            token_measures=draw(of(TokenMeasures)),
            failure=draw(st.none() | st.builds(ErrorInfo, texts, any_text, any_text)),
        )
        for index, at in enumerate(map(drawn.coordinates, range(len(drawn))))
    )
    return RunResult(
        run=draw(st.from_regex(r"[0-9a-z]{12}", fullmatch=True)),
        state=draw(st.sampled_from(["done", "stopped", "failed"])),
        grid=drawn,
        cells=cells,
        model=draw(st.none() | of(ModelInfo)),
        saes=draw(of(tuple[SaeInfo, ...])),
        versions=draw(st.dictionaries(any_text, any_text, max_size=2)),
        created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        seconds=draw(finite),
        n_tokens=draw(whole),
        max_act=draw(of(dict[str, float])),
        failure=draw(st.none() | of(ErrorInfo)),
    )


slow = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@slow
@given(results(), any_text, any_text)
def test_any_result_survives_the_database(
    folder: Path, result: RunResult, name: str, description: str
) -> None:
    history = History(folder)
    if result.run in history:
        history.delete(result.run)
    with Database(folder).writing() as connection:
        insert(connection, row_of_result(result), "", Notes(name, description), saved=False)
    entry = history[result.run]
    assert entry.result() == result
    assert (entry.name, entry.description, entry.state) == (name, description, result.state)
    history._repr_html_().encode()
    repr(history).encode()


@slow
@given(results(), any_text)
def test_any_result_survives_the_file(tmp_path: Path, result: RunResult, name: str) -> None:
    notes = Notes(name, name, (name,))
    assert read_run(export_run(result, notes, tmp_path / "any.json")) == (result, notes)


def test_infinities_survive_the_file(tmp_path: Path) -> None:
    result = RunResult(
        run="abc", state="done", grid=grid(1), cells=(), created_at="2026-01-01T00:00:00+00:00", seconds=1.0
    )
    cell = Cell(
        index=0, prompt=result.grid.prompts[0], steering=result.grid.steerings[0], sample=0, state="done", finish="length",
        measures=Measures(perplexity=float("inf")), token_measures=TokenMeasures(kl=(float("inf"),)),
    )  # fmt: skip
    result = msgspec.structs.replace(result, cells=(cell,))
    assert read_run(export_run(result, Notes(), tmp_path / "any.json"))[0] == result
