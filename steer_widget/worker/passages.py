"""Passages: texts, with what was written behind them, as tokens; and what stands at a hook point when they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..errors import InvalidInput, PromptTooLong
from ..spec import Generation
from .batches import by_length
from .counting import counting_tokens
from .halving import in_batches
from .prefill import Prefixes
from .prompts import tokenize, tokenize_answer
from .reading import watching

if TYPE_CHECKING:
    from torch import Tensor

    from ..protocol import Passage
    from .adapter import Adapter

_MAX_TOKENS = 4096  # padded, in one forward pass


@dataclass(frozen=True)
class PassageTokens:
    """A passage as tokens.

    Attributes:
        passage: what it is of.
        token_ids: all of them.
        n_prompt: how many are the prompt's.
    """

    passage: Passage
    token_ids: list[int]
    n_prompt: int

    def meant(self) -> list[bool]:
        """Which tokens the passage means, special ones and sinks among them.

        Raises:
            InvalidInput: one of its numbers is none of a token.
        """
        first = self.n_prompt if self.passage.part == "completion" else 0
        n = len(self.token_ids) - first
        for number in self.passage.tokens:
            if not 0 <= number < n:
                raise InvalidInput("tokens", number, f"0 to {n - 1}, the tokens that are there")
        chosen = {first + number for number in self.passage.tokens or range(n)}
        return [number in chosen for number in range(len(self.token_ids))]


@dataclass(frozen=True)
class ReadPassage:
    """A passage that was read. `h`: at the hook point `[seq, width]`; `counts`: tokens that count, bool `[seq]`."""

    tokens: PassageTokens
    h: Tensor
    counts: Tensor


def tokens_of(adapter: Adapter, passage: Passage) -> PassageTokens:
    """The tokens of a passage.

    Raises:
        InvalidInput: the prompt cannot be rendered, a token of the completion is none of this model's, or none counts.
        PromptTooLong: it exceeds the context.
    """
    if passage.answer:
        prompt_ids, completion = tokenize_answer(adapter.tokenizer, passage.prompt, passage.answer)
    else:
        generation = Generation(max_new_tokens=1, chat=passage.chat)
        prompt_ids = tokenize(adapter.tokenizer, passage.prompt, generation, adapter.n_context)
        completion = list(passage.completion)
    for token_id in completion:
        if not 0 <= token_id < adapter.d_vocab:
            raise InvalidInput(
                "completion", token_id, f"tokens of this model, 0 to {adapter.d_vocab - 1}",
                hint="The cell was probably written by another model.",
            )  # fmt: skip
    n_tokens = len(prompt_ids) + len(completion)
    if n_tokens > adapter.n_context:
        allowed = f"at most {adapter.n_context}, the model's context"
        raise PromptTooLong("text", f"{n_tokens} tokens", allowed, hint="Shorten it.")
    if passage.part == "completion" and not completion:
        raise InvalidInput("text", passage.prompt, "a completion or an answer with at least one token")
    return PassageTokens(passage, prompt_ids + completion, len(prompt_ids))


def read_passages(
    adapter: Adapter, hook_name: str, residual_norm: float, passages: Sequence[Passage]
) -> Iterator[tuple[int, ReadPassage]]:
    """Reads passages unsteered, those alike in length in one pass; gives them with their numbers, in any order.

    Args:
        adapter: the model.
        hook_name: where to read.
        residual_norm: the usual |h| there, in activation units, for telling sinks.
        passages: what to read.

    Raises:
        InvalidInput: see `tokens_of`.
        PromptTooLong: one exceeds the context.
        GenerationError: the model's activations are not finite.
    """
    tokens = [tokens_of(adapter, passage) for passage in passages]
    meant = [torch.tensor(one.meant()) for one in tokens]
    point = adapter.point(hook_name)

    def read(batch: Sequence[int]) -> Tensor:
        with watching([point]) as seen:
            adapter.read(Prefixes.of([tokens[number].token_ids for number in batch], adapter.pad_id), None)
        return seen[hook_name][0]

    batches = by_length([len(one.token_ids) for one in tokens], _MAX_TOKENS)
    for batch, h in in_batches(batches, read, adapter.input_device):
        for row, number in enumerate(batch):
            one = tokens[number]
            own = h[row, -len(one.token_ids) :]  # padded on the left
            counts = counting_tokens(adapter, hook_name, one.token_ids, own, residual_norm)
            yield number, ReadPassage(one, own, counts & meant[number].to(own.device))
