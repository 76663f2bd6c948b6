"""The band of strengths of features and vectors, and the unit that stands on it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final, overload

from .arguments import as_prompts, as_seconds, as_switch
from .bands import EVERYDAY_PROMPTS, BandBook, BandCards
from .catalog import Catalog
from .controller import Controller
from .errors import HistoryError, InvalidInput, WorkerTimeout
from .explorer import Prompts
from .finder import Finder
from .progress_line import ProgressLine
from .protocol import Calibrate, Calibrated
from .spec import Band, Steerable
from .task import Task

MAX_DIRECTIONS: Final = 200


class Calibrator(Finder):
    """Bands of strengths; arguments as of `Explorer`.

    Args:
        controller: takes questions to the worker.
        catalog: what is known of the features.
        folder: the data folder, where bands are kept.
    """

    def __init__(self, controller: Controller, catalog: Catalog, folder: Path) -> None:
        super().__init__(controller, catalog)
        self._bands = BandBook(lambda: controller.status, folder)
        catalog.band_of = self._bands.band_of
        for place, sae in enumerate(catalog.saes):
            catalog.learn(BandCards(self._bands, place), sae)

    @overload
    def calibrate(
        self,
        f: Steerable | int | str,
        *,
        prompts: Prompts | None = ...,
        chat: bool = ...,
        negative: bool = ...,
        timeout: float = ...,
    ) -> Band: ...

    @overload
    def calibrate(
        self,
        f: Sequence[Steerable | int],
        *,
        prompts: Prompts | None = ...,
        chat: bool = ...,
        negative: bool = ...,
        timeout: float = ...,
    ) -> list[Band]: ...

    def calibrate(
        self,
        f: Steerable | int | str | Sequence[Steerable | int],
        *,
        prompts: Prompts | None = None,
        chat: bool = False,
        negative: bool = False,
        timeout: float = 300,
    ) -> Band | list[Band]:
        """The strengths, raw, between which a direction steers and the text stays whole. Waits for the worker.

        Added on all tokens, in a few batches; some seconds on the embedded model. The band is kept in the data
        folder: cards have it, the widget draws it on the dial, and ``f.at(1, unit="auto")`` is the iso-KL strength.

        - onset: the 95th percentile over tokens of KL(steered‖unsteered) passes 0.02 nats, or ten times what
          rounding alone makes in the model's number format. Read on texts that the unsteered model wrote.
        - iso_kl: it reaches 1 nat, over some 20 tokens behind each prompt (wassname/steering-lite).
        - collapse: half of the texts that are written (20 tokens, temperature 1, two behind each prompt) are empty,
          loop, or are more than five times as perplexing to the unsteered model as its own. The share is made to
          rise with the strength first (isotonic regression), since a few texts say little by themselves.

        Each is None where it lies outside 0.02 to 3 residual norms. `print(band)` shows all that was measured.

        Args:
            f: a feature, or its index or label; a vector; a control. Several of them share batches.
            prompts: texts or chats; None: four beginnings of everyday texts.
            chat: whether texts are rendered as user turns by the model's chat template.
            negative: True measures strengths below zero.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            UnknownFeature: there is no such feature.
            TaskStopped: it was stopped.
            WorkerTimeout: it took longer; it was stopped.
            SteerError: the worker could not load, or died.
        """
        is_one = isinstance(f, (int, str)) or not isinstance(f, Sequence)
        given: Sequence[object] = (f,) if is_one else f  # type: ignore[assignment]  # narrowed just here
        if not 0 < len(given) <= MAX_DIRECTIONS:
            raise InvalidInput("f", f"{len(given)} directions", f"1 to {MAX_DIRECTIONS} at once")
        directions = tuple(self._direction(one) for one in given)
        command = Calibrate(
            0,
            directions,
            EVERYDAY_PROMPTS if prompts is None else as_prompts(prompts),
            as_switch("chat", chat),
            as_switch("negative", negative),
        )
        deadline_s = time.monotonic() + as_seconds("timeout", timeout)
        self.ready(timeout)
        task = self.begin_calibrating(command)
        try:
            with ProgressLine() as line:
                bands = task.result(max(0.0, deadline_s - time.monotonic()), line.show)
        except WorkerTimeout:
            task.cancel()
            raise
        return bands[0] if is_one else bands

    def begin_calibrating(self, command: Calibrate) -> Task[list[Band]]:
        """Begins it and returns at once; the worker must have loaded. What it finds is kept.

        Args:
            command: as `calibrate` makes it.
        """
        first, *others = command.directions
        title = f"calibrating {first}" + (f" and {len(others)} more" if others else "")

        def keep(found: Calibrated) -> list[Band]:
            for direction, band in zip(command.directions, found.bands, strict=True):
                try:
                    self._bands.keep(direction, band, negative=command.negative)
                except HistoryError as error:
                    warnings.warn(error.message, RuntimeWarning, stacklevel=2)
            return list(found.bands)

        return Task(self._controller, command, Calibrated, keep, title)

    def band(self, f: Steerable | int | str, *, negative: bool = False) -> Band | None:
        """The band that `calibrate` found, in whichever session; None where it has not, or no model is loaded yet.

        Raises:
            UnknownFeature: there is no such feature.
        """
        direction = self._direction(f)
        self._bands.refresh()
        return self._bands.band_of(direction, negative=negative)
