"""The in-process twin of the local backend: the same loop on a thread, with the user's own model and SAEs.

No process to isolate: the model stays the user's, a crash takes the kernel with it, and nothing can be
killed, only stopped at its next token.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import WorkerDied
from ..protocol import CancelRun, Command, Event, Load, Shutdown, StartRun
from .base import WorkerExit

if TYPE_CHECKING:
    from sae_lens import SAE
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from ..protocol import LoadStage
    from ..saes.sae import Sae
    from ..worker.engine import Engine
    from ..worker.loop import WorkerLoop


class InlineBackend:
    """Runs on a thread of this process.

    Args:
        model: any Hugging Face decoder, on its device.
        tokenizer: the model's.
        saes: each a `sae_lens.SAE`, or the folder or ``release/sae_id`` of one, by the name its features
            give; the first is that of features without a name.
        model_name: as shown to the user; None takes the model's own.
    """

    name = "inline"

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        saes: Mapping[str, SAE | str],
        *,
        model_name: str | None = None,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._saes = dict(saes)
        self._model_name = model_name or getattr(model, "name_or_path", "") or type(model).__name__
        self._loop: WorkerLoop | None = None
        self._thread: threading.Thread | None = None
        self._current_run = ""

    def start(self, on_event: Callable[[Event], None], on_exit: Callable[[WorkerExit], None]) -> None:
        """See `Backend.start`."""
        # Heavy imports belong to the moment a model is there anyway.
        from ..worker.loop import WorkerLoop

        loop = WorkerLoop(self._make_engine, on_event)
        self._loop = loop

        def work() -> None:
            loop.work()
            on_exit(WorkerExit(code=0, expected=True))

        self._thread = threading.Thread(target=work, name="steer-widget-inline", daemon=True)
        self._thread.start()

    def send(self, command: Command) -> None:
        """See `Backend.send`."""
        if self._loop is None or not self.is_alive():
            raise WorkerDied(
                "The in-process worker has ended, so it cannot take a command. Make a new steerer."
            )
        if isinstance(command, StartRun):
            self._current_run = command.run
        self._loop.take(command)

    def is_alive(self) -> bool:
        """See `Backend.is_alive`."""
        return self._thread is not None and self._thread.is_alive()

    def pid(self) -> int | None:
        """See `Backend.pid`: a thread has none."""
        return None

    def log_tail(self) -> str:
        """See `Backend.log_tail`: what is printed goes to the notebook itself."""
        return ""

    def terminate(self) -> None:
        """See `Backend.terminate`: a thread can only be asked to stop at its next token."""
        if self._loop is not None:
            self._loop.take(CancelRun(self._current_run))
            self._loop.take(Shutdown())

    def kill(self) -> None:
        """See `Backend.kill`: the same as `terminate` for a thread."""
        self.terminate()

    def close(self, grace_s: float = 2.0) -> None:
        """See `Backend.close`."""
        self.terminate()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=grace_s)

    def _make_engine(self, command: Load, progress: Callable[[LoadStage, float | None, str], None]) -> Engine:
        import torch

        from ..worker.engine import Engine

        progress("sae", 0.2, "reading the SAEs")
        saes = {name: read_sae(name, given) for name, given in self._saes.items()}
        progress("check", 0.6, "checking that an edit at each hook point changes the logits")
        with torch.inference_mode():
            return Engine(
                self._model,
                self._tokenizer,
                saes,
                model_name=self._model_name,
                max_batch_rows=command.max_batch_rows,
                embedder=command.embedder,
            )


def read_sae(name: str, given: SAE | str) -> Sae:
    """An SAE in memory, or where one lies, as steering uses it."""
    from ..saes import from_sae_lens, load_sae

    if isinstance(given, str):
        return replace(load_sae(given), name=name)
    return from_sae_lens(given, name)
