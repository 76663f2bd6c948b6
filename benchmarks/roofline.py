"""How close a decode step comes to what the memory allows: every weight is read once for each token."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import torch

from .bench import Bench
from .measured import Measured
from .subject import make_grid, run_ours
from .timing import timed

_GB = 1e9
_MS = 1e3
_N_COLUMNS = 4096
_STEERED = 40.0


def weights_roofline(bench: Bench) -> Measured:
    """Our time per decode step at batch 1, steered ÷ time to read the weights once.

    A step's time is that of a long text less that of one token, so that prompt and set-up are out of it.
    The weights may fit into a processor's cache, or into what a virtual machine is given of it. So reading
    is timed both on a buffer that no cache holds and on one of the weights' size, and the faster counts.
    """
    subject, n_tokens = bench.subject, bench.scale.n_tokens
    n_weight_bytes = sum(p.numel() * p.element_size() for p in subject.model.parameters())
    buffers = {"large": _buffer(bench.scale.n_buffer_bytes), "like_weights": _buffer(n_weight_bytes)}
    ways: dict[str, Callable[[int], object]] = {
        "ours_steered": lambda n: run_ours(subject, make_grid([_STEERED], n)),
        "ours_unsteered": lambda n: run_ours(subject, make_grid([0.0], n)),
        "generate": lambda n: bench.plain.text(0.0, n),
    }
    steps_s: dict[str, list[float]] = {name: [] for name in ways}
    rates: dict[str, list[float]] = {name: [] for name in buffers}
    for way in ways.values():
        way(n_tokens)
    for _ in range(bench.scale.n_quick_pairs):
        for name, buffer in buffers.items():
            rates[name].append(_bytes_per_s(buffer))
        for name, way in ways.items():
            short_s, _ = timed(lambda way=way: way(1))  # type: ignore[misc]
            long_s, _ = timed(lambda way=way: way(n_tokens))  # type: ignore[misc]
            steps_s[name].append((long_s - short_s) / (n_tokens - 1))
    reads_s = [n_weight_bytes / max(pair) for pair in zip(*rates.values(), strict=True)]
    ratios = {
        name: [step_s / read_s for step_s, read_s in zip(found, reads_s, strict=True)]
        for name, found in steps_s.items()
    }
    return Measured(
        ratios["ours_steered"],
        {
            **{f"{name}_ms_per_step": _MS * median(found) for name, found in steps_s.items()},
            "read_weights_ms": _MS * median(reads_s),
            "weights_mb": n_weight_bytes / 1e6,
            **{f"{name}_gb_per_s": median(found) / _GB for name, found in rates.items()},
            "ours_unsteered_ratio": median(ratios["ours_unsteered"]),
            "generate_ratio": median(ratios["generate"]),
        },
        {
            "bandwidth": "the fastest of sum, dot product and matrix-vector product over float32 with all threads: "
            f"reading only; over {buffers['large'].nbytes / _GB:.1f} GB, and over as much as the weights take"
        },
    )


def _buffer(n_bytes: int) -> torch.Tensor:
    """Float32 of about this size, `[n, _N_COLUMNS]`."""
    return torch.ones(n_bytes // (4 * _N_COLUMNS), _N_COLUMNS)


def _bytes_per_s(buffer: torch.Tensor) -> float:
    """The fastest reading of `buffer`: which kernel comes closest depends on the processor."""
    flat, vector = buffer.flatten(), buffer[0].clone()
    half = flat.numel() // 2
    kernels: list[Callable[[], object]] = [
        flat.sum,
        lambda: torch.dot(flat[:half], flat[half : 2 * half]),
        lambda: buffer @ vector,
    ]
    flat.sum()  # brings into the caches what fits there
    return buffer.nbytes / min(timed(kernel)[0] for kernel in kernels)
