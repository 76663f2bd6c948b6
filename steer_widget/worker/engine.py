"""The engine: takes a grid, generates its cells in as few batches as memory allows, and tells as it goes."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .. import methods
from ..errors import GenerationError, InvalidInput, OutOfMemory, SteerError
from ..protocol import ErrorInfo, Event, ModelInfo, RunDone, RunStarted, SaeInfo
from .adapter import Adapter
from .batches import batch_size, split_by_length
from .completion import Completion
from .decode import decode
from .placement import is_out_of_memory, release_memory
from .probe import measure_and_check
from .prompts import tokenize
from .row import Row
from .sampling import noise_key
from .steering_hook import RowEdit
from .stream import TokenStream

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from ..protocol import CheckGrid, StartRun
    from ..saes.sae import Sae
    from ..spec import Edit, Grid, RunState

Emit = Callable[[Event], None]


class Engine:
    """A model with an SAE, ready to run grids. One run at a time.

    Args:
        model: any Hugging Face decoder, on its device.
        tokenizer: the model's.
        sae: its hook point and width must fit the model.
        model_name: as shown to the user.
        max_batch_rows: upper bound on rows per batch; None leaves it to the memory.
        started_s: monotonic time at which loading began.

    Raises:
        SaeMismatch: model and SAE do not fit.
        HookInactive: an edit at the hook point changes nothing.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        sae: Sae,
        *,
        model_name: str,
        max_batch_rows: int | None = None,
        started_s: float | None = None,
    ) -> None:
        self.sae = sae
        self.adapter = Adapter(model, tokenizer, sae.hook_name, sae.d_in)
        self.residual_norm = measure_and_check(self.adapter)
        self._max_batch_rows = max_batch_rows
        self.model_info = _model_info(self.adapter, model_name)
        self.sae_info = SaeInfo(
            name=sae.name,
            architecture=sae.architecture,
            d_in=sae.d_in,
            d_sae=sae.d_sae,
            hook_name=sae.hook_name,
            layer=self.adapter.hook_point.layer,
            residual_norm=self.residual_norm,
            neuronpedia_id=sae.neuronpedia_id,
        )
        self.load_s = time.monotonic() - started_s if started_s is not None else 0.0

    def check(self, command: CheckGrid) -> tuple[int, ...]:
        """Refuses a grid that cannot run; gives the number of tokens of each prompt.

        Raises:
            InvalidInput: names the field, the value and what is allowed.
        """
        return tuple(len(ids) for ids in self._prompts(command.grid, command.max_act))

    def run(self, command: StartRun, emit: Emit, is_cancelled: Callable[[], bool]) -> None:
        """Runs the cells of a grid; every one of them gets its `CellDone`, then comes `RunDone`.

        A grid that cannot run is refused by a `RunDone` with an `InvalidInput`, before any work.
        """
        started_s = time.monotonic()
        try:
            prompts = self._prompts(command.grid, command.max_act)
            rows = self._rows(command, prompts)
        except SteerError as error:
            emit(RunDone(command.run, "failed", 0.0, 0, ErrorInfo.of(error)))
            return
        emit(RunStarted(command.run, tuple(len(ids) for ids in prompts)))
        stream = TokenStream(command.run, emit)
        errors = self._generate(command, rows, stream, is_cancelled)
        for row in rows:
            if row.finish is None:
                row.finish = "stopped"
                stream.end(row)
        state: RunState = "done"
        if len(errors) == len(rows):
            state = "failed"
        elif any(row.finish == "stopped" for row in rows):
            state = "stopped"
        n_tokens = sum(len(row.completion.token_ids) for row in rows)
        first_error = errors[0] if state == "failed" else None
        emit(RunDone(command.run, state, time.monotonic() - started_s, n_tokens, first_error))

    def _generate(
        self, command: StartRun, rows: list[Row], stream: TokenStream, is_cancelled: Callable[[], bool]
    ) -> list[ErrorInfo]:
        """Batch by batch; a batch that does not fit is halved, one that fails does not stop the others."""
        generation = command.grid.generation
        n_rows = batch_size(self.adapter, rows, generation.max_new_tokens, self._max_batch_rows)
        waiting = split_by_length(rows, n_rows)
        errors: list[ErrorInfo] = []
        while waiting and not is_cancelled():
            batch = waiting.pop(0)
            ran_out_of_memory = False
            try:
                decode(self.adapter, batch, generation, stream, is_cancelled)
            except Exception as error:  # noqa: BLE001 - a failing batch must not take the run, or the worker, with it
                left = [row for row in batch if row.finish is None]
                ran_out_of_memory = is_out_of_memory(error)
                if ran_out_of_memory and len(left) > 1:
                    middle = len(left) // 2
                    waiting[:0] = [left[:middle], left[middle:]]
                else:
                    info = _failure(error, left)
                    for row in left:
                        row.finish = "failed"
                        errors.append(info)
                        stream.end(row, info)
            if ran_out_of_memory:  # only here, where the error no longer holds the tensors of its frames
                release_memory(self.adapter.input_device)
        stream.flush()
        return errors

    def _prompts(self, grid: Grid, max_act: dict[str, float]) -> list[list[int]]:
        for edit in grid.edits():
            self._row_edit(edit, max_act)
        return [
            tokenize(self.adapter.tokenizer, prompt, grid.generation, self.adapter.n_context)
            for prompt in grid.prompts
        ]

    def _rows(self, command: StartRun, prompts: list[list[int]]) -> list[Row]:
        grid = command.grid
        steerings = [[self._row_edit(edit, command.max_act) for edit in s.edits] for s in grid.steerings]
        rows: list[Row] = []
        for cell in command.cells:
            at = grid.coordinates(cell)
            prompt_ids = prompts[at.prompt]
            rows.append(
                Row(
                    cell=cell,
                    prompt_ids=prompt_ids,
                    edits=steerings[at.steering],
                    key=noise_key(grid.generation.seed, prompt_ids, at.sample),
                    completion=Completion(self.adapter.tokenizer, prompt_ids, grid.generation.stop),
                )
            )
        return rows

    def _row_edit(self, edit: Edit, max_act: dict[str, float]) -> RowEdit:
        direction = self.sae.direction(edit.feature.index)
        strength = edit.strength
        if edit.unit == "max_act":
            reference = max_act.get(str(edit.feature.index))
            if reference is None:
                raise InvalidInput(
                    "unit",
                    "max_act",
                    "raw or norm for this feature",
                    hint="Its maximum activation is not known.",
                )
            strength *= reference
        elif edit.unit == "norm":
            strength *= self.residual_norm / float(direction.norm())
        method = edit.method or "add"
        methods.get(method)
        return RowEdit(method, edit.positions or "all", direction, strength)


