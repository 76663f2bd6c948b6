"""Named sets of prompts."""

from __future__ import annotations

from ..arguments import as_prompts
from ..cell import prompt_text
from ..printable import shortened
from ..protocol import SetInfo
from ..spec import Prompt
from ._base import Sets, now
from .files import SavedPrompts
from .names import check_name


class PromptSets(Sets[tuple[Prompt, ...], SavedPrompts]):
    """Sets of prompts, texts and chats, by name.

    ``sets["walks"]`` goes straight into `steerer.compare` and into `widget.prompts`.

    Args:
        folder: the data folder; None: the environment's ``STEER_WIDGET_DATA``, or the user's data folder.
    """

    _kind = "prompts"
    _saved_kind = SavedPrompts

    def save(self, name: str, prompts: object) -> None:
        """Keeps prompts under a name, instead of what was there.

        Args:
            name: up to 200 characters of any kind.
            prompts: text, a list of texts, chat messages, or a list of chats.

        Raises:
            InvalidInput: no name, or no prompts.
            MissingPath: the folder cannot be written.
        """
        saved = SavedPrompts(name=check_name(name), saved_at=now(), prompts=as_prompts(prompts))
        self._files.write(saved)

    def _value(self, saved: SavedPrompts) -> tuple[Prompt, ...]:
        return saved.prompts

    def _info(self, saved: SavedPrompts) -> SetInfo:
        return SetInfo(
            saved.name, len(saved.prompts), saved.saved_at, shortened(prompt_text(saved.prompts[0]))
        )
