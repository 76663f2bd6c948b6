"""What the page asks for in a wish: features that bring it about."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..protocol import StopSuggesting, Suggest, Suggested, SuggestedFeature
from ..suggesting import Asked
from ..suggesting.display import texts_of
from .aside import aside
from .handling import Handler, Later, handles

if TYPE_CHECKING:
    from ..steerer import Steerer
    from ..suggesting import Suggesting, Suggestion
    from ..widget import SteerWidget

_MAX_PROMPT_CHARS = 80


class SuggestDesk:
    """Has one search for features on at a time.

    Args:
        widget: behind whose prompts they are tried.
        steerer: whose features they are.
    """

    def __init__(self, widget: SteerWidget, steerer: Steerer) -> None:
        self._widget = widget
        self._steerer = steerer
        self._lock = threading.Lock()
        self._on: Suggesting | None = None

    @property
    def handlers(self) -> dict[type, Handler]:
        """Who answers what."""
        return dict([handles(Suggest, self._suggest), handles(StopSuggesting, self._stop)])

    def _suggest(self, command: Suggest) -> Later:
        asked = Asked.of(
            command.wish, prompts=self._widget.prompts or None, chat=self._widget.generation.chat
        )
        with self._lock:
            before, self._on = self._on, self._steerer.begin_suggesting(asked)
            begun = self._on
        if before is not None:
            before.cancel()

        def answer() -> Suggested:
            found = begun.result()
            return Suggested(asked.wish, found.note, found.run.id, tuple(map(_shown, found)))

        return aside(answer)

    def _stop(self, _command: StopSuggesting) -> None:
        with self._lock:
            begun = self._on
        if begun is not None:
            begun.cancel()


def _shown(one: Suggestion) -> SuggestedFeature:
    prompt, text, baseline = texts_of(one)
    end = prompt if len(prompt) <= _MAX_PROMPT_CHARS else f"…{prompt[1 - _MAX_PROMPT_CHARS :]}"
    return SuggestedFeature(
        one.feature, one.strength, one.effect, one.sureness, one.fluency.is_fluent, end, text, baseline
    )
