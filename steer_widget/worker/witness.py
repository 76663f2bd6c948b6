"""What a model and its modules computed before anything was replaced, to hold replacements against."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from .cache import RoomyCache

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from .replacement import Replacement

_N_PREFIX = 8
_N_PADDING = 3
# Relative to the length of the result. Each rounding to bfloat16 adds up to 2⁻⁹, a module has a few of
# them, and they add up over the layers of a model.
_MODULE_TOLERANCE = 2**-6
_LOGITS_TOLERANCE = 2**-3


class Witness:
    """A short prefill and one decode step of the plain model: two rows, one of them padded.

    Args:
        model: plain, on the CPU.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._accepted = frozenset(inspect.signature(model.forward).parameters)
        self._calls: dict[nn.Module, _Call] = {}
        self._plain = self._run(self._calls)

    def agrees(self, replacement: Replacement) -> bool:
        """Whether an installed replacement computes what its modules computed in the decode step."""
        return all(
            module in self._calls and self._calls[module].agrees(module, self._model)
            for module in replacement.modules
        )

    def model_agrees(self) -> bool:
        """Whether the model's logits are still what they were."""
        return all(
            _distance(ours - ours.mean(-1, keepdim=True), plain - plain.mean(-1, keepdim=True))
            <= _LOGITS_TOLERANCE
            for ours, plain in zip(self._run(None), self._plain, strict=True)
        )

    def _run(self, calls: dict[nn.Module, _Call] | None) -> tuple[Tensor, Tensor]:
        """Logits `[2, d_vocab]` behind the prefill and behind the step; calls of the step go to `calls`."""
        n = _N_PREFIX
        d_vocab = self._model.config.get_text_config().vocab_size
        token_ids = torch.arange(2 * (n + 1)).mul(7919).remainder(d_vocab).view(2, -1)
        mask = torch.ones_like(token_ids)
        mask[1, :_N_PADDING] = 0
        positions = (mask.cumsum(-1) - 1).clamp_min(0)
        cache = RoomyCache(self._model.config, n + 1)
        prefill = self._logits(token_ids[:, :n], mask[:, :n], positions[:, :n], cache)
        handles = [] if calls is None else list(_watch(self._model, cache, calls))
        try:
            step = self._logits(token_ids[:, n:], mask, positions[:, n:], cache)
        finally:
            for handle in handles:
                handle.remove()
        return prefill, step

    def _logits(self, token_ids: Tensor, mask: Tensor, positions: Tensor, cache: RoomyCache) -> Tensor:
        offered: dict[str, Any] = {
            "attention_mask": mask,
            "position_ids": positions,
            "past_key_values": cache,
            "use_cache": True,
            "logits_to_keep": 1,
        }
        output = self._model(input_ids=token_ids, **{k: v for k, v in offered.items() if k in self._accepted})
        logits: Tensor = output.logits[:, -1].float()
        return logits


class _Call:
    """What a module was given and what it made of it, copied: modules may work in place."""

    def __init__(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], cached: tuple[Tensor, Tensor] | None
    ) -> None:
        self._args = _copied(args)
        self._kwargs = {name: _copied(value) for name, value in kwargs.items()}
        self._cached = cached
        self._made: Tensor | None = None

    def end(self, output: Any) -> None:
        """Takes what came out; of several calls of a module the first counts."""
        made = output if isinstance(output, torch.Tensor) else output[0]
        if self._made is None and isinstance(made, torch.Tensor):
            self._made = made.clone()

    def agrees(self, module: nn.Module, model: PreTrainedModel) -> bool:
        """Whether the module makes the same of it now."""
        kwargs = dict(self._kwargs)
        if self._cached is not None:
            # The step appends to the cache, so it gets one as it was before.
            cache = RoomyCache(model.config, self._cached[0].shape[-2] + 1)
            cache.update(*self._cached, module.layer_idx)  # type: ignore[arg-type]
            kwargs["past_key_values"] = cache
        output = module(*self._args, **kwargs)
        made = output if isinstance(output, torch.Tensor) else output[0]
        return (
            self._made is not None
            and made.shape == self._made.shape
            and made.dtype == self._made.dtype
            and _distance(made, self._made) <= _MODULE_TOLERANCE
        )


def _watch(model: nn.Module, cache: RoomyCache, calls: dict[nn.Module, _Call]) -> Iterator[Any]:
    def before(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        layer = getattr(module, "layer_idx", None)
        cached = None
        if isinstance(layer, int) and kwargs.get("past_key_values") is cache:
            cached = (cache.layers[layer].keys, cache.layers[layer].values)
        calls.setdefault(module, _Call(args, kwargs, cached))

    def after(module: nn.Module, _args: Any, output: Any) -> None:
        calls[module].end(output)

    for module in model.modules():
        yield module.register_forward_pre_hook(before, with_kwargs=True)
        yield module.register_forward_hook(after)


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, tuple):
        return tuple(_copied(one) for one in value)
    return value


def _distance(ours: Tensor, plain: Tensor) -> float:
    """|ours − plain| / |plain|; infinite where something is not finite."""
    ours, plain = ours.float(), plain.float()
    if not bool(torch.isfinite(ours).all()):
        return torch.inf
    return float((ours - plain).norm() / plain.norm().clamp_min(torch.finfo(torch.float32).tiny))
