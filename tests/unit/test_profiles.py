"""Texts in chunks, profiles on disk, and which numbers cards have; without a worker."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from safetensors.numpy import save

import steer_widget as sw
from steer_widget.catalog import Catalog, KnownSae
from steer_widget.features.table import FeatureTable
from steer_widget.profiles import Corpus, Profile, ProfileBook, ProfileCards, ProfileHead
from steer_widget.protocol import ModelInfo, SaeInfo, Status

HEAD = ProfileHead("sea stories", "tiny", "sae", "blocks.2.hook_resid_post", 2, "d", is_whole=True)
WINDOWS = (("She saw the", " sea", " at noon"),)
SAE = SaeInfo("sae", "standard", 8, 3, "blocks.2.hook_resid_post", 2, 10.0, "")
MODEL = ModelInfo("tiny", "Llama", 4, 8, 100, 64, 1000, "float32", "cpu", has_chat_template=False)
READY = msgspec.structs.replace(Status("ready"), model=MODEL, saes=(SAE,))


def profile() -> Profile:
    arrays = {
        "n_tokens": np.array([10]),
        "n_fired": np.array([5, 0, 1]),
        "total": np.array([10.0, 0.0, 2.0]),
        "top_act": np.array([[4.0, 3.0], [0.0, 0.0], [2.0, 0.0]], dtype=np.float32),
        "window_of": np.zeros((3, 2), dtype=np.int64),
        "norms": np.bincount([20 * 128 + 64], minlength=64 * 128) * 10,
        "norm_total": np.array([14.0]),
    }
    return Profile(HEAD, save(arrays), WINDOWS)


def taken(corpus: Corpus, n_chars: int) -> list[tuple[str, ...]]:
    chunks = []
    while (chunk := corpus.take(n_chars)) is not None:
        chunks.append(chunk.texts)
    return chunks


def test_texts_come_in_chunks_and_are_read_no_further_than_needed() -> None:
    n_read = 0

    def stream() -> object:
        nonlocal n_read
        for text in ("abc", "", "defg", "h"):
            n_read += 1
            yield text

    corpus = Corpus(stream())  # type: ignore[arg-type]
    chunk = corpus.take(4)
    assert chunk is not None
    assert (chunk.texts, chunk.n_after, n_read) == (("abc",), 1, 1)
    assert taken(corpus, 5) == [("", "defg"), ("h",)]
    assert (corpus.n_total, Corpus(["a", "b"]).n_total) == (None, 2)


def test_the_same_texts_are_passed_over_and_others_are_refused() -> None:
    chunk = Corpus(["ab", "c", "d"]).take(4)
    assert chunk is not None
    again = Corpus(["ab", "c", "d"])
    again.skip(chunk.n_after, chunk.digest)
    assert taken(again, 9) == [("d",)]
    for others in (["ab", "x", "d"], ["a", "bc", "d"], ["ab"], []):
        with pytest.raises(sw.InvalidInput, match="in the same order"):
            Corpus(others).skip(chunk.n_after, chunk.digest)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    for texts in (3, "just a text", b"bytes"):
        with pytest.raises(sw.InvalidInput) as caught:
            Corpus(texts)  # type: ignore[arg-type]
        assert caught.value.field == "texts"
    for bad in ({"text": "He"}, "\ud800"):
        with pytest.raises(sw.InvalidInput, match=r"texts\[1\]"):
            taken(Corpus(["She", bad]), 100)  # type: ignore[list-item]
    with pytest.raises(sw.MissingPath):
        Corpus(tmp_path / "none.txt")
    file = tmp_path / "texts.txt"
    file.write_text("She saw the sea\nHe did not\n")
    for path in (file, str(file)):
        corpus = Corpus(path)
        assert (corpus.name, taken(corpus, 100)) == ("texts.txt", [("She saw the sea", "He did not")])


def test_a_profile_tells_what_was_counted_also_from_its_file(tmp_path: Path) -> None:
    path = profile().save(tmp_path / "mine.safetensors")
    for one in (profile(), sw.load_profile(path)):
        assert (one.head, one.n_tokens, one.n_dead) == (HEAD, 10, 1)
        assert one.densities.tolist() == [0.5, 0.0, 0.1]
        assert one.mean_acts.tolist() == [2.0, 0.0, 2.0]
        assert one.residual_norm == pytest.approx(2**0.5, rel=0.005)
        assert one.mean_residual_norm == 1.4
        assert [example.act for example in one.examples(0)] == [4.0, 3.0]
        assert one.examples(2)[0].token == " sea"
        assert one.card(1).max_act is None
        assert one.to_pandas().loc[2, "example"] == "She saw the sea at noon"
        assert "sea stories: 2 texts, 10 tokens, 2 of 3 features fired" in repr(one)
        with pytest.raises(sw.UnknownFeature):
            one.card(3)


def test_files_that_are_no_profile_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.safetensors"
    for body in (b"nonsense", save({"x": np.zeros(1)}), b""):
        path.write_bytes(body)
        with pytest.raises(sw.InvalidInput, match=r"no\.safetensors"):
            sw.load_profile(path)
    with pytest.raises(sw.MissingPath):
        sw.load_profile(tmp_path / "none.safetensors")
    with pytest.raises(sw.InvalidInput):
        profile().save(tmp_path / "mine.csv")


def test_the_sae_s_own_numbers_stand_unless_the_profile_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "features.jsonl"
    file.write_text('{"index": 0, "label": "sea", "density": 0.125, "max_act": 99.0}\n{"index": 2}\n')
    catalog = Catalog(lambda: [KnownSae("sae", 3)], {0: FeatureTable.read(file)})
    book = ProfileBook(lambda: READY, tmp_path)
    catalog.learn(ProfileCards(book, 0))
    assert catalog.card(2).density is None
    with pytest.raises(sw.InvalidInput, match=r"steerer\.profile"):
        catalog.check([sw.Feature(2).at(1, unit="max_act")])
    key = book.key(SAE)
    assert key is not None
    book.use(key, profile(), comes_first=False)
    assert (catalog.card(0).max_act, catalog.card(0).density) == (99.0, 0.125)
    assert catalog.card(0).examples == profile().examples(0)
    assert (catalog.card(2).max_act, catalog.card(2).density) == (2.0, 0.1)
    assert catalog.densities() == {0: 0.125, 1: 0.0, 2: 0.1}
    assert catalog.check([sw.Feature(2).at(1, unit="max_act")]) == {sw.Feature(2).key: 2.0}
    book.use(key, profile(), comes_first=True)
    assert (catalog.card(0).label, catalog.card(0).max_act, catalog.densities()[0]) == ("sea", 4.0, 0.5)
    book.store.keep(key, profile())
    assert ProfileCards(ProfileBook(lambda: READY, tmp_path), 0).complete(catalog.card(2)).density == 0.1
