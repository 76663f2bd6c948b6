"""What users give to be read, as passages: texts, chats, and cells of runs."""

from __future__ import annotations

from typing import Literal

from .arguments import as_prompt, as_prompts
from .cell import Cell
from .errors import InvalidInput
from .protocol import Passage
from .spec import Prompt, check_prompt

_ALLOWED = "a text, a list of texts, a chat or a list of chats, or cells of a run, such as result.column(1)"


def as_passage(given: object, *, chat: bool = False, part: Literal["all", "completion"]) -> Passage:
    """One text, chat or cell.

    Args:
        given: by the user.
        chat: whether a text is rendered as one user turn by the model's chat template; a cell is read as its run was.
        part: what counts of a cell; of a text and of a chat everything does.

    Raises:
        InvalidInput: none of these, or a cell without a completion.
    """
    return passage_of(given, part) if isinstance(given, Cell) else Passage(as_prompt(given), chat)


def as_passages(field: str, given: object, *, answers: bool) -> tuple[Passage, ...]:
    """Texts, chats and cells in any mixture; of a cell the completion counts.

    Args:
        field: how the argument is called.
        given: by the user.
        answers: whether of a chat that ends with the assistant's turn this turn alone counts.

    Raises:
        InvalidInput: none of these, or empty, or a cell without a completion.
    """
    items = [given] if isinstance(given, Cell) else given
    try:
        if isinstance(items, (list, tuple)) and any(isinstance(item, Cell) for item in items):
            return tuple(
                passage_of(item, "completion")
                if isinstance(item, Cell)
                else _of_prompt(check_prompt(item), answers)
                for item in items
            )
        return tuple(_of_prompt(prompt, answers) for prompt in as_prompts(items))
    except InvalidInput as error:
        if error.field == "cell":
            raise
        raise InvalidInput(field, given, _ALLOWED) from error


def passage_of(cell: Cell, part: Literal["all", "completion"], tokens: tuple[int, ...] = ()) -> Passage:
    """A cell's completion behind its prompt. `tokens`: numbers of those that count, within the part; empty: all.

    Raises:
        InvalidInput: it has no completion yet, or no such token.
    """
    if not cell.token_ids:
        raise InvalidInput(
            "cell", cell, "a cell that has a completion",
            hint=f"It is {cell.state}: wait for it, or try it again.",
        )  # fmt: skip
    return Passage(cell.prompt, cell.chat, cell.token_ids, part=part, tokens=tokens)


def _of_prompt(prompt: Prompt, answers: bool) -> Passage:  # noqa: FBT001 - of this file alone
    if answers and not isinstance(prompt, str) and len(prompt) > 1:
        *before, last = prompt
        if last.role == "assistant" and last.content.strip():
            return Passage(tuple(before), answer=last.content, part="completion")
    return Passage(prompt)
