"""Small grids for tests."""

from __future__ import annotations

from steer_widget.spec import Edit, Feature, Generation, Grid, Steering


def edit(index: int = 3, strength: float = 4.0) -> Edit:
    return Feature(index, f"label {index}").at(
        strength, unit="raw", method="add", positions="all", skip_special=False
    )


def grid(n_columns: int = 3, n_prompts: int = 1, samples: int = 1, max_new_tokens: int = 4) -> Grid:
    """The baseline and as many steered columns as are missing."""
    steered = tuple(Steering((edit(index),)) for index in range(1, n_columns))
    prompts = tuple(f"prompt {number}" for number in range(n_prompts))
    return Grid(prompts, (Steering(), *steered), samples, Generation(max_new_tokens=max_new_tokens))