def _failure(error: Exception, rows: Sequence[Row]) -> ErrorInfo:
    details = traceback.format_exc()
    if is_out_of_memory(error):
        n_tokens = max(len(row.prefix_ids) for row in rows) if rows else 0
        return ErrorInfo.of(
            OutOfMemory(
                f"One row alone, of {n_tokens} tokens, does not fit into memory: {error}. "
                "Shorten the prompt, lower max_new_tokens, or load the model in a smaller dtype."
            ),
            details,
        )
    if isinstance(error, SteerError):
        return ErrorInfo.of(error, details)
    return ErrorInfo.of(
        GenerationError(
            f"Generation failed: {type(error).__name__}: {error}. The worker lives on; see the details."
        ),
        details,
    )


def _model_info(adapter: Adapter, name: str) -> ModelInfo:
    model = adapter.model
    return ModelInfo(
        name=name,
        architecture=type(model).__name__,
        n_layers=adapter.n_layers,
        d_model=adapter.d_model,
        d_vocab=adapter.d_vocab,
        context=adapter.n_context,
        n_parameters=sum(p.numel() for p in model.parameters()),
        dtype=str(adapter.dtype).removeprefix("torch."),
        device=str(adapter.input_device),
        has_chat_template=bool(getattr(adapter.tokenizer, "chat_template", None)),
    )
