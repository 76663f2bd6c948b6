"""Prompts: text, or the turns of a chat."""

from __future__ import annotations

from ..errors import InvalidInput
from .checks import Spec, text


class Message(Spec, frozen=True):
    """One turn of a chat.

    Attributes:
        role: user, assistant, system, or what else the model's chat template knows.
        content: what is said.
    """

    role: str
    content: str

    def __post_init__(self) -> None:
        for name in ("role", "content"):
            text(f"message {name}", getattr(self, name))
        if not self.role:
            raise InvalidInput("message role", self.role, "user, assistant or system")


Prompt = str | tuple[Message, ...]


def check_prompt(prompt: object) -> Prompt:
    """A prompt as the grid holds it: text, or chat turns as messages.

    Args:
        prompt: text, or a list of ``{"role": …, "content": …}`` (or `Message`).

    Raises:
        InvalidInput: empty, or neither text nor chat messages.
    """
    if isinstance(prompt, str):
        if not prompt.strip():
            raise InvalidInput("prompt", prompt, "text that is not empty")
        return text("prompt", prompt)
    if not isinstance(prompt, (list, tuple)) or not prompt:
        raise InvalidInput("prompt", prompt, "text, or a list of chat messages that is not empty")
    turns: list[Message] = []
    for turn in prompt:
        if isinstance(turn, Message):
            turns.append(turn)
        elif isinstance(turn, dict) and set(turn) == {"role", "content"}:
            turns.append(Message(turn["role"], turn["content"]))
        else:
            raise InvalidInput("prompt", turn, "chat messages of the form {'role': …, 'content': …}")
    if not any(turn.content.strip() for turn in turns):
        raise InvalidInput("prompt", prompt, "chat messages of which at least one says something")
    return tuple(turns)
