"""Prompts as tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InvalidInput, PromptTooLong

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from ..spec import Generation, Prompt


def tokenize(
    tokenizer: PreTrainedTokenizerBase, prompt: Prompt, generation: Generation, n_context: int
) -> list[int]:
    """The tokens of a prompt, special tokens as the model expects them.

    Args:
        tokenizer: the model's.
        prompt: text, or chat messages, which are rendered by the chat template.
        generation: its `chat` renders a text as one user turn; its `max_new_tokens` must fit behind.
        n_context: tokens the model can hold.

    Raises:
        InvalidInput: it has no tokens, or the model has no chat template.
        PromptTooLong: prompt and new tokens exceed the context.
    """
    if isinstance(prompt, str) and not generation.chat:
        token_ids: list[int] = list(tokenizer(prompt)["input_ids"])
    else:
        token_ids = _chat_tokens(tokenizer, prompt)
    if not token_ids:
        raise InvalidInput("prompt", prompt, "a text with at least one token")
    if len(token_ids) + generation.max_new_tokens > n_context:
        raise PromptTooLong(
            "prompt",
            f"{len(token_ids)} tokens + {generation.max_new_tokens} new ones",
            f"at most {n_context} together, the model's context",
            hint="Shorten the prompt or lower max_new_tokens.",
        )
    return token_ids


def tokenize_answer(
    tokenizer: PreTrainedTokenizerBase, chat: Prompt, answer: str
) -> tuple[list[int], list[int]]:
    """The tokens of a chat, and of what is said in the turn behind it.

    A token that holds the end of the one and the start of the other counts as the answer's.

    Args:
        tokenizer: the model's.
        chat: its turns so far.
        answer: the text of the next one.

    Raises:
        InvalidInput: the model has no chat template, or it refuses these turns.
    """
    before = _chat_text(tokenizer, chat)
    whole: list[int] = list(tokenizer(before + answer, add_special_tokens=False)["input_ids"])
    alone: list[int] = list(tokenizer(before, add_special_tokens=False)["input_ids"])
    both = zip(whole, alone, strict=False)
    n_prompt = next((n for n, (a, b) in enumerate(both) if a != b), min(len(whole), len(alone)))
    return whole[:n_prompt], whole[n_prompt:]


def _chat_tokens(tokenizer: PreTrainedTokenizerBase, prompt: Prompt) -> list[int]:
    return list(tokenizer(_chat_text(tokenizer, prompt), add_special_tokens=False)["input_ids"])


def _chat_text(tokenizer: PreTrainedTokenizerBase, prompt: Prompt) -> str:
    if not getattr(tokenizer, "chat_template", None):
        raise InvalidInput(
            "chat",
            "True",
            "False for this model",
            hint="Its tokenizer has no chat template; give the prompt as text.",
        )
    turns = (
        [{"role": "user", "content": prompt}]
        if isinstance(prompt, str)
        else [{"role": turn.role, "content": turn.content} for turn in prompt]
    )
    try:
        return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
    except Exception as error:  # templates are programs of the model's authors: they raise anything
        raise InvalidInput(
            "prompt", prompt, f"chat turns that the model's template accepts ({error})"
        ) from error
