"""The model as the engine uses it: forward passes, devices, special tokens, and the hook point."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch

from ..errors import GenerationError, InvalidInput
from . import hook_points
from .cache import has_full_attention_only, layer_configs, n_key_heads
from .decode_attention import decodes_by_itself
from .layers import Layers

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import Cache, PreTrainedModel, PreTrainedTokenizerBase

    from .hook_points import HookPoint
    from .prefill import Prefixes


class Adapter:
    """A causal language model with its tokenizer, its hook points and its decoder blocks.

    Args:
        model: any Hugging Face decoder with a language-model head.
        tokenizer: the model's.

    Raises:
        SaeMismatch: the model keeps its blocks nowhere known.
        InvalidInput: the model reads no key-value cache.

    Attributes:
        can_split: whether a pass may run some of the blocks only; `probe` finds out.
        has_layer_norm: whether its norms take the mean off, so that only h − mean(h) acts.
        can_unembed: whether `unembed` gives the model's own logits; `probe` finds out.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self.model = model
        self.tokenizer = tokenizer
        text_config = model.config.get_text_config()
        self.d_model: int = text_config.hidden_size
        self.d_vocab: int = text_config.vocab_size
        self.n_layers: int = text_config.num_hidden_layers
        self.n_context: int = (
            getattr(text_config, "max_position_embeddings", None)
            or getattr(text_config, "max_seq_len", None)  # MPT
            or _UNLIMITED_CONTEXT
        )
        self.dtype: torch.dtype = model.dtype
        self.input_device: torch.device = _device(model.get_input_embeddings(), model.device)
        self.logits_device: torch.device = _device(model.get_output_embeddings(), self.input_device)
        self.eos_ids = frozenset(_eos_ids(model, tokenizer))
        self.special_ids = frozenset(_special_ids(tokenizer))
        self.pad_id: int = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
        blocks = hook_points.blocks(model)
        self.layers = Layers(blocks)
        self.has_layer_norm = any(isinstance(module, torch.nn.LayerNorm) for module in blocks[0].modules())
        self.can_split = False
        self.can_unembed = False
        self._softcap: float | None = getattr(text_config, "final_logit_softcapping", None)
        self._accepted = frozenset(inspect.signature(model.forward).parameters)
        if "past_key_values" not in self._accepted:  # given the last token alone it would forget the text
            raise InvalidInput(
                "model", type(model).__name__, "a decoder whose forward takes past_key_values",
                hint="Of a model that PEFT wrapped, give model.get_base_model() or the merged one.",
            )  # fmt: skip
        self._shares_keys = bool(getattr(text_config, "num_kv_shared_layers", 0))
        self._packs_queries = _packs_queries(model)
        self._points: dict[str, HookPoint] = {}

    @property
    def head(self) -> torch.nn.Module:
        """The language-model head, which makes logits of hidden states."""
        head: torch.nn.Module | None = self.model.get_output_embeddings()
        if head is None:
            raise ValueError(f"{type(self.model).__name__} has no language-model head")
        return head

    # ---- hook points

    def point(self, hook_name: str, hf_hook_name: str = "") -> HookPoint:
        """The hook point of that name; found once.

        Raises:
            SaeMismatch: the model has no such hook point.
        """
        if hf_hook_name or hook_name not in self._points:
            self._points[hook_name] = hook_points.find(self.model, hook_name, hf_hook_name)
        return self._points[hook_name]

    def device_of(self, point: HookPoint) -> torch.device:
        """Where the tensor at a hook point lies."""
        return _device(point.module, self.input_device)

    # ---- forward passes

    def read(self, prefixes: Prefixes, cache: Cache | None) -> None:
        """Reads texts into an empty cache; what comes behind them is not asked for."""
        mask = prefixes.mask
        self.next_logits(
            prefixes.token_ids.to(self.input_device),
            prefixes.positions.clamp_min(0).to(self.input_device),
            None if mask is None else mask.to(self.input_device),
            cache,
        )

    def last_hidden(
        self, token_ids: Tensor, positions: Tensor, mask: Tensor | None, cache: Cache | None = None
    ) -> Tensor:
        """What the language-model head reads of every token `[rows, seq, d_model]`; arguments as in `next_logits`."""
        seen: list[Tensor] = []

        def take(_module: torch.nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            seen.append(args[0])
            return (args[0][:, -1:], *args[1:])  # its logits are not wanted

        with self.head.register_forward_pre_hook(take):
            self._forward(token_ids, positions, mask, cache, n_logits=0)
        return seen[0]

    def unembed(self, hidden: Tensor) -> Tensor:
        """The model's logits of what `last_hidden` gave: `[..., d_model]` to `[..., d_vocab]`."""
        logits: Tensor = self.head(hidden)
        return logits if self._softcap is None else torch.tanh(logits / self._softcap) * self._softcap

    def need_unembed(self, what: str) -> None:
        """Refuses what stands on `unembed` where that gives something else than the model's own logits.

        Raises:
            GenerationError: it does.
        """
        if not self.can_unembed:
            raise GenerationError(
                f"{type(self.model).__name__} makes its logits otherwise than by its head alone, so {what} cannot be "
                "measured. Report this model; what does not need it works."
            )

    def next_logits(
        self, token_ids: Tensor, positions: Tensor, mask: Tensor | None, cache: Cache | None
    ) -> Tensor:
        """Logits behind the last token of each row.

        Args:
            token_ids: `[rows, seq]`, left-padded.
            positions: absolute, `[rows, seq]`; anything on padding.
            mask: 0 on padding, `[rows, tokens in the cache + seq]`; None where there is none.
            cache: keys and values of the tokens before; grows by `seq`.

        Returns:
            `[rows, d_vocab]`.
        """
        if mask is None and cache is not None and token_ids.shape[1] == 1 and self._packs_queries:
            n_total = cache.get_seq_length() + 1
            mask = torch.ones(len(token_ids), 1, 1, n_total, dtype=torch.bool, device=token_ids.device)
        return self._forward(token_ids, positions, mask, cache, n_logits=1)[:, -1]

    def logits_to_keep(self, n_logits: int) -> int | Tensor:
        """How the model is asked for the logits of its last `n_logits` tokens without leaving out any of their layers."""
        # Where layers share keys (Gemma 4) a number lets the last of them drop all other tokens, and with
        # them the edits; an index does not.
        is_index = self._shares_keys and n_logits == 1
        return torch.tensor([-1], device=self.logits_device) if is_index else n_logits

    def _forward(
        self, token_ids: Tensor, positions: Tensor, mask: Tensor | None, cache: Cache | None, *, n_logits: int
    ) -> Tensor:
        """Logits of the last `n_logits` tokens; 0 means all."""
        offered: dict[str, Any] = {
            "attention_mask": mask,
            "position_ids": positions,
            "past_key_values": cache,
            "use_cache": cache is not None,
            "logits_to_keep": self.logits_to_keep(n_logits),
        }
        output = self.model(input_ids=token_ids, **{k: v for k, v in offered.items() if k in self._accepted})
        logits: Tensor = output.logits
        return logits


_UNLIMITED_CONTEXT = 1 << 20


def _packs_queries(model: PreTrainedModel) -> bool:
    """Whether a decode step is faster with a mask that masks nothing.

    On the CPU torch's grouped-query attention takes three times as long as transformers' packing of
    queries by key head, which transformers only does where there is a mask. A mask of four dimensions
    goes to every layer as it is, so all layers must attend to all tokens.
    """
    config = model.config.get_text_config(decoder=True)
    return (
        model.device.type == "cpu"
        and not decodes_by_itself(model)  # then no key is repeated, mask or not
        and config._attn_implementation == "sdpa"  # noqa: SLF001
        and has_full_attention_only(config)
        and all(n_key_heads(layer) < layer.num_attention_heads for layer in layer_configs(config))
    )


def _device(module: torch.nn.Module | None, otherwise: torch.device) -> torch.device:
    """Where a module computes; its parameters may lie elsewhere when accelerate offloads them."""
    if module is None:
        return otherwise
    for part in module.modules():
        execution_device = getattr(getattr(part, "_hf_hook", None), "execution_device", None)
        if execution_device is not None:
            return torch.device(execution_device)
        parameter = next(part.parameters(recurse=False), None)
        if parameter is not None:
            return parameter.device
    return otherwise


def _eos_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> set[int]:
    ids: set[int] = set()
    generation_config = getattr(model, "generation_config", None)
    for found in (getattr(generation_config, "eos_token_id", None), tokenizer.eos_token_id):
        if isinstance(found, int):
            ids.add(found)
        elif found is not None:
            ids.update(int(i) for i in found)
    return ids


def _special_ids(tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """Tokens that are marks and not text: those with a role (BOS, EOS, …), and what chat templates add."""
    added = getattr(tokenizer, "added_tokens_decoder", {})
    return {*tokenizer.all_special_ids, *(token_id for token_id, token in added.items() if token.special)}
