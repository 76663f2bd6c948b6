"""What suggestions ask of the model: texts on a topic and the features that they bring up, equal strengths, likelihoods.

The model is the only judge: told the topic, it writes a few texts; told nothing in particular, a few others; the
features that tell the first from the second are candidates (`contrasting`). A model without a chat template is
given the beginning of a text instead of a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import GenerationError, TaskStopped
from ..protocol import (
    ContrastOf,
    EqualStrengths,
    FoundByWish,
    Likelihoods,
    Passage,
)
from ..spec import Generation, Grid, Prompt, Steering
from .equal_kl import FIRST_SHARES, KlReader, equal_strengths
from .hook_points import first_block
from .likelihood import log_likelihoods
from .prompt_tokens import prompt_ids_of
from .unheard import STOPPED, run_unheard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..protocol import FindByWish, FindEqualStrengths, ReadLikelihoods
    from ..spec import Steerable
    from .engine import Engine
    from .row_edit import RowEdit
    from .tasks import Checkpoint, Report

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
    if checkpoint():
        raise TaskStopped(STOPPED)
    a, b = (tuple(map(Passage, texts)) for texts in (examples, against))
    question = ContrastOf(task.request, a, b, task.sae, k=4 * task.k, density=task.density)
    found = engine.contrast(question).features
    return FoundByWish(tuple(one for one in found if one.score > 0)[: task.k], examples, against)


def find_equal_strengths(
    engine: Engine, task: FindEqualStrengths, report: Report, checkpoint: Checkpoint
) -> EqualStrengths:
    """Has the model write behind the prompts, and reads that again under every direction.

    Raises:
        TaskStopped: it was stopped.
        InvalidInput: a direction or a prompt is refused.
    """
    adapter = engine.adapter
    edits = [added(engine, direction) for direction in task.directions]
    report(0, 1 + len(FIRST_SHARES), "writing without steering")
    texts = unsteered_texts(engine, task.prompts, task.n_tokens, checkpoint, chat=task.chat)
    report(1, 1 + len(FIRST_SHARES), f"reading {len(texts)} texts under {len(edits)} directions")
    lowest = min(first_block(adapter.point(edit.hook_name)) for edit, _ in edits)
    strengths = equal_strengths(KlReader(adapter, texts, lowest), edits, task.kl, checkpoint)
    if strengths is None:
        raise TaskStopped(STOPPED)
    return EqualStrengths(tuple(strengths))


def read_likelihoods(
    engine: Engine, task: ReadLikelihoods, report: Report, checkpoint: Checkpoint
) -> Likelihoods:
    """See `log_likelihoods`.

    Raises:
        TaskStopped: it was stopped.
        InvalidInput: a context or a text without tokens, or too long.
    """
    report(0, None, f"reading {len(task.pairs)} texts")
    values = log_likelihoods(engine.adapter, task.pairs, checkpoint)
    if values is None:
        raise TaskStopped(STOPPED)
    return Likelihoods(tuple(values))


def added(engine: Engine, direction: Steerable) -> tuple[RowEdit, float]:
    """The direction, added on all tokens, and the raw strength that is one residual norm."""
    edit = direction.at(1.0, unit="norm", method="add", positions="all")
    resolved = engine.directions.resolve(edit, {})
    if resolved is None:
        raise GenerationError("a strength of one residual norm was taken for nothing")
    return resolved, resolved.strength


def unsteered_texts(
    engine: Engine, prompts: Sequence[Prompt], n_tokens: int, checkpoint: Checkpoint, *, chat: bool
) -> list[tuple[list[int], list[int]]]:
    """Prompt and what the model writes behind it, greedily, as tokens.

    Raises:
        GenerationError: it writes nothing behind any of them.
    """
    grid = Grid(tuple(prompts), (Steering(),), 1, Generation(max_new_tokens=n_tokens, chat=chat), measures=())
    read = [prompt_ids_of(engine.adapter, prompt, chat=chat) for prompt in prompts]
    completions = [list(end.token_ids) for end, _ in run_unheard(engine, grid, checkpoint)]
    texts = [(prompt, text) for prompt, text in zip(read, completions, strict=True) if text]
    if not texts:
        raise GenerationError(
            "The model wrote nothing behind the prompts, so no strength can be compared. Give other prompts."
        )
    return texts


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
