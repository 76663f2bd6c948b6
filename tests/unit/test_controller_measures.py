from __future__ import annotations

from steer_widget.controller import Controller
from steer_widget.errors import Diverged
from steer_widget.protocol import CellDone, CellMeasured, ErrorInfo, Measures, TokenMeasures
from tests.unit.grids import grid
from tests.unit.scripted import MEASURED, TOKENS_MEASURED, ScriptedBackend


def test_measures_replace_what_the_end_brought_and_keep_the_tokens(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(2), {})
    backend.started()
    backend.end_cell(0, "text")
    backend.say(CellDone(job.id, 1, "stopped", "half", (3,), "stopped"))
    assert job.cells[0].measures == Measures(0.25)
    backend.measure_cell(0)
    backend.measure_cell(1)
    for index, (state, text) in enumerate((("done", "text"), ("stopped", "half"))):
        cell = job.cell(index)
        assert (cell.state, cell.text) == (state, text)
        assert (cell.measures, cell.token_measures) == (MEASURED, TOKENS_MEASURED)
    assert job.state == "running", "measures end nothing"
    backend.end("stopped")
    assert job.state == "stopped"


def test_measures_that_come_early_late_twice_or_from_elsewhere_change_nothing(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(3), {})
    other = CellMeasured(job.id, 0, Measures(9.0), TokenMeasures(kl=(9.0,)))
    backend.started()
    backend.say(other)
    backend.grow("one")
    backend.say(other)
    assert job.cell(0).measures == Measures(), "it has not ended"
    backend.end_cell(0)
    backend.say(CellMeasured("another", 0, Measures(9.0)), CellMeasured(job.id, 7, Measures(9.0)))
    backend.say(CellMeasured(job.id, -1, Measures(9.0)))
    assert job.cell(0).measures == Measures(0.25)
    backend.measure_cell(0)
    backend.say(other)
    assert (job.cell(0).measures, job.cell(0).token_measures) == (MEASURED, TOKENS_MEASURED)
    backend.end_cell(1)
    backend.end_cell(2)
    backend.end()
    backend.say(CellMeasured(job.id, 1, Measures(9.0)))
    assert job.cell(1).measures == Measures(0.25), "the run has ended"


def test_death_while_measuring_ends_the_run_well_and_tells_what_is_missing(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(3), {})
    backend.started()
    for cell in range(3):
        backend.end_cell(cell, f"text {cell}")
    backend.measure_cell(0)
    assert job.state == "running"
    backend.die()
    assert job.state == "done"
    assert [(cell.state, cell.text) for cell in job.cells] == [("done", f"text {n}") for n in range(3)]
    assert [cell.measures for cell in job.cells] == [MEASURED, Measures(0.25), Measures(0.25)]
    assert job.error is not None
    assert job.error.kind == "WorkerDied"


def test_a_retry_forgets_measures_of_the_cells_it_repeats_alone(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(2), {})
    backend.started()
    backend.end_cell(0)
    backend.say(CellDone(job.id, 1, "stopped", "half", (3,), "stopped"))
    backend.measure_cell(0)
    backend.measure_cell(1)
    backend.end("stopped")
    ready.retry(job)
    assert [cell.measures for cell in job.cells] == [MEASURED, Measures()]
    backend.started()
    backend.end_cell(1)
    backend.measure_cell(1)
    backend.end()
    assert job.cell(1).token_measures == TOKENS_MEASURED


def test_a_diverged_cell_fails_alone_and_keeps_its_text(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {})
    error = ErrorInfo("Diverged", "The logits were no longer finite.")
    backend.started()
    backend.grow("one")
    backend.say(CellDone(job.id, 1, "failed", "one", (3,), "diverged", Measures(flags=("diverged",)), error))
    backend.end_cell(0)
    backend.end()
    assert job.state == "done"
    cell = job.cell(1)
    assert (cell.state, cell.finish, cell.text, cell.failure) == ("failed", "diverged", "one", error)
    assert isinstance(cell.error, Diverged)
    assert cell.measures.flags == ("diverged",)
