"""Speed of generation against others' ways to the same texts."""

from __future__ import annotations

from .agreement import agreement
from .bench import Bench
from .contenders import Contender, RepengControl, SaeLensBridge, one_after_another
from .measured import Measured, of_pairs
from .subject import make_grid, run_ours
from .timing import in_pairs


def batch_vs_sequential(bench: Bench) -> Measured:
    """Plain `generate` with a hook, one cell after another ÷ ours."""
    return _against(bench, bench.plain)


def vs_saelens(bench: Bench) -> Measured:
    """The same by sae-lens' bridge."""
    return _against(bench, SaeLensBridge(bench.subject))


def vs_repeng(bench: Bench) -> Measured:
    """The same by repeng's ControlModel."""
    return _against(bench, RepengControl(bench.subject))


def _against(bench: Bench, contender: Contender) -> Measured:
    subject, strengths, n_tokens = bench.subject, bench.scale.strengths, bench.scale.n_tokens
    grid = make_grid(strengths, n_tokens)
    run_ours(subject, grid)
    contender.text(strengths[-1], n_tokens)
    pairs = in_pairs(
        lambda: one_after_another(contender, strengths, n_tokens),
        lambda: run_ours(subject, grid),
        bench.scale.n_pairs,
    )
    texts = agreement(pairs.below, pairs.above, strengths, subject.tokenizer)
    return of_pairs(
        pairs, "one_after_another", "ours", n_cells=len(strengths), n_tokens=n_tokens, agreement=texts
    )


def steering_overhead(bench: Bench) -> Measured:
    """Our batch steered ÷ the same batch unsteered by plain `generate`."""
    subject, strengths, n_tokens = bench.subject, bench.scale.strengths, bench.scale.n_tokens
    grid, unsteered = make_grid(strengths, n_tokens), [0.0] * len(strengths)
    run_ours(subject, grid)
    bench.plain.batch(unsteered, n_tokens)
    pairs = in_pairs(
        lambda: run_ours(subject, grid),
        lambda: bench.plain.batch(unsteered, n_tokens),
        bench.scale.n_quick_pairs,
    )
    return of_pairs(pairs, "ours", "generate_unsteered", n_rows=len(strengths), n_tokens=n_tokens)


def single_vs_generate(bench: Bench) -> Measured:
    """One unsteered cell: ours ÷ plain `generate`."""
    subject, n_tokens = bench.subject, bench.scale.n_tokens
    grid = make_grid([0.0], n_tokens)
    run_ours(subject, grid)
    bench.plain.text(0.0, n_tokens)
    pairs = in_pairs(
        lambda: run_ours(subject, grid),
        lambda: bench.plain.text(0.0, n_tokens),
        bench.scale.n_quick_pairs,
    )
    return of_pairs(pairs, "ours", "generate", n_tokens=n_tokens)
