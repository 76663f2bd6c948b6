"""What a long prompt costs: how much of it is read once for all cells instead of once for each."""

from __future__ import annotations

from .bench import Bench
from .measured import Measured, of_pairs
from .subject import Subject, make_grid, run_ours
from .timing import in_pairs


def prefill_generated(bench: Bench) -> Measured:
    """Only generated tokens steered: time to all first tokens ÷ one unsteered prefill."""
    subject, prompt = bench.subject, _prompt(bench.subject, bench.scale.n_prompt_tokens)
    prompt_ids = subject.prompt_ids(prompt)
    grid = make_grid(bench.scale.strengths, 1, prompt=prompt, positions="generated")
    run_ours(subject, grid)
    bench.plain.prefill(prompt_ids)
    pairs = in_pairs(
        lambda: run_ours(subject, grid), lambda: bench.plain.prefill(prompt_ids), bench.scale.n_quick_pairs
    )
    return of_pairs(pairs, "ours", "one_prefill", n_cells=len(grid), n_prompt_tokens=len(prompt_ids))


def prefill_all(bench: Bench) -> Measured:
    """All tokens steered: time to all first tokens ÷ as many prefills as there are cells."""
    subject, prompt = bench.subject, _prompt(bench.subject, bench.scale.n_prompt_tokens)
    prompt_ids = subject.prompt_ids(prompt)
    grid = make_grid(bench.scale.strengths, 1, prompt=prompt, positions="all")
    run_ours(subject, grid)
    bench.plain.prefill(prompt_ids)

    def one_after_another() -> None:
        for _ in range(len(grid)):
            bench.plain.prefill(prompt_ids)

    pairs = in_pairs(lambda: run_ours(subject, grid), one_after_another, bench.scale.n_pairs)
    return of_pairs(pairs, "ours", "prefills", n_cells=len(grid), n_prompt_tokens=len(prompt_ids))


def _prompt(subject: Subject, n_tokens: int) -> str:
    """A text of exactly `n_tokens` tokens: what it says changes no time."""
    prompt = "walk" + " walk" * (n_tokens - 1)
    n_found = len(subject.prompt_ids(prompt))
    if n_found != n_tokens:
        raise RuntimeError(f"the long prompt has {n_found} tokens instead of {n_tokens}")
    return prompt
