"""The exact tokens of a prompt, and which of them a column steers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ..protocol import PromptToken, PromptTokens
from ..spec import Generation
from .directions import changes_nothing, rule_of
from .prompts import tokenize
from .token_texts import prompt_texts

if TYPE_CHECKING:
    from ..protocol import TokensOf
    from ..spec import Prompt, Steering
    from .adapter import Adapter


def prompt_ids_of(adapter: Adapter, prompt: Prompt, *, chat: bool) -> list[int]:
    """The tokens of a prompt behind which at least one more fits.

    Raises:
        InvalidInput: it has no tokens, or the model has no chat template.
        PromptTooLong: it exceeds the context.
    """
    return tokenize(adapter.tokenizer, prompt, Generation(max_new_tokens=1, chat=chat), adapter.n_context)


def as_prompt_tokens(adapter: Adapter, token_ids: list[int]) -> tuple[PromptToken, ...]:
    """Tokens with their texts."""
    texts = prompt_texts(adapter.tokenizer, token_ids)
    return tuple(
        PromptToken(text, token_id, token_id in adapter.special_ids)
        for text, token_id in zip(texts, token_ids, strict=True)
    )


def read_prompt_tokens(adapter: Adapter, question: TokensOf) -> PromptTokens:
    """Tokens of a prompt as a run would read them, and those that each column steers. Runs no forward pass.

    Raises:
        InvalidInput: the prompt cannot be rendered, or a method is unknown.
        PromptTooLong: it exceeds the context.
    """
    token_ids = prompt_ids_of(adapter, question.prompt, chat=question.chat)
    return PromptTokens(
        as_prompt_tokens(adapter, token_ids),
        tuple(_steered(adapter, token_ids, column) for column in question.columns),
    )


def _steered(adapter: Adapter, token_ids: list[int], column: Steering) -> tuple[int, ...]:
    positions = torch.arange(len(token_ids))[None]
    is_special = torch.tensor([[token_id in adapter.special_ids for token_id in token_ids]])
    acts = torch.zeros_like(positions, dtype=torch.bool)
    for rule in {rule_of(edit) for edit in column.edits if not changes_nothing(edit)}:
        acts |= rule.weights(positions, torch.tensor([len(token_ids)]), is_special) > 0
    return tuple(acts[0].nonzero().flatten().tolist())
