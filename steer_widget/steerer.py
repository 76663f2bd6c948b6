"""The programmatic API: one model, its SAEs, one worker; every way to start a run goes through here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from .arguments import as_chosen, as_column, as_columns, make_grid, with_baseline
from .catalog import Catalog
from .controller import Controller
from .errors import InvalidInput
from .explorer import Prompts
from .history import History
from .own_model import SaeSources, steered_model
from .protocol import Backlog, Status
from .reopened import reopened
from .repeater import Repeater
from .result import RunResult
from .run import Run
from .sets import FeatureSets, MadeOn, PromptSets, VectorSets
from .spec import (
    Direction,
    Edit,
    Generation,
    Limits,
    Measure,
    PositionsLike,
    Steering,
    Unit,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase
    from typing_extensions import Self

    from .widget import SteerWidget
    from .worker.steered_model import SteeredModel

Column = Edit | Steering | Sequence[Edit]
MeasuresLike = Literal["all"] | Iterable[Measure] | None


class Steerer(Repeater):
    """Runs prompts unsteered and steered side by side, in a worker that keeps the model loaded.

    `sw.demo`, `sw.load` and `sw.from_model` make one. Loading starts at once and goes on in the
    background; runs that are started meanwhile wait for it. In a notebook it shows its widget.

    Args:
        controller: takes runs to the worker.
        catalog: what is known of the features.
        title: model and SAEs, in short.
        history: where the runs are written down; None: nowhere.
        saes: in memory or where they lie, by name, the first one first; None: `steered` has none.
    """

    def __init__(
        self,
        controller: Controller,
        catalog: Catalog,
        *,
        title: str = "",
        history: History | None = None,
        saes: SaeSources | None = None,
    ) -> None:
        self._history = History() if history is None else history
        super().__init__(controller, catalog, self._history.folder)
        self._title = title
        self._saes: SaeSources = saes or {}
        self._widget: SteerWidget | None = None

    # ---- what there is

    @property
    def status(self) -> Status:
        """State of the worker: what it has loaded, how far loading is, the last error."""
        return msgspec.structs.replace(self._controller.status, n_labels=self._catalog.n_labels)

    @property
    def backlog(self) -> Backlog:
        """All that is still to be done, over all runs: how many runs and tokens, seconds left."""
        with self._controller.frozen():
            return self._controller.backlog

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs of this steerer, oldest first."""
        return tuple(Run(self._controller, job) for job in self._controller.jobs)

    @property
    def widget(self) -> SteerWidget:
        """The steerer's one widget, made when first asked for, and anew when it was closed."""
        if self._widget is None or self._widget.comm is None:
            from .widget import SteerWidget

            self._widget = SteerWidget(self)
        return self._widget

    def history(self) -> History:
        """Every run, of other kernels and days too, newest first: see `sw.History`."""
        return self._history

    @property
    def feature_sets(self) -> FeatureSets:
        """Named sets of features with their strengths: see `sw.FeatureSets`."""
        return FeatureSets(self._history.folder, here=self._made_on)

    @property
    def prompt_sets(self) -> PromptSets:
        """Named sets of prompts: see `sw.PromptSets`."""
        return PromptSets(self._history.folder)

    @property
    def vectors(self) -> VectorSets:
        """Named vectors of your own: see `sw.VectorSets`."""
        return VectorSets(self._history.folder, here=self._made_on)

    # ---- runs

    def compare(
        self,
        prompts: Prompts,
        edits: Column | Iterable[Column],
        *,
        combine: bool = False,
        unit: Unit = "raw",
        method: str = "add",
        positions: PositionsLike = "all",
        skip_special: bool = False,
        preserve_norm: bool = False,
        generation: Generation | None = None,
        baseline: bool = True,
        samples: int = 1,
        measures: MeasuresLike = None,
        limits: Limits | None = None,
    ) -> Run:
        """Starts a comparison: the unsteered text beside the steered ones. Returns at once.

        Args:
            prompts: text, a list of texts, chat messages, or a list of chats.
            edits: each its own column; a list among them is one column with all its edits.
            combine: one column with all edits at once.
            unit: of strengths that have a unit and do not name theirs: raw, max_act, norm or auto.
            method: of edits that do not name theirs.
            positions: of edits that do not name theirs: all, prompt, generated, a slice or a list of tokens.
            skip_special: of edits that do not say: True leaves special tokens as they are.
            preserve_norm: of columns that do not say: True gives steered tokens their former norm back.
            generation: how texts are generated; None: greedy, 60 tokens.
            baseline: whether the unsteered column comes first.
            samples: completions per prompt and column.
            measures: names (`steerer.status.measures`) of what to measure; None or "all" takes all of them.
            limits: how long it may take; None: bounds that grow with the grid.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SteererClosed: after `close`.
            QueueFull: too many runs wait already.
        """
        grid = make_grid(
            prompts,
            as_columns(edits, combine=combine, baseline=baseline),
            unit=unit,
            method=method,
            positions=positions,
            skip_special=skip_special,
            preserve_norm=preserve_norm,
            generation=generation,
            samples=samples,
            measures=measures,
        )
        return self.start(grid, limits=limits)

    def sweep(
        self,
        prompts: Prompts,
        feature: Direction | int | str,
        strengths: Iterable[float],
        *,
        unit: Unit = "raw",
        method: str = "add",
        positions: PositionsLike = "all",
        skip_special: bool = False,
        preserve_norm: bool = False,
        generation: Generation | None = None,
        baseline: bool = True,
        samples: int = 1,
        measures: MeasuresLike = None,
        limits: Limits | None = None,
    ) -> Run:
        """Starts one feature or vector at several strengths, each its own column. Returns at once.

        Args:
            prompts: text, a list of texts, chat messages, or a list of chats.
            feature: a feature, or its index or label; a vector; a control.
            strengths: in `unit`.
            unit: raw, max_act, norm or auto.
            method: name of the steering method.
            positions: all, prompt, generated, a slice or a list of tokens.
            skip_special: True leaves special tokens as they are.
            preserve_norm: True gives steered tokens their former norm back.
            generation: how texts are generated; None: greedy, 60 tokens.
            baseline: whether the unsteered column comes first.
            samples: completions per prompt and column.
            measures: names (`steerer.status.measures`) of what to measure; None or "all" takes all of them.
            limits: how long it may take; None: bounds that grow with the grid.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SteererClosed: after `close`.
            QueueFull: too many runs wait already.
        """
        steered = feature if isinstance(feature, Direction) else self.feature(feature)
        if isinstance(strengths, (str, bytes)) or not isinstance(strengths, Iterable):
            raise InvalidInput("strengths", strengths, "a list of finite numbers")
        edits = [steered.at(strength) for strength in strengths]
        if not edits:
            raise InvalidInput("strengths", edits, "at least one finite number")
        return self.compare(
            prompts,
            edits,
            unit=unit,
            method=method,
            positions=positions,
            skip_special=skip_special,
            preserve_norm=preserve_norm,
            generation=generation,
            baseline=baseline,
            samples=samples,
            measures=measures,
            limits=limits,
        )

    def run(
        self,
        prompts: Prompts,
        steerings: Column | Iterable[Column],
        *,
        unit: Unit = "raw",
        method: str = "add",
        positions: PositionsLike = "all",
        skip_special: bool = False,
        preserve_norm: bool = False,
        generation: Generation | None = None,
        baseline: bool = False,
        samples: int = 1,
        measures: MeasuresLike = None,
        limits: Limits | None = None,
    ) -> Run:
        """Starts the general form: every prompt under every steering. Returns at once.

        Args:
            prompts: text, a list of texts, chat messages, or a list of chats.
            steerings: the columns as they are: `sw.Steering`, an edit or a list of edits each;
                `sw.Steering()` is the unsteered baseline.
            unit: of strengths that have a unit and do not name theirs: raw, max_act, norm or auto.
            method: of edits that do not name theirs.
            positions: of edits that do not name theirs: all, prompt, generated, a slice or a list of tokens.
            skip_special: of edits that do not say: True leaves special tokens as they are.
            preserve_norm: of columns that do not say: True gives steered tokens their former norm back.
            generation: how texts are generated; None: greedy, 60 tokens.
            baseline: True puts the unsteered column in front.
            samples: completions per prompt and column.
            measures: names (`steerer.status.measures`) of what to measure; None or "all" takes all of them.
            limits: how long it may take; None: bounds that grow with the grid.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SteererClosed: after `close`.
            QueueFull: too many runs wait already.
        """
        columns = as_chosen(steerings)
        grid = make_grid(
            prompts,
            with_baseline(columns) if baseline else columns,
            unit=unit,
            method=method,
            positions=positions,
            skip_special=skip_special,
            preserve_norm=preserve_norm,
            generation=generation,
            samples=samples,
            measures=measures,
        )
        return self.start(grid, limits=limits)

    def reopen(self, result: RunResult) -> Run:
        """Takes in a run that ended before, here or elsewhere, under its own id, as the latest of this steerer.

        The widget shows it, and `run.retry()` runs the cells that it lacks.

        Raises:
            SteererClosed: after `close`.
        """
        return Run(self._controller, self._controller.adopt(reopened(result)))

    # ---- models of the user's own

    def steered(
        self,
        model: PreTrainedModel,
        steering: Column,
        *,
        tokenizer: PreTrainedTokenizerBase | None = None,
    ) -> SteeredModel:
        """A context in which a model that you hold is steered, whatever tool runs it: forward passes, generate, evaluations.

            with steerer.steered(model, food.at(50)):
                model.generate(**inputs)

        Every row of every forward pass is steered, with or without a KV cache, left-padded or not; hooks come off at
        the end, also after an error. Contexts nest: their edits add up. Positions that count from the end of the
        prompt, and schedules, work inside ``model.generate``; another forward pass does not say where its prompt
        ends, and is refused. The SAE is read in this process, which imports torch. A pass that comes past the hook
        point raises; where no pass was made or no token was steered, a warning says so at the end. Not for a model
        that a steerer of `sw.from_model` runs at the same time.

        Args:
            model: a Hugging Face causal model, of the architecture that the SAEs were made for.
            steering: an edit, a list of edits that act together, or a `sw.Steering`. Defaults as in `compare`.
            tokenizer: the model's; None takes the one that lies where the model came from.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SaeMismatch: model and SAE do not fit.
            HookInactive: an edit at a hook point changes nothing.
        """
        column = self._catalog.in_raw(as_column(steering))
        return steered_model(model, tokenizer, self._saes, column, self._catalog.check(column.edits))

    # ---- the worker

    def reload(self) -> None:
        """Starts the worker again after it could not load, or died too often. Returns at once."""
        self._controller.start()

    def restart(self) -> None:
        """Ends the worker and starts a fresh one, which loads model and SAEs again. Returns at once.

        For a worker that holds too much memory, or that loads what has changed on disk meanwhile. One that
        does not leave within three seconds is ended. `ready` waits for the fresh one; runs that are started
        meanwhile wait for it too.

        Raises:
            InvalidInput: a run has not ended: stop it first, or wait for it.
            SteererClosed: after `close`.
        """
        self._controller.restart()

    @property
    def log(self) -> str:
        """The last lines that the worker wrote: warnings of libraries, progress of loading, tracebacks."""
        return self._controller.log_tail()

    def close(self) -> None:
        """Stops every run and ends the worker; takes up to two seconds. Texts so far are kept."""
        self._controller.close()
        self._history.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _made_on(self) -> MadeOn:
        """What features belong to here."""
        model = self._controller.status.model
        return MadeOn(model.name if model is not None else "", self._catalog.saes)

    # ---- for the widget

    @property
    def controller(self) -> Controller:
        """Queue and worker."""
        return self._controller

    # ---- display

    def __repr__(self) -> str:
        worker = "closed" if self._controller.closed else self._controller.status.worker
        return f"<Steerer: {self._title}, worker {worker}, {len(self._controller.jobs)} runs>"

    def _repr_mimebundle_(self, **_choice: object) -> tuple[dict[str, object], dict[str, object]]:
        return self.widget.mimebundle(plain=repr(self))
