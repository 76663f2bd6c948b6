"""What suggestions are asked for, checked before any work."""

from __future__ import annotations

from typing import Final

import msgspec

from ..arguments import as_count, as_prompts
from ..bands import EVERYDAY_PROMPTS
from ..errors import InvalidInput
from ..spec import Generation, Prompt
from .wish import topic_of

MAX_PROMPTS: Final = 32
MAX_CANDIDATES: Final = 100
MAX_TEXTS: Final = 4_000
"""Cells of the run."""

N_TEXTS: Final = 8
"""Of each candidate, at least, over all prompts."""

GENERATION: Final = Generation(max_new_tokens=30, temperature=0.7, repetition_penalty=1.2, seed=0)
N_CONTROLS: Final = 2
"""Random directions that are tried beside the candidates: what steering so far does by itself."""

_LEAST_KL: Final = 0.01
_MOST_KL: Final = 20.0
_WISH: Final = "a wish such as 'more about the sea', or examples=[…]"


class Asked(msgspec.Struct, frozen=True):
    """What is wished for, and how it is tried.

    Attributes:
        wish: as it was said; empty where there are examples.
        topic: what it is about; empty where there are examples.
        examples, against: texts or chats.
        k: how many suggestions.
        prompts: behind which candidates are tried.
        samples: completions for each prompt and candidate.
        n_candidates: how many features are tried.
        generation: how the texts are made.
        kl: at which p95 KL from the unsteered model, in nats.
        sae: empty is the first.
    """

    wish: str
    topic: str
    examples: tuple[Prompt, ...]
    against: tuple[Prompt, ...]
    k: int
    prompts: tuple[Prompt, ...]
    samples: int
    n_candidates: int
    generation: Generation
    kl: float
    sae: str

    @classmethod
    def of(
        cls,
        wish: object,
        *,
        examples: object = None,
        against: object = None,
        k: object = 5,
        prompts: object = None,
        samples: object = None,
        n_candidates: object = 12,
        generation: object = None,
        chat: bool = False,
        kl: object = 1.0,
        sae: str = "",
    ) -> Asked:
        """What users write, checked.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
        """
        if (wish is None) == (examples is None):
            raise InvalidInput("wish", wish, _WISH, hint="One of the two: a wish in words, or examples.")
        if against is not None and examples is None:
            raise InvalidInput("against", against, "None with a wish in words", hint="It goes with examples.")
        if generation is not None and not isinstance(generation, Generation):
            raise InvalidInput("generation", generation, "a sw.Generation(...)")
        if isinstance(kl, bool) or not isinstance(kl, (int, float)) or not _LEAST_KL <= kl <= _MOST_KL:
            raise InvalidInput("kl", kl, f"nats from {_LEAST_KL:g} to {_MOST_KL:g}")
        given = GENERATION if generation is None else generation
        tried = EVERYDAY_PROMPTS if prompts is None else as_prompts(prompts)
        # Without chance all samples are the same text.
        n_usual = 1 if given.temperature == 0 else max(2, -(-N_TEXTS // len(tried)))
        asked = cls(
            wish="" if wish is None else str(wish),
            topic="" if wish is None else topic_of(wish),
            examples=() if examples is None else _texts("examples", examples),
            against=() if against is None else _texts("against", against),
            k=as_count("k", k),
            prompts=tried,
            samples=n_usual if samples is None else as_count("samples", samples),
            n_candidates=as_count("n_candidates", n_candidates),
            generation=msgspec.structs.replace(given, chat=given.chat or chat),
            kl=float(kl),
            sae=sae,
        )
        asked._check_sizes()
        return asked

    def _check_sizes(self) -> None:
        if len(self.prompts) > MAX_PROMPTS:
            raise InvalidInput("prompts", len(self.prompts), f"at most {MAX_PROMPTS} prompts")
        if self.n_candidates > MAX_CANDIDATES:
            raise InvalidInput("n_candidates", self.n_candidates, f"at most {MAX_CANDIDATES}")
        n_texts = len(self.prompts) * self.samples * (self.n_candidates + 1 + N_CONTROLS)
        if n_texts > MAX_TEXTS:
            raise InvalidInput(
                "samples", self.samples, f"at most {MAX_TEXTS:,} texts in all, these would be {n_texts:,}"
            )


def _texts(field: str, given: object) -> tuple[Prompt, ...]:
    try:
        return as_prompts(given)
    except InvalidInput as error:
        raise InvalidInput(field, given, "a text, a list of texts, a chat or a list of chats") from error
