"""Suggestions in the making: what is done one after another, on a thread of its own, and can be stopped."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

from ..arguments import make_grid
from ..asking import ask_worker
from ..catalog import Catalog
from ..cell import Cell, prompt_text
from ..controller import Controller
from ..errors import GenerationError, InvalidInput, SteerError, TaskStopped, WorkerTimeout
from ..meaning import can_find_by_meaning, find_by_meaning
from ..protocol import (
    Activations,
    EqualStrengths,
    ErrorInfo,
    FindByWish,
    FindEqualStrengths,
    FoundByMeaning,
    FoundByWish,
    Known,
    Likelihoods,
    Passage,
    ReadLikelihoods,
    ReadMeans,
)
from ..protocol import Task as TaskCommand
from ..run import Run
from ..spec import Edit, Grid, Prompt, Steerable, Steering
from ..task import Task
from .asked import N_CONTROLS, Asked
from .candidates import Candidate, Source, characteristic, labelled, merged
from .effects import along, pair_of, way_between
from .ranking import Tried, columns_of, ranked
from .suggestions import Suggestions
from .wish import words_in

_K = TypeVar("_K", bound=Known)

_SLICE_S: Final = 0.1
_TASK_S: Final = 600.0
_N_READ: Final = 3
_N_MEANT: Final = 20
"""Prompts whose texts are read for equal strengths: more change little."""

STAGES: Final = ("looking for features", "matching strengths", "trying them", "measuring the effect")
_SHARES: Final = (0.0, 0.2, 0.35, 0.85, 1.0)
"""How far it is at the beginning of each stage, on the embedded model."""


class _Stoppable(Protocol):
    """What is on: a task of the worker, or a run."""

    @property
    def progress(self) -> float | None:
        """How far it is, 0 to 1; None while nobody knows."""

    def cancel(self) -> None:
        """Stops it and returns at once."""


class Suggesting:
    """A search for features that was begun. `result` waits for the suggestions.

    Args:
        asked: what for.
        controller: takes tasks to the worker, which has loaded.
        catalog: what is known of the features.
        start: starts a grid.
    """

    def __init__(
        self, asked: Asked, controller: Controller, catalog: Catalog, start: Callable[[Grid], Run]
    ) -> None:
        self.asked = asked
        self._controller = controller
        self._catalog = catalog
        self._start = start
        self._began_s = time.monotonic()
        self._lock = threading.Lock()
        self._is_stopped = False
        self._stage = 0
        self._at_work: _Stoppable | None = None
        self._ended = threading.Event()
        self._outcome: Suggestions | SteerError | None = None
        threading.Thread(target=self._work, name="steer_widget suggesting", daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._ended.is_set()

    @property
    def message(self) -> str:
        """What it does now."""
        return STAGES[self._stage]

    @property
    def progress(self) -> float:
        """How far it is, 0 to 1."""
        if self.done:
            return 1.0
        with self._lock:
            stage, at_work = self._stage, self._at_work
        share = at_work.progress if at_work is not None else None
        return _SHARES[stage] + (share or 0.0) * (_SHARES[stage + 1] - _SHARES[stage])

    def cancel(self) -> None:
        """Stops it and returns at once. Texts so far are kept, and measured."""
        with self._lock:
            self._is_stopped = True
            at_work = self._at_work
        if at_work is not None:
            at_work.cancel()

    def result(
        self, timeout: float | None = None, tell: Callable[[float, str], None] | None = None
    ) -> Suggestions:
        """Waits for the end. Ctrl-C stops it and gives what there is; a second one gives up.

        Args:
            timeout: seconds; None waits as long as it takes.
            tell: called some ten times a second with progress and message.

        Raises:
            TaskStopped: it was stopped before there was a text.
            WorkerTimeout: it took longer; it was stopped.
            SteerError: it failed, or the worker died.
        """
        deadline_s = None if timeout is None else self._began_s + timeout
        try:
            self._wait(deadline_s, tell)
        except KeyboardInterrupt:
            self.cancel()
            self._wait(None, tell)
        if isinstance(self._outcome, Suggestions):
            return self._outcome
        raise self._outcome or GenerationError("The suggestions ended without a result.")

    def _wait(self, deadline_s: float | None, tell: Callable[[float, str], None] | None) -> None:
        while not self._ended.wait(_SLICE_S):
            if tell is not None:
                tell(self.progress, self.message)
            if deadline_s is not None and time.monotonic() >= deadline_s:
                self.cancel()
                raise WorkerTimeout(
                    f"The suggestions were not there in time: it was at {self.message}. "
                    "Give it longer (timeout=…), or fewer candidates, prompts or samples."
                )

    # ---- on its own thread

    def _work(self) -> None:
        try:
            self._outcome = self._suggest()
        except Exception as error:  # noqa: BLE001 - whoever waits has to hear of it
            self._outcome = ErrorInfo.of(error, traceback.format_exc()).rebuild()
        finally:
            self._ended.set()

    def _suggest(self) -> Suggestions:
        asked = self.asked
        found = self._do(
            FindByWish(
                0, asked.topic, asked.examples, asked.against, asked.sae,
                density=self._catalog.densities(asked.sae), seed=asked.generation.seed,
            ),
            FoundByWish,
        )  # fmt: skip
        by_texts = [one.index for one in found.features]
        by_label = labelled(self._catalog, words_in(asked.topic), asked.sae) if asked.topic else []
        by_words = labelled(self._catalog, characteristic(found.examples, found.against), asked.sae)
        ranked_by: dict[Source, list[int]] = {
            "label": by_label, "meaning": self._by_meaning(), "words": by_words, "texts": by_texts
        }  # fmt: skip
        candidates = merged(self._catalog, asked.sae, ranked_by, asked.n_candidates)
        if not candidates:
            raise GenerationError(
                "No feature has the words of the wish, and none tells its texts from others. Say it otherwise, or "
                "give examples: steerer.suggest(examples=[…])."
            )
        self._enter(1)
        controls = [candidates[0].feature.control(seed) for seed in range(N_CONTROLS)]
        directions: list[Steerable] = [*(one.feature for one in candidates), *controls]
        strengths = self._do(
            FindEqualStrengths(
                0, tuple(directions), asked.prompts[:_N_READ], asked.generation.chat, asked.kl
            ),
            EqualStrengths,
        ).strengths
        met = [
            (one, _rounded(strength))
            for one, strength in zip(candidates, strengths, strict=False)
            if strength is not None
        ]
        by_chance = [
            control.at(_rounded(strength))
            for control, strength in zip(controls, strengths[-N_CONTROLS:], strict=True)
            if strength is not None
        ]
        run, columns, tries = self._try(met, by_chance)
        self._enter(3)
        scores = self._scores(found, run)
        return Suggestions(
            ranked(tries, columns[0], columns[1 + len(tries) :], scores, asked.k),
            wish=asked.wish,
            topic=asked.topic,
            examples=found.examples,
            against=found.against,
            kl=asked.kl,
            run=run,
            n_tried=len(tries),
            is_stopped=self._is_stopped,
            seconds=time.monotonic() - self._began_s,
        )

    def _by_meaning(self) -> list[int]:
        """Features whose label means the topic, best first; none where nothing can tell."""
        asked = self.asked
        if not asked.topic or not can_find_by_meaning(self._controller.status):
            return []
        try:
            found = find_by_meaning(
                self._catalog,
                lambda command: self._do(command, FoundByMeaning),
                asked.topic,
                _N_MEANT,
                asked.sae,
            )
        except InvalidInput:  # there are no labels; the SAE's name was checked before
            return []
        return [one.index for one in found]

    def _try(
        self, met: Sequence[tuple[Candidate, float]], by_chance: Sequence[Edit]
    ) -> tuple[Run, list[tuple[Cell, ...]], list[Tried]]:
        """The run: the baseline, every candidate, and random directions."""
        asked = self.asked
        if not met:
            raise GenerationError(
                f"No candidate moves the model as far as p95 KL {asked.kl:g}. Try a lower one: kl={asked.kl / 2:g}."
            )
        edits = [*(one.feature.at(strength) for one, strength in met), *by_chance]
        steerings = (Steering(), *(Steering((edit,)) for edit in edits))
        self._enter(2)
        run = self._start(
            make_grid(asked.prompts, steerings, generation=asked.generation, samples=asked.samples)
        )
        self._hold(run)
        run.result()
        columns = columns_of(run.cells, len(steerings), asked.samples)
        tries = [Tried(one, strength, columns[1 + place]) for place, (one, strength) in enumerate(met)]
        if not any(cell.state == "done" for cell in run.cells):
            raise TaskStopped("It was stopped before there was a text.")
        return run, columns, tries

    def _scores(self, found: FoundByWish, run: Run) -> dict[int, float]:
        """How far each finished text goes towards the wish, by number of its cell; none where this was stopped."""
        cells = [cell for cell in run.cells if cell.state == "done" and cell.text.strip()]
        if not cells:
            return {}
        try:
            if self.asked.topic:
                pairs = tuple(pair_of(self.asked.topic, cell) for cell in cells)
                values: Sequence[float] = self._do(ReadLikelihoods(0, pairs), Likelihoods, again=True).values
            else:
                values = self._along(found, cells)
        except TaskStopped:
            return {}
        return {cell.index: value for cell, value in zip(cells, values, strict=True)}

    def _along(self, found: FoundByWish, cells: Sequence[Cell]) -> list[float]:
        examples, against = self._means(found.examples), self._means(found.against)
        way = way_between(examples, against)
        return [along(way, mean) for mean in self._means([prompt_text(c.prompt) + c.text for c in cells])]

    def _means(self, texts: Sequence[Prompt]) -> tuple[tuple[float, ...], ...]:
        hook_name = next(
            (sae.hook_name for sae in self._controller.status.saes if sae.name == self.asked.sae), ""
        )
        question = ReadMeans(0, tuple(map(Passage, texts)), hook_name)
        return ask_worker(
            self._controller, question, Activations, _TASK_S, call="suggest", what=f"read {len(texts)} texts"
        ).values

    # ---- one thing at a time

    def _enter(self, stage: int) -> None:
        with self._lock:
            self._stage, self._at_work = stage, None

    def _do(self, command: TaskCommand, kind: type[_K], *, again: bool = False) -> _K:
        """Has the worker do a task. `again`: also where it was stopped before, to measure what there is."""
        if self._is_stopped and not again:
            raise TaskStopped("It was stopped before there was a text.")
        task = Task(self._controller, command, kind, lambda answer: answer, f"suggesting: {self.message}")
        self._hold(task, again=again)
        return task.result(_TASK_S)

    def _hold(self, at_work: _Stoppable, *, again: bool = False) -> None:
        """This is what a stop is for; one that came just before it counts, too."""
        with self._lock:
            self._at_work = at_work
            is_late = self._is_stopped and not again
        if is_late:
            at_work.cancel()


def _rounded(strength: float) -> float:
    """To three digits: people read it, and the KL changes by a hundredth at most."""
    return float(f"{strength:.3g}")
