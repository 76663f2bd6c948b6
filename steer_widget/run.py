"""The handle of a run: wait for it, await it, iterate over it, stop it, try its failures again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Generator, Iterable, Iterator
from queue import Empty

import msgspec

from .arguments import as_cells, as_seconds
from .cell import Cell
from .contents import recipe_of
from .controller import Controller
from .errors import GenerationError, WorkerTimeout
from .job import Job, StreamEvent
from .protocol import Progress, RunDone
from .recipes import Recipe
from .result import RunResult
from .spec import Grid, RunState

_SLICE_S = 0.1  # so that Ctrl-C is seen at once, on every platform
_WAKE_S = 0.05
_INTERRUPT_MARGIN_S = 2.0


class Run:
    """A run that was started: `steerer.compare`, `sweep` and `run` give it.

    `run.result()` waits; ``await run`` does so in an async cell; ``for event in run`` and
    ``async for event in run`` give the events as they stream (`RunStarted`, `Tokens`, `CellDone`,
    `CellMeasured`, `RunDone`), from the first one on, whenever the loop begins. Any number of loops may read.
    """

    def __init__(self, controller: Controller, job: Job) -> None:
        self._controller = controller
        self._job = job

    @property
    def id(self) -> str:
        """Unique among all runs."""
        return self._job.id

    @property
    def grid(self) -> Grid:
        """What is run: prompts, steerings, samples and generation, every default filled in."""
        return self._job.grid

    @property
    def state(self) -> RunState:
        """queued, loading (the worker loads first), running, stopping, done, stopped or failed."""
        return self._job.state

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._job.ended

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells as they are now, in the order prompt, steering, sample."""
        with self._controller.frozen():
            return tuple(self._job.cell(index) for index in range(len(self._job.cells)))

    @property
    def progress(self) -> float:
        """How far it is, 0 to 1; a cell that ended early counts in full. 1 comes with the end alone."""
        return self._progress().fraction

    @property
    def eta_s(self) -> float | None:
        """Seconds to the end at the present speed, an upper bound; None until the speed is known, and while the last measures come."""
        return self._progress().eta_s

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens per second over all cells, smoothed; None until it is known."""
        return self._progress().tokens_per_s

    def result(self, timeout: float | None = None) -> RunResult:
        """Waits for the end and gives what came out.

        Ctrl-C stops the run and gives what there is. Cells that failed do not raise: they carry
        their `error`.

        Args:
            timeout: seconds; None waits as long as it takes.

        Raises:
            SteerError: the run failed as a whole; its own class, with the worker's log in `details`.
            WorkerTimeout: the run had not ended in time; it goes on.
        """
        deadline_s = None if timeout is None else time.monotonic() + timeout
        try:
            while not self._controller.wait(self._job, _slice_s(deadline_s)):
                if deadline_s is not None and time.monotonic() >= deadline_s:
                    raise WorkerTimeout(
                        f"The run has not ended after {timeout:g} s (state {self.state}, "
                        f"{self.progress:.0%} done). It goes on: wait longer with run.result(timeout=...), "
                        "or stop it with run.cancel()."
                    )
        except KeyboardInterrupt:
            return self._interrupted()
        return self._outcome()

    def partial(self) -> RunResult:
        """What there is now, without waiting and without raising."""
        with self._controller.frozen():
            job = self._job
            return RunResult(
                run=job.id,
                state=job.state,
                grid=job.grid,
                cells=tuple(job.cell(index) for index in range(len(job.cells))),
                model=job.model,
                saes=job.saes,
                versions=dict(job.versions),
                created_at=job.created_at,
                seconds=job.seconds,
                n_tokens=job.n_tokens,
                max_act=dict(job.max_act),
                failure=job.error,
            )

    def code(self) -> str:
        """Python code that makes the run again, see `RunResult.code`. Before it has started it names what is loaded."""
        status = self._controller.status
        result = self.partial()
        if result.model is None:
            result = msgspec.structs.replace(result, model=status.model, saes=status.saes)
        return result.code()

    def recipe(self, timeout: float = 600) -> Recipe:
        """What another machine needs to make the run again, see `Steerer.recipe`.

        Args:
            timeout: seconds, loading included.

        Raises:
            InvalidInput: it has not ended, or was made with another model or other SAEs than are loaded.
            SteerError: contents cannot be told, or the worker could not load, or died.
        """
        return recipe_of(self._controller, self.partial(), as_seconds("timeout", timeout))

    def cancel(self) -> None:
        """Stops it at its next token and returns at once; texts so far are kept."""
        self._controller.cancel(self._job)

    def retry(self, cells: Iterable[int] = ()) -> Run:
        """Runs failed and stopped cells again, in this same run; finished texts stay.

        Args:
            cells: their numbers; none: all of them.

        Raises:
            InvalidInput: it has not ended, nothing in it failed or was stopped, there is no such cell, or the
                run was made with another model or other SAEs than are loaded.
            QueueFull: too many runs wait already.
            SteererClosed: the steerer is closed.
        """
        self._controller.retry(self._job, as_cells(cells, len(self.grid)))
        return self

    def __iter__(self) -> Iterator[StreamEvent]:
        queue = self._controller.follow(self._job)
        try:
            while True:
                try:
                    event = queue.get(timeout=_SLICE_S)
                except Empty:
                    continue
                yield event
                if isinstance(event, RunDone):
                    return
        finally:
            self._controller.unfollow(self._job, queue)

    async def __aiter__(self) -> AsyncIterator[StreamEvent]:
        queue = self._controller.follow(self._job)
        try:
            while True:
                try:
                    event = queue.get_nowait()
                except Empty:
                    await asyncio.sleep(_WAKE_S)
                    continue
                yield event
                if isinstance(event, RunDone):
                    return
        finally:
            self._controller.unfollow(self._job, queue)

    def __await__(self) -> Generator[object, None, RunResult]:
        return self.wait_async().__await__()

    def __repr__(self) -> str:
        grid = self.grid
        shape = f"{len(grid.prompts)} × {len(grid.steerings)} × {grid.samples}"
        return f"<Run {self.id}: {self.state}, {self.progress:.0%} of {shape} cells>"

    # ---- inside

    def _progress(self) -> Progress:
        with self._controller.frozen():
            return self._job.progress()

    async def wait_async(self) -> RunResult:
        """What ``await run`` does; cancelling it, as interrupting an async cell does, stops the run."""
        try:
            while not self._job.ended:  # noqa: ASYNC110 - the end comes from another thread, in any loop
                await asyncio.sleep(_WAKE_S)
        except asyncio.CancelledError:
            # An interrupted async cell arrives as this: the worker must not go on for nobody.
            self.cancel()
            raise
        return self._outcome()

    def _interrupted(self) -> RunResult:
        self.cancel()
        controller = self._controller
        limit_s = controller.cancel_grace_s + controller.terminate_grace_s + _INTERRUPT_MARGIN_S
        deadline_s = time.monotonic() + limit_s
        while not controller.wait(self._job, _slice_s(deadline_s)):
            if time.monotonic() >= deadline_s:
                break
        return self.partial()

    def _outcome(self) -> RunResult:
        if self._job.state == "failed":
            error = self._job.error
            raise (
                error.rebuild()
                if error
                else GenerationError("The run failed without a word. Retry it: run.retry().")
            )
        return self.partial()


def _slice_s(deadline_s: float | None) -> float:
    return _SLICE_S if deadline_s is None else max(0.0, min(_SLICE_S, deadline_s - time.monotonic()))
