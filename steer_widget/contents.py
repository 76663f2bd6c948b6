"""What the worker has loaded, told by its contents; recipes that note it."""

from __future__ import annotations

import time

import msgspec

from .asking import ask_worker
from .controller import Controller
from .errors import InvalidInput
from .protocol import Hashed, Hashes, HashesOf
from .recipes import Recipe
from .result import RunResult
from .run_states import RUN_ENDED
from .same_model import refuse_other_model
from .waiting import wait_ready


def ask_hashes(controller: Controller, timeout_s: float, call: str) -> Hashes:
    """Hashes of model and SAEs; waits until they are loaded and read.

    Args:
        controller: of the worker.
        timeout_s: seconds, loading included.
        call: the method that the user called.

    Raises:
        LoadError: loading failed, or the files have changed since.
        WorkerTimeout: it took longer.
        SteerError: the worker died, or the steerer is closed.
    """
    deadline_s = time.monotonic() + timeout_s
    controller.refuse_closed()
    wait_ready(controller, timeout_s)
    left_s = max(0.0, deadline_s - time.monotonic())
    what = "hash the model's contents"
    return ask_worker(controller, HashesOf(0), Hashed, left_s, call=call, what=what).hashes


def recipe_of(controller: Controller, result: RunResult, timeout_s: float) -> Recipe:
    """The recipe of a run that was made with what is loaded.

    Raises:
        InvalidInput: it has not ended, never came to its model, or was made with another model or other SAEs.
        SteerError: see `ask_hashes`.
    """
    if result.state not in RUN_ENDED:
        raise InvalidInput("recipe", result.state, "a run that has ended", hint="Stop it first, or wait.")
    if result.model is None:
        raise InvalidInput("recipe", result.run, "a run that came to its model")
    refuse_other_model(result.model, result.saes, controller.ready)
    hashes = ask_hashes(controller, timeout_s, "recipe")
    # Only once it has loaded is it certain what is loaded.
    refuse_other_model(result.model, result.saes, controller.ready)
    return Recipe.of(result, msgspec.structs.replace(result.model, hashes=hashes))
