"""What suggestions ask of the model: texts on a topic and the features that they bring up, likelihoods.

The model is the only judge: told the topic, it writes a few texts; told nothing in particular, a few others; the
features that tell the first from the second are candidates (`contrasting`). A model without a chat template is
given the beginning of a text instead of a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import GenerationError
from ..protocol import (
    ContrastOf,
    FoundByWish,
    Likelihoods,
    Passage,
)
from ..spec import Generation, Grid, Prompt, Steering
from .likelihood import log_likelihoods
from .stopping import go_on
from .unheard import run_unheard

if TYPE_CHECKING:
    from ..protocol import FindByWish, ReadLikelihoods
    from .checkpoint import Checkpoint
    from .engine import Engine
    from .tasks import Report

REQUESTS: Final = ("Write a few sentences{about}.", "Tell me a short story{about}.")
BEGINNINGS: Final = ("The following is a text{about}:\n\n", "A short story{about}:\n\n")
ABOUT: Final = " about {topic}"
N_WRITTEN: Final = 4
"""Texts of each request, sampled."""

_SAID = "This is about {topic}."  # its own words count as a text on it
_N_TOKENS = 48


def find_by_wish(engine: Engine, task: FindByWish, report: Report, checkpoint: Checkpoint) -> FoundByWish:
    """Has the model write texts on the topic and on nothing in particular, and tells them apart.

    Examples stand instead of the texts on the topic, `against` instead of the others.

    Raises:
        TaskStopped: it was stopped.
        InvalidInput: a text without a token that counts, or no such SAE.
    """
    examples, against = task.examples, task.against
    n_steps = (not examples) + (not against) + 1
    if not examples:
        report(0, n_steps, f"writing of {task.topic}")
        written = _written(engine, ABOUT.format(topic=task.topic), task.seed, checkpoint)
        examples = (_SAID.format(topic=task.topic), *written)
    if not against:
        report(n_steps - 2, n_steps, "writing of nothing in particular")
        against = _written(engine, "", task.seed, checkpoint)
    report(n_steps - 1, n_steps, "telling the texts apart")
    go_on(checkpoint)
    a, b = (tuple(map(Passage, texts)) for texts in (examples, against))
    question = ContrastOf(task.request, a, b, task.sae, k=4 * task.k, density=task.density)
    found = engine.contrast(question).features
    return FoundByWish(tuple(one for one in found if one.score > 0)[: task.k], examples, against)


def read_likelihoods(
    engine: Engine, task: ReadLikelihoods, report: Report, checkpoint: Checkpoint
) -> Likelihoods:
    """See `log_likelihoods`.

    Raises:
        TaskStopped: it was stopped.
        InvalidInput: a context or a text without tokens, or too long.
    """
    report(0, None, f"reading {len(task.pairs)} texts")
    return Likelihoods(tuple(log_likelihoods(engine.adapter, task.pairs, checkpoint)))


def _written(engine: Engine, about: str, seed: int, checkpoint: Checkpoint) -> tuple[Prompt, ...]:
    """Texts of the model, sampled."""
    is_chat = engine.model_info.has_chat_template
    prompts = tuple(frame.format(about=about) for frame in (REQUESTS if is_chat else BEGINNINGS))
    generation = Generation(max_new_tokens=_N_TOKENS, temperature=0.8, top_p=0.95, seed=seed, chat=is_chat)
    grid = Grid(prompts, (Steering(),), N_WRITTEN, generation, measures=())
    texts = tuple(text for end, _ in run_unheard(engine, grid, checkpoint) if (text := end.text.strip()))
    if not texts:
        raise GenerationError("The model wrote nothing. Give examples: steerer.suggest(examples=[…]).")
    return texts
