"""The text of each token of a text: what they say together is what the tokenizer decodes, character by character."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .completion import TokenText

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_INCOMPLETE = "\N{REPLACEMENT CHARACTER}"


def prompt_texts(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int]) -> tuple[str, ...]:
    """Texts of a whole text's tokens, special ones spelled out; together they are the decoded text.

    A character that is split over tokens belongs to the one that completes it; the others are empty.

    Args:
        tokenizer: the model's.
        token_ids: of the whole text.
    """
    if not token_ids:
        return ()
    whole = _decoded(tokenizer, token_ids)
    texts = _by_windows(tokenizer, token_ids)
    joined = "".join(texts)
    if whole.startswith(joined):
        return (*texts[:-1], texts[-1] + whole[len(joined) :])
    return _by_prefixes(tokenizer, token_ids, whole)


def completion_texts(
    tokenizer: PreTrainedTokenizerBase, prompt_ids: Sequence[int], token_ids: Sequence[int], text: str
) -> tuple[str, ...]:
    """Texts of a completion's tokens; together they are `text`, what follows a stop string left out.

    Args:
        tokenizer: the model's.
        prompt_ids: what stands before.
        token_ids: of the completion.
        text: what was shown of it.
    """
    token_text = TokenText(tokenizer, prompt_ids)
    left, texts = text, []
    for token_id in token_ids:
        piece = token_text.add(token_id)[: len(left)]
        texts.append(piece)
        left = left[len(piece) :]
    return tuple(texts)


def _by_windows(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int]) -> list[str]:
    """What each token adds to the few before it, which is quick; decoders that look further back are left to others."""
    texts: list[str] = []
    start = shown = 0
    for end in range(1, len(token_ids) + 1):
        before = _decoded(tokenizer, token_ids[start:shown])
        text = _decoded(tokenizer, token_ids[start:end])
        if text.endswith(_INCOMPLETE):
            texts.append("")
            continue
        texts.append(text[len(before) :])
        start, shown = shown, end
    return texts


def _by_prefixes(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int], whole: str) -> tuple[str, ...]:
    """As far as the text of the tokens up to each agrees with the whole; exact for any decoder, and slow."""
    ends = [0]
    for n in range(1, len(token_ids)):
        text = _decoded(tokenizer, token_ids[:n])
        n_same = next((at for at, (a, b) in enumerate(zip(text, whole, strict=False)) if a != b), len(text))
        ends.append(max(ends[-1], min(n_same, len(whole))))
    ends.append(len(whole))
    return tuple(whole[a:b] for a, b in itertools.pairwise(ends))


def _decoded(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int]) -> str:
    return str(
        tokenizer.decode(list(token_ids), skip_special_tokens=False, clean_up_tokenization_spaces=False)
    )
