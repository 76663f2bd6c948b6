"""How fast the next-token strip follows a dial."""

from __future__ import annotations

from itertools import count
from statistics import median

import torch

import steer_widget as sw

from .bench import Bench
from .measured import Measured
from .subject import FEATURE, PROMPT
from .timing import in_pairs

_LONGER = "The mountains were white with snow, and nobody spoke. She said that the letter had come too late; he did not"


def next_token_rate(bench: Bench) -> Measured:
    """Updates per second through `steerer.next_token` ÷ plain forward passes of the same two rows per second.

    The worker is a process of its own, and the time is that of the whole call: question, pass, answer. The
    plain pass has no hook, and gives logits behind the last token alone.
    """
    subject, strengths = bench.subject, count(1)
    ratios: list[float] = []
    absolute: dict[str, float | int | str | bool] = {}
    with sw.demo(history=False) as steerer:
        steerer.ready(timeout=120)
        feature = steerer.feature(FEATURE)
        for name, prompt in (("", PROMPT), ("_longer_prompt", _LONGER)):
            token_ids = torch.tensor([subject.prompt_ids(prompt)] * 2)

            def update(prompt: str = prompt) -> sw.NextToken:
                return steerer.next_token(prompt, feature.at(next(strengths)))

            @torch.inference_mode()
            def plain(token_ids: torch.Tensor = token_ids) -> torch.Tensor:
                logits: torch.Tensor = subject.model(token_ids, use_cache=False, logits_to_keep=1).logits
                return logits

            for _ in range(3):
                update()
                plain()
            pairs = in_pairs(update, plain, bench.scale.n_updates)
            ratios = ratios or [1 / ratio for ratio in pairs.ratios]
            absolute[f"updates_per_second{name}"] = 1 / pairs.median_above_s
            absolute[f"plain_passes_per_second{name}"] = 1 / pairs.median_below_s
            absolute[f"ratio{name}"] = median(1 / ratio for ratio in pairs.ratios)
            absolute[f"n_prompt_tokens{name}"] = token_ids.shape[1]
    return Measured(ratios, absolute)
