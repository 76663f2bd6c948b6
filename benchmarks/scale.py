"""How much is measured: in full for the file, or a taste of it to see that everything works."""

from __future__ import annotations

from dataclasses import dataclass

_STRONGEST = 100.0


@dataclass(frozen=True)
class Scale:
    """Sizes of everything that is measured.

    Attributes:
        n_steered: steered cells of the grid; with the unsteered one 21, as a sweep in the widget has.
        n_tokens: new tokens of each cell.
        n_pairs: pairs where one takes a minute.
        n_long_pairs: pairs where one takes minutes.
        n_quick_pairs: pairs where one takes seconds.
        n_updates: pairs where one takes a fraction of a second.
        n_prompt_tokens: of the long prompt.
        n_cells_many, n_cells_few: of the grids that should differ in nothing but their size.
        n_cells_some: of the smaller grid whose memory is compared with the largest's.
        n_tokens_many: new tokens of each of their cells, half of the others' so that the whole stays short.
        n_tokens_sample: new tokens where four configurations are sampled five times.
        n_profiled_texts: of the corpus that is profiled.
        n_buffer_bytes: what the memory's bandwidth is measured on.
        n_features: of the table that is searched.
        n_kernels: fresh processes whose start is timed.
    """

    n_steered: int = 20
    n_tokens: int = 60
    n_pairs: int = 3
    n_long_pairs: int = 2
    n_quick_pairs: int = 7
    n_updates: int = 60
    n_prompt_tokens: int = 1000
    n_cells_many: int = 2048
    n_cells_some: int = 256
    n_cells_few: int = 64
    n_tokens_many: int = 30
    n_tokens_sample: int = 100
    n_profiled_texts: int = 24
    n_buffer_bytes: int = 2 << 30
    n_features: int = 260_000
    n_kernels: int = 3

    @property
    def strengths(self) -> tuple[float, ...]:
        """Strengths of the grid's cells; 0 is the unsteered one."""
        return tuple(_STRONGEST * step / self.n_steered for step in range(self.n_steered + 1))


FULL = Scale()
TASTE = Scale(
    n_steered=4,
    n_tokens=12,
    n_pairs=1,
    n_long_pairs=1,
    n_quick_pairs=1,
    n_updates=3,
    n_prompt_tokens=100,
    n_cells_many=64,
    n_cells_some=32,
    n_cells_few=32,
    n_tokens_many=4,
    n_tokens_sample=8,
    n_profiled_texts=4,
    n_buffer_bytes=1 << 28,
    n_features=3_000,
    n_kernels=1,
)
