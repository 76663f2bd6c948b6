"""A model of the user's own under one steering, in whatever tool runs it: forward passes, generate, evaluations."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from ..errors import InvalidInput
from ..spec import Span, TokenPositions
from .batch_steering import BatchSteering, SteeredRow

if TYPE_CHECKING:
    from types import TracebackType

    from torch import Tensor
    from torch.utils.hooks import RemovableHandle
    from typing_extensions import Self

    from .adapter import Adapter
    from .position_rule import PositionRule
    from .row_edit import RowEdit


class SteeredModel:
    """Steers every row of every forward pass while inside its context; leaves the model as it was.

    Positions are absolute: they are read off attention mask and cache. Those that count from the end of the prompt
    need to know where it ends, which only `model.generate` tells.

    Args:
        adapter: the model.
        edits: that act together.
        keeps_norm: whether steered tokens keep their norm.
    """

    def __init__(self, adapter: Adapter, edits: Sequence[RowEdit], *, keeps_norm: bool) -> None:
        self._adapter = adapter
        self._model: Any = adapter.model  # its `generate` is wrapped for a while
        self._edits = tuple(edits)
        self._keeps_norm = keeps_norm
        self._is_relative = any(_needs_prompt(edit.rule) for edit in edits)
        self._needs_ids = any(edit.rule.skip_special for edit in edits)
        self._signature = inspect.signature(self._model.forward)
        self._handles: list[RemovableHandle] = []
        self._wrapped: Callable[..., Any]
        self._own_generate: Any = None
        self._steering: BatchSteering | None = None
        self._n_prompt: Tensor | None = None
        self._is_generating = False
        self._is_paused = False
        self._has_pass_begun = False
        self._n_passes = 0
        self._has_acted = False

    def __enter__(self) -> Self:
        self._handles = [
            self._model.register_forward_pre_hook(self._before, with_kwargs=True),
            self._model.register_forward_hook(self._after),
        ]
        if self._is_relative:
            self._own_generate = vars(self._model).get("generate")
            self._wrapped = self._model.generate
            self._model.generate = self._generate
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()
        while self._handles:
            self._handles.pop().remove()
        if self._is_relative and vars(self._model).get("generate") == self._generate:
            del self._model.generate
            if self._own_generate is not None:  # somebody else's, such as an outer context's
                self._model.generate = self._own_generate
        if error is None and self._edits and not self._has_acted:
            warnings.warn(self._idle(), stacklevel=2)

    # ---- forward passes

    def _before(self, _model: torch.nn.Module, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
        if self._is_paused or not self._edits:
            return None
        given = self._signature.bind_partial(*args, **kwargs).arguments
        token_ids: Tensor | None = given.get("input_ids")
        if token_ids is None and self._needs_ids:
            raise InvalidInput(
                "skip_special",
                "True",
                "False here",
                hint="The model was given embeddings: no token can be recognised.",
            )
        tokens: Tensor | None = given.get("inputs_embeds") if token_ids is None else token_ids
        if tokens is None:
            return None  # the model says itself what it lacks
        positions = _positions(tokens, given.get("attention_mask"), given.get("past_key_values"))
        steering = self._steering_for(positions)
        ids = torch.zeros(positions.shape, dtype=torch.long)  # nobody looks at them
        if self._needs_ids and token_ids is not None:
            ids = token_ids.cpu()
        self._has_pass_begun = True
        steering.place(ids, positions)
        kept = kwargs.get("logits_to_keep")
        if isinstance(kept, int) and kept == 1:  # as `generate` asks
            return args, {**kwargs, "logits_to_keep": self._adapter.logits_to_keep(1)}
        return None

    def _after(self, _model: torch.nn.Module, _args: Any, _output: Any) -> None:
        if self._steering is None or self._is_paused:
            return
        self._steering.finish()
        self._has_pass_begun = False
        self._n_passes += 1

    def _steering_for(self, positions: Tensor) -> BatchSteering:
        n_prompt, steering = self._prompts_of(positions), self._steering
        has_changed = self._n_prompt is None or not torch.equal(self._n_prompt, n_prompt)
        # A pass that broke off half-way, out of memory perhaps, left its announcement behind.
        if steering is None or has_changed or self._has_pass_begun:
            self._release()
            rows = [SteeredRow(self._edits, int(n), self._keeps_norm) for n in n_prompt.tolist()]
            with torch.inference_mode(mode=False), torch.no_grad():  # whatever mode the tool is in now
                steering = BatchSteering(self._adapter, rows)
            self._steering, self._n_prompt = steering.__enter__(), n_prompt
        return steering

    def _prompts_of(self, positions: Tensor) -> Tensor:
        """Prompt tokens of each row; 0 where nothing counts from there."""
        if not self._is_relative:
            return torch.zeros(len(positions), dtype=torch.long)
        if not self._is_generating:
            raise InvalidInput(
                "positions", self._relative_positions(), "all, a slice or tokens from the start, without a schedule",
                hint="They count from the end of the prompt, and a forward pass outside model.generate does not say "
                "where its prompt ends.",
            )  # fmt: skip
        if self._n_prompt is None:
            return positions.amax(dim=-1) + 1
        if len(self._n_prompt) != len(positions):
            raise InvalidInput(
                "positions", self._relative_positions(), "all, a slice or tokens from the start, without a schedule",
                hint="This way of generating changes the number of rows on its way, so their prompts are lost.",
            )  # fmt: skip
        return self._n_prompt

    def _release(self) -> None:
        """Takes the hooks off the decoder blocks; the next pass makes new ones."""
        if self._steering is not None:
            self._steering.__exit__(None, None, None)
            self._has_acted |= any(dose is not None for dose in self._steering.doses())
        self._steering = self._n_prompt = None
        self._has_pass_begun = False

    # ---- generate

    def _generate(self, *args: Any, **kwargs: Any) -> Any:
        """The model's own `generate`, whose first forward pass is the prompt."""
        config = kwargs.get("generation_config") or self._model.generation_config
        if kwargs.get("prefill_chunk_size") or getattr(config, "prefill_chunk_size", None):
            raise InvalidInput(
                "prefill_chunk_size",
                "a number",
                "None",
                hint="Read in pieces, the prompt's end is not known.",
            )
        self._release()
        self._is_generating = True
        try:
            return self._wrapped(*args, **kwargs)
        finally:
            self._is_generating = False
            self._release()

    def _relative_positions(self) -> str:
        rule = next(edit.rule for edit in self._edits if _needs_prompt(edit.rule))
        return f"{rule.positions} {rule.schedule}".strip()

    def _idle(self) -> str:
        if not self._n_passes:
            return "Nothing was steered: the model made no forward pass in this block. Call the model itself inside it."
        return (
            f"No token was steered in {self._n_passes} forward passes: the positions of the edits were never reached. "
            "Try positions='all'."
        )

    @property
    def is_paused(self) -> bool:
        """Whether it does nothing for now."""
        return self._is_paused

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The model as it is without this steering."""
        self._release()
        self._is_paused = True
        try:
            yield
        finally:
            self._is_paused = False


@contextmanager
def unsteered(model: torch.nn.Module) -> Iterator[None]:
    """The model as it is without any `SteeredModel` around it."""
    hooks = [getattr(hook, "__self__", None) for hook in model._forward_pre_hooks.values()]  # noqa: SLF001
    outer = next((hook for hook in hooks if isinstance(hook, SteeredModel) and not hook.is_paused), None)
    if outer is None:
        yield
        return
    with outer.paused(), unsteered(model):
        yield


def _positions(tokens: Tensor, mask: object, cache: Any) -> Tensor:
    """Absolute positions of a pass's tokens, negative on padding: `[rows, seq]`, on the CPU.

    Raises:
        InvalidInput: mask or cache do not tell them.
    """
    rows, seq = tokens.shape[:2]
    n_past = 0 if cache is None else int(cache.get_seq_length())
    if mask is None:
        return torch.arange(n_past, n_past + seq).expand(rows, seq)
    n_all = n_past + seq
    if not isinstance(mask, torch.Tensor) or mask.dim() != 2 or mask.shape[1] < n_all:
        shape = tuple(mask.shape) if isinstance(mask, torch.Tensor) else type(mask).__name__
        raise InvalidInput(
            "attention_mask", shape, f"[{rows}, {n_all}], a number for each token read so far, or None",
            hint="Which tokens are padding, and so the positions of the others, cannot be told from it.",
        )  # fmt: skip
    kept = mask[:, :n_all].cpu() != 0
    return torch.where(kept, kept.long().cumsum(-1) - 1, -1)[:, n_past:]


def _needs_prompt(rule: PositionRule) -> bool:
    """Whether it has to be known where the prompt ends."""
    if rule.schedule.start or rule.schedule.half_life is not None:
        return True
    positions = rule.positions
    if isinstance(positions, Span):
        return positions.start < 0 or (positions.stop is not None and positions.stop < 0)
    if isinstance(positions, TokenPositions):
        return min(positions.at) < 0
    return positions != "all"
