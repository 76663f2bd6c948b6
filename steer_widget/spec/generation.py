"""How each cell's text is generated."""

from __future__ import annotations

import msgspec

from ..errors import InvalidInput
from .checks import MAX_SEED, Spec, finite, switch, text, whole


class Generation(Spec, frozen=True, kw_only=True):
    """How each cell's text is generated.

    Attributes:
        max_new_tokens: tokens, from 1.
        temperature: 0 is greedy; otherwise logits are divided by it.
        top_p: nucleus mass, over 0 to 1; 1 is off.
        top_k: number of most likely tokens kept; 0 is off.
        repetition_penalty: 1 is off; above 1 makes tokens already present less likely
            (Keskar et al. 2019, as transformers applies it: prompt and generated tokens).
        seed: the random numbers of a cell depend on (seed, prompt, sample) alone.
        stop: texts that end a completion; they are not part of it.
        chat: True renders a plain prompt as one user turn by the model's chat template.
            Chat messages are always rendered.
    """

    max_new_tokens: int = 60
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    chat: bool = False

    def __post_init__(self) -> None:
        force = msgspec.structs.force_setattr
        force(self, "max_new_tokens", whole("max_new_tokens", self.max_new_tokens, 1))
        force(self, "top_k", whole("top_k", self.top_k, 0))
        force(self, "seed", whole("seed", self.seed, 0, MAX_SEED))
        force(self, "temperature", finite("temperature", self.temperature))
        if self.temperature < 0:
            raise InvalidInput("temperature", self.temperature, "0 (greedy) or above")
        force(self, "top_p", finite("top_p", self.top_p))
        if not 0 < self.top_p <= 1:
            raise InvalidInput("top_p", self.top_p, "above 0, at most 1 (1 is off)")
        force(self, "repetition_penalty", finite("repetition_penalty", self.repetition_penalty))
        if self.repetition_penalty <= 0:
            raise InvalidInput("repetition_penalty", self.repetition_penalty, "above 0 (1 is off)")
        given: object = self.stop
        stop = (given,) if isinstance(given, str) else given
        if not isinstance(stop, (list, tuple)) or not all(isinstance(s, str) and s for s in stop):
            raise InvalidInput("stop", self.stop, "a list of texts that are not empty")
        force(self, "stop", tuple(text("stop", s) for s in stop))
        switch("chat", self.chat)
