"""How the cells of a run are put together into batches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steer_widget.worker.batches import split_by_length
from steer_widget.worker.completion import Completion
from steer_widget.worker.row import Row
from steer_widget.worker.sampling import noise_key


def make_rows(engine, n_prompts: int, n_columns: int, n_samples: int) -> list[Row]:
    """In the grid's order; prompts differ in their tokens, some also in length."""
    rows = []
    for prompt in range(n_prompts):
        ids = [prompt + 1] * (3 + prompt % 2)
        for _ in range(n_columns):
            for sample in range(n_samples):
                completion = Completion(engine.adapter.tokenizer, ids, ())
                rows.append(Row(len(rows), ids, [], noise_key(0, ids, sample), completion))
    return rows


@given(shape=st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 4)), n_rows=st.integers(1, 20))
def test_every_row_is_in_one_batch_and_none_is_too_large(engine, shape, n_rows) -> None:
    rows = make_rows(engine, *shape)
    batches = split_by_length(rows, n_rows)
    assert sorted(row.cell for batch in batches for row in batch) == [row.cell for row in rows]
    assert all(len(batch) <= n_rows for batch in batches)
    assert max(map(len, batches)) - min(map(len, batches)) <= len(batches), "no batch is left nearly empty"


def test_the_columns_of_a_sample_are_generated_together(engine) -> None:
    rows = make_rows(engine, 1, 4, 8)
    batches = split_by_length(rows, 8)
    for batch in batches:
        keys = [row.key for row in batch]
        assert len(set(keys)) == 2, "eight rows: four columns of two samples"
        assert keys == sorted(keys, key=keys.index)
