"""What statistics of every feature cost over whole forward passes of the same, sped-up model on the same texts."""

from __future__ import annotations

import random
import uuid

import torch

from steer_widget.protocol import ProfileTexts
from steer_widget.worker.batches import by_length
from steer_widget.worker.prefill import Prefixes
from steer_widget.worker.profiling import most_tokens
from steer_widget.worker.tasks import do_task

from .bench import Bench
from .measured import Measured, of_pairs
from .timing import in_pairs

_LONGEST = 200


def profile_speed(bench: Bench) -> Measured:
    """Tokens per second of a profile ÷ those of forward passes of the engine's own model through all layers, in the same batches."""
    subject, scale = bench.subject, bench.scale
    texts = _texts(scale.n_profiled_texts)
    adapter = subject.engine.adapter
    tokens = [subject.tokenizer(text)["input_ids"] for text in texts]
    batches = by_length([len(ids) for ids in tokens], most_tokens(adapter.input_device))

    def plain() -> None:
        with torch.inference_mode():
            for batch in batches:
                rows = Prefixes.of([tokens[number] for number in batch], adapter.pad_id)
                adapter.read(rows, None)

    def profile() -> None:
        task = ProfileTexts(0, uuid.uuid4().hex, texts)
        do_task(subject.engine, task, lambda *_: None, lambda: False)

    plain()
    profile()
    # Speeds stand in the inverse ratio of times.
    pairs = in_pairs(plain, profile, scale.n_pairs)
    return of_pairs(pairs, "plain", "profile", n_texts=len(texts), n_tokens=sum(map(len, tokens)))


def _texts(n: int) -> tuple[str, ...]:
    """Texts of all lengths, of words that are a token each: what they say changes no time."""
    drawn = random.Random(0)  # noqa: S311 - a choice that can be repeated
    words = ("walk", "sea", "war", "snow", "letter", "house", "river", "morning")
    return tuple(" ".join(drawn.choices(words, k=drawn.randint(5, _LONGEST))) for _ in range(n))
