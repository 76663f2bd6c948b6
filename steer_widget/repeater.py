"""Runs as recipes, and recipes as runs."""

from __future__ import annotations

from .arguments import as_seconds, as_switch
from .contents import ask_hashes, recipe_of
from .errors import InvalidInput
from .recipes import Recipe, moved, other_contents
from .result import RunResult
from .run import Run
from .spec import Limits
from .suggester import Suggester

_TIMEOUT_S = 600.0  # a large model is loaded and read from the disk


class Repeater(Suggester):
    """Runs made again, here or elsewhere; arguments as of `Explorer`."""

    def recipe(self, run: Run | RunResult, *, timeout: float = _TIMEOUT_S) -> Recipe:
        """What another machine needs to make a run again, and to tell whether it is the same: see `sw.Recipe`.

        Waits for the worker, which hashes the contents of model and SAEs: some seconds for a large model, the
        first time.

        Args:
            run: a run, or its result, that was made with the model and the SAEs that are loaded.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: it has not ended, or was made with another model or other SAEs.
            LoadError: the model's files have changed since it was loaded.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        result = run.partial() if isinstance(run, Run) else run
        if not isinstance(result, RunResult):
            raise InvalidInput("run", run, "a run of this steerer, or its result")
        return recipe_of(self._controller, result, as_seconds("timeout", timeout))

    def rerun(
        self,
        recipe: Recipe,
        *,
        anyway: bool = False,
        limits: Limits | None = None,
        timeout: float = _TIMEOUT_S,
    ) -> Run:
        """Starts the run of a recipe again; `recipe.compare(run.result())` then tells whether the tokens are the same.

        SAEs are told by their contents, so that they may lie elsewhere and be called otherwise. In float32 the
        tokens are the same on the same versions and processor; what differs there is told by the comparison and
        refuses nothing. Waits for the worker before it starts, as `recipe` does.

        Args:
            recipe: as `run.recipe()` or `sw.load_recipe(path)` gives.
            anyway: True runs it also on a model or SAEs of other contents.
            limits: how long the run may take; None: bounds that grow with the grid.
            timeout: seconds until it has started, loading included.

        Raises:
            InvalidInput: model or SAEs have other contents than the recipe's, and what exactly; or a value is refused.
            LoadError: the model's files have changed since it was loaded.
            WorkerTimeout: it took longer to start.
            SteerError: the worker could not load, or died.
        """
        if not isinstance(recipe, Recipe):
            raise InvalidInput("recipe", recipe, "a recipe, as sw.load_recipe(path) gives")
        as_switch("anyway", anyway)
        hashes = ask_hashes(self._controller, as_seconds("timeout", timeout), "rerun")
        differences, _ = other_contents(recipe, hashes)
        if differences and not anyway:
            raise InvalidInput(
                "recipe", recipe, "one of the model and the SAEs that are loaded",
                hint=f"{' '.join(differences)} Load those, or run it on these: steerer.rerun(recipe, anyway=True).",
            )  # fmt: skip
        grid, max_act = moved(recipe, self._controller.status.saes, hashes)
        return self._submit(grid, max_act, limits=limits, hashes=hashes)
