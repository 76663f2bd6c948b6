"""A run of the history as the page lists it."""

from __future__ import annotations

from ..history import Entry, Preview
from ..protocol import PastRun


def past_run(entry: Entry, preview: Preview, *, is_open: bool) -> PastRun:
    """A run in a few lines; colours and first words are its preview's."""
    # A damaged run has no preview; the list has a place for each column all the same.
    missing = len(entry.steerings) - len(preview.features)
    return PastRun(
        id=entry.run,
        name=entry.name,
        tags=entry.tags,
        created_at=entry.created_at,
        state=entry.state,
        model=entry.model,
        saes=entry.saes,
        prompts=entry.prompts,
        n_prompts=entry.n_prompts,
        n_steerings=entry.n_steerings,
        n_cells=entry.n_cells,
        n_done=entry.n_done,
        steerings=entry.steerings,
        features=(*preview.features, *([None] * missing)),
        thumbnail=(*preview.texts, *([""] * missing)),
        is_open=is_open,
    )
