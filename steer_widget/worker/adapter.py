"""The model as the engine uses it: forward passes, devices, special tokens, and the hook point."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch

from ..errors import InvalidInput
from . import hook_points
from .cache import has_full_attention_only, layer_configs, n_key_heads

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import Cache, PreTrainedModel, PreTrainedTokenizerBase


class Adapter:
    """A causal language model with its tokenizer and the hook point of an SAE.

    Args:
        model: any Hugging Face decoder with a language-model head.
        tokenizer: the model's.
        hook_name: of the SAE, such as ``blocks.15.hook_resid_post``.
        hook_width: of the SAE; `probe` checks that the tensor has it.
        hf_hook_name: of the SAE, where it has one; goes before `hook_name`.

    Raises:
        SaeMismatch: the model has no such hook point.
        InvalidInput: the model reads no key-value cache.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        hook_name: str,
        hook_width: int,
        hf_hook_name: str = "",
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.hook_point = hook_points.find(model, hook_name, hf_hook_name)
        self.hook_width = hook_width
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
        self.hook_device: torch.device = _device(self.hook_point.module, self.input_device)
        self.eos_ids = frozenset(_eos_ids(model, tokenizer))
        self.pad_id: int = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
        self._accepted = frozenset(inspect.signature(model.forward).parameters)
        if "past_key_values" not in self._accepted:  # given the last token alone it would forget the text
            raise InvalidInput(
                "model", type(model).__name__, "a decoder whose forward takes past_key_values",
                hint="Of a model that PEFT wrapped, give model.get_base_model() or the merged one.",
            )  # fmt: skip
        # Where layers share keys (Gemma 4) a plain 1 lets the last layers drop all tokens but one, and with
        # them the edits; an index does not.
        shares_keys = getattr(text_config, "num_kv_shared_layers", 0)
        self._logits_to_keep = torch.tensor([-1], device=self.logits_device) if shares_keys else 1
        self._packs_queries = _packs_queries(model)

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
        offered: dict[str, Any] = {
            "attention_mask": mask,
            "position_ids": positions,
            "past_key_values": cache,
            "use_cache": cache is not None,
            "logits_to_keep": self._logits_to_keep,
        }
        output = self.model(input_ids=token_ids, **{k: v for k, v in offered.items() if k in self._accepted})
        logits: Tensor = output.logits[:, -1]
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
