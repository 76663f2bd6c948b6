"""The programmatic API: one model, one SAE, one worker; every way to start a run goes through here."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from .arguments import as_columns, as_steerings, make_grid, with_baseline
from .catalog import Catalog, Hit
from .controller import Controller
from .errors import GenerationError, InvalidInput, SteererClosed, WorkerTimeout
from .loading_line import LoadingLine
from .protocol import FeatureCard, Status
from .run import Run
from .spec import Edit, Feature, Generation, Grid, Positions, Steering, Unit

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from .widget import SteerWidget

_CHECK_S = 2.0
_SLICE_S = 0.1

Prompts = str | Sequence[object]
Column = Edit | Steering | Sequence[Edit]


class Steerer:
    """Runs prompts unsteered and steered side by side, in a worker that keeps the model loaded.

    `sw.demo`, `sw.load` and `sw.from_model` make one. Loading starts at once and goes on in the
    background; runs that are started meanwhile wait for it. In a notebook it shows its widget.

    Args:
        controller: takes runs to the worker.
        catalog: what is known of the features.
        d_sae: number of features, where a folder tells it before the worker does.
        title: model and SAE, in short.
    """

    def __init__(
        self, controller: Controller, catalog: Catalog, *, d_sae: int | None = None, title: str = ""
    ) -> None:
        self._controller = controller
        self._catalog = catalog
        self._d_sae = d_sae
        self._title = title
        self._widget: SteerWidget | None = None
        self._closed = False

    # ---- what there is

    @property
    def status(self) -> Status:
        """State of the worker: what it has loaded, how far loading is, the last error."""
        return msgspec.structs.replace(self._controller.status, n_labels=self._catalog.n_labels)

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

    def feature(self, key: int | str) -> Feature:
        """A feature by its 0-based index, or by a label that it alone has.

        Raises:
            UnknownFeature: there is none; the text says what is allowed.
        """
        return self._catalog.feature(key, self._known_d_sae())

    def search(self, text: str, k: int = 20) -> list[Hit]:
        """Up to `k` features whose label, tokens or examples have these words, best first.

        Raises:
            InvalidInput: there is no feature table.
        """
        found = self._catalog.search(text, k, self._known_d_sae())
        return [Hit(Feature(card.index, card.label), score) for card, score in found]

    def card(self, feature: Feature | int) -> FeatureCard:
        """What is known of a feature: label, density, maximum activation, logit lens, examples on which it fires.

        Raises:
            UnknownFeature: index outside the SAE.
        """
        index = self.feature(feature).index if isinstance(feature, int) else feature.index
        return self._catalog.card(index, self._known_d_sae())

    def cards(self, text: str, k: int = 20) -> tuple[FeatureCard, ...]:
        """As `search`, with all that is known of each feature.

        Raises:
            InvalidInput: there is no feature table.
        """
        return tuple(card for card, _ in self._catalog.search(text, k, self._known_d_sae()))

    # ---- runs

    def compare(
        self,
        prompts: Prompts,
        edits: Column | Iterable[Column],
        *,
        combine: bool = False,
        unit: Unit = "raw",
        method: str = "add",
        positions: Positions = "all",
        generation: Generation | None = None,
        baseline: bool = True,
        samples: int = 1,
    ) -> Run:
        """Starts a comparison: the unsteered text beside the steered ones. Returns at once.

        Args:
            prompts: text, a list of texts, chat messages, or a list of chats.
            edits: each its own column; a list among them is one column with all its edits.
            combine: one column with all edits at once.
            unit: of strengths that do not name theirs: raw, max_act or norm.
            method: of edits that do not name theirs.
            positions: of edits that do not name theirs: all, prompt or generated.
            generation: how texts are generated; None: greedy, 60 tokens.
            baseline: whether the unsteered column comes first.
            samples: completions per prompt and column.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SteererClosed: after `close`.
        """
        grid = make_grid(
            prompts,
            as_columns(edits, combine=combine, baseline=baseline),
            unit=unit,
            method=method,
            positions=positions,
            generation=generation,
            samples=samples,
        )
        return self.start(grid)

    def sweep(
        self,
        prompts: Prompts,
        feature: Feature | int | str,
        strengths: Iterable[float],
        *,
        unit: Unit = "raw",
        method: str = "add",
        positions: Positions = "all",
        generation: Generation | None = None,
        baseline: bool = True,
        samples: int = 1,
    ) -> Run:
        """Starts one feature at several strengths, each its own column. Returns at once.

        Args:
            prompts: text, a list of texts, chat messages, or a list of chats.
            feature: a feature, or its index or label.
            strengths: in `unit`.
            unit: raw, max_act or norm.
            method: name of the steering method.
            positions: all, prompt or generated.
            generation: how texts are generated; None: greedy, 60 tokens.
            baseline: whether the unsteered column comes first.
            samples: completions per prompt and column.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SteererClosed: after `close`.
        """
        steered = feature if isinstance(feature, Feature) else self.feature(feature)
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
            generation=generation,
            baseline=baseline,
            samples=samples,
        )

    def run(
        self,
        prompts: Prompts,
        steerings: Column | Iterable[Column],
        *,
        unit: Unit = "raw",
        method: str = "add",
        positions: Positions = "all",
        generation: Generation | None = None,
        baseline: bool = False,
        samples: int = 1,
    ) -> Run:
        """Starts the general form: every prompt under every steering. Returns at once.

        Args:
            prompts: text, a list of texts, chat messages, or a list of chats.
            steerings: the columns as they are: `sw.Steering`, an edit or a list of edits each;
                `sw.Steering()` is the unsteered baseline.
            unit: of strengths that do not name theirs: raw, max_act or norm.
            method: of edits that do not name theirs.
            positions: of edits that do not name theirs: all, prompt or generated.
            generation: how texts are generated; None: greedy, 60 tokens.
            baseline: True puts the unsteered column in front.
            samples: completions per prompt and column.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SteererClosed: after `close`.
        """
        columns = as_steerings(steerings)
        grid = make_grid(
            prompts,
            with_baseline(columns) if baseline else columns,
            unit=unit,
            method=method,
            positions=positions,
            generation=generation,
            samples=samples,
        )
        return self.start(grid)

    def start(self, grid: Grid, *, ask_worker: bool = True) -> Run:
        """Starts a grid whose defaults are filled in. Returns at once.

        Args:
            grid: what to run.
            ask_worker: whether a worker that is ready may refuse it here, which takes at most two
                seconds; otherwise it does so later, and the run fails with the same error.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SteererClosed: after `close`.
        """
        self._refuse_closed()
        max_act = self._catalog.check(grid.edits(), self._known_d_sae())
        answer = self._controller.check(grid, max_act, _CHECK_S) if ask_worker else None
        if answer is not None and answer.error is not None:
            raise answer.error.rebuild()
        return Run(self._controller, self._controller.submit(grid, max_act))

    # ---- the worker

    def ready(self, timeout: float = 60) -> None:
        """Waits until model and SAE are loaded, at most `timeout` seconds.

        A worker that died is started again. One that could not load says why: `reload` tries again.

        Raises:
            LoadError: model or SAE could not be loaded.
            WorkerDied: the worker died while loading.
            WorkerTimeout: it took longer; loading goes on.
        """
        limit_s = _seconds("timeout", timeout)
        self._refuse_closed()
        if self._controller.status.worker == "stopped":
            self._controller.start()
        deadline_s = time.monotonic() + limit_s
        with LoadingLine() as line:
            while True:
                left_s = deadline_s - time.monotonic()
                status = self._controller.wait_loaded(max(0.0, min(_SLICE_S, left_s)))
                if status.worker in ("ready", "busy"):
                    return
                if status.worker != "loading":
                    self._refuse_closed()
                    raise (
                        status.error.rebuild()
                        if status.error
                        else GenerationError("The worker ended. Try again.")
                    )
                if left_s <= 0:
                    raise _not_ready(status, limit_s)
                line.show(status)

    def reload(self) -> None:
        """Loads again after loading failed, for instance once a file is in its place. Returns at once."""
        self._controller.start()

    def close(self) -> None:
        """Stops every run and ends the worker; takes up to two seconds. Texts so far are kept."""
        self._closed = True
        self._controller.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- for the widget

    def check_edits(self, edits: Iterable[Edit]) -> None:
        """Refuses what can be refused without the worker; units and methods may still be open.

        Raises:
            InvalidInput: feature, method or unit.
        """
        self._catalog.check(edits, self._known_d_sae())

    @property
    def catalog(self) -> Catalog:
        """What is known of the features."""
        return self._catalog

    @property
    def controller(self) -> Controller:
        """Queue and worker."""
        return self._controller

    # ---- display

    def __repr__(self) -> str:
        worker = "closed" if self._closed else self._controller.status.worker
        return f"<Steerer: {self._title}, worker {worker}, {len(self._controller.jobs)} runs>"

    def _repr_mimebundle_(self, **_choice: object) -> tuple[dict[str, object], dict[str, object]]:
        return self.widget.mimebundle(plain=repr(self))

    # ---- inside

    def _known_d_sae(self) -> int | None:
        sae = self._controller.status.sae
        return sae.d_sae if sae is not None else self._d_sae

    def _refuse_closed(self) -> None:
        if self._closed:
            raise SteererClosed("This steerer is closed. Make a new one: sw.load(...) or sw.demo().")


def _seconds(field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value) or value < 0:
        raise InvalidInput(field, value, "seconds, from 0 up")
    return float(value)


def _not_ready(status: Status, limit_s: float) -> WorkerTimeout:
    loading = status.loading
    share = f", {loading.fraction:.0%}" if loading and loading.fraction is not None else ""
    stage = f" (stage {loading.stage!r}{share})" if loading else ""
    return WorkerTimeout(
        f"Model and SAE were not loaded after {limit_s:g} s{stage}. Loading goes on in the background: "
        f"raise the limit, steerer.ready(timeout={max(60, 4 * limit_s):g}), or look at steerer.status."
    )
