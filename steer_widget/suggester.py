"""Starts grids, and suggests what to put into them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

import msgspec

from .arguments import as_seconds
from .errors import InvalidInput, WorkerError
from .explorer import Prompts
from .profiler import Profiler
from .progress_line import ProgressLine
from .protocol import CheckGrid, Hashes
from .run import Run
from .spec import Generation, Grid, Limits
from .suggesting import Asked, Suggesting, Suggestions

_CHECK_S: Final = 2.0


class Suggester(Profiler):
    """Suggestions, and the start of any grid; arguments as of `Explorer`."""

    def suggest(
        self,
        wish: str | None = None,
        *,
        examples: Prompts | None = None,
        against: Prompts | None = None,
        k: int = 5,
        prompts: Prompts | None = None,
        samples: int | None = None,
        n_candidates: int = 12,
        generation: Generation | None = None,
        kl: float = 1.0,
        sae: str = "",
        timeout: float = 300,
    ) -> Suggestions:
        """Features that bring about what is wished for, tried at equal fluency, with their texts. Waits for the worker.

        Candidates are features whose label has words of the wish, and those that tell texts which the model writes
        on it from others that it writes; output scores that are known count, too. Each is added at the strength at
        which it moves the model equally far (p95 KL over tokens), all in one run beside the baseline and a random
        direction; the run is in the history, and the widget shows it. They are ranked by how much likelier the
        unsteered model finds the wish behind their texts than behind the baseline's; for examples, by how far their
        texts' activations go towards the examples'. No other judge is asked. Formulas: `steer_widget.suggesting.effects`.

        Some 20 s on the embedded model; in proportion to candidates × prompts × samples. Ctrl-C gives what there is.

        Args:
            wish: what there should be more of, such as ``more about the sea``.
            examples: instead of it, texts or chats as there should be more of.
            against: others, to tell them from; None: texts that the model writes of nothing in particular.
            k: how many suggestions.
            prompts: behind which candidates are tried; None: four beginnings of everyday texts.
            samples: completions for each prompt and candidate; None: two, or as many as make eight texts of each
                candidate; one at temperature 0.
            n_candidates: how many features are tried.
            generation: how the texts are made; None: 30 tokens at temperature 0.7, repetition penalty 1.2.
            kl: at which p95 KL from the unsteered model they are tried, in nats.
            sae: name of the SAE; '' is the first.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            TaskStopped: it was stopped before there was a text.
            WorkerTimeout: it took longer.
            SteerError: nothing was found, the worker could not load, or died.
        """
        asked = Asked.of(
            wish,
            examples=examples,
            against=against,
            k=k,
            prompts=prompts,
            samples=samples,
            n_candidates=n_candidates,
            generation=generation,
            kl=kl,
            sae=self._named(sae),
        )
        deadline_s = time.monotonic() + as_seconds("timeout", timeout)
        self.ready(timeout)
        begun = self.begin_suggesting(asked)
        with ProgressLine() as line:
            return begun.result(max(0.0, deadline_s - time.monotonic()), line.show)

    def begin_suggesting(self, asked: Asked) -> Suggesting:
        """Begins a search for features whose arguments are checked, and returns at once; the worker must have loaded."""
        return Suggesting(asked, self._controller, self._catalog, self.start)

    def start(self, grid: Grid, *, limits: Limits | None = None, ask_worker: bool = True) -> Run:
        """Starts a grid whose defaults are filled in. Returns at once.

        Args:
            grid: what to run.
            limits: how long it may take; None: bounds that grow with the grid.
            ask_worker: whether a worker that is ready may refuse it here, which takes at most two
                seconds; otherwise it does so later, and the run fails with the same error.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SteererClosed: after `close`.
            QueueFull: too many runs wait already.
        """
        self._controller.refuse_closed()
        grid = msgspec.structs.replace(grid, steerings=tuple(map(self._catalog.in_raw, grid.steerings)))
        max_act = self._catalog.check(grid.edits())
        return self._submit(grid, max_act, limits=limits, ask_worker=ask_worker)

    def _submit(
        self,
        grid: Grid,
        max_act: Mapping[str, float],
        *,
        limits: Limits | None,
        ask_worker: bool = True,
        hashes: Hashes | None = None,
    ) -> Run:
        """Starts a grid whose units the worker knows; arguments as of `start` and `Controller.submit`."""
        if limits is not None and not isinstance(limits, Limits):
            raise InvalidInput("limits", limits, "sw.Limits(soft_s=…, hard_s=…), or None")
        answer = self._controller.ask(CheckGrid(0, grid, dict(max_act)), _CHECK_S) if ask_worker else None
        refusal = answer.error.rebuild() if answer is not None and answer.error is not None else None
        # A worker that died over the question is no refusal: the run starts a new one.
        if refusal is not None and not isinstance(refusal, WorkerError):
            raise refusal
        return Run(self._controller, self._controller.submit(grid, max_act, limits, hashes))
