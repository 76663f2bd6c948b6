"""What is found and what is read of cells, over a real worker process, also while a run is on, and by the page."""

from __future__ import annotations

from pathlib import Path

import pytest

import steer_widget as sw
from tests.tiny import make
from tests.unit.page import Page, asking

PATIENCE_S = 90.0


def test_what_is_found_does_not_depend_on_a_run_that_is_on(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    folders = make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae")
    rows = load_file(folders[1] / "sae_weights.safetensors")["W_dec"]
    model = AutoModelForCausalLM.from_pretrained(folders[0], dtype=torch.float32)
    with torch.no_grad():
        logits = model.lm_head.weight @ (model.model.norm.weight * rows[3])
    logits -= logits.mean()
    cosines = torch.nn.functional.cosine_similarity(rows, rows[3:4], dim=-1)
    with sw.load(*folders, dtype="float32", history=False) as steerer:
        steerer.ready(PATIENCE_S)
        long = sw.Generation(max_new_tokens=200, temperature=1.0, repetition_penalty=1.3)
        quiet = steerer.contrast("snow", "the sea", 5)
        run = steerer.compare("I went", [steerer.feature(3).at(6)], generation=long, samples=8)
        vector = sw.Vector(rows[3])  # type: ignore[arg-type]  # a tensor is packed
        lenses = [steerer.logit_lens(direction, 4, timeout=PATIENCE_S) for direction in (3, vector)]
        near = steerer.neighbours(3, 4, timeout=PATIENCE_S)
        itself = steerer.neighbours(vector, 1, timeout=PATIENCE_S)
        assert steerer.contrast("snow", "the sea", 5, timeout=PATIENCE_S) == quiet
        assert not run.done, "they did not wait for its end"
        run.cancel()
    assert lenses[0] == lenses[1]
    assert [t.token_id for t in lenses[0].up] == logits.topk(4).indices.tolist()
    assert [t.logit for t in lenses[0].down] == pytest.approx((-(-logits).topk(4).values).tolist(), rel=1e-4)
    assert [hit.feature.index for hit in near] == cosines.topk(5).indices.tolist()[1:]
    assert (itself[0].feature.index, itself[0].score) == (3, pytest.approx(1.0))
    assert len(quiet) == 5


def test_cells_are_read_token_by_token_and_told_apart(tmp_path: Path) -> None:
    import torch
    from sae_lens import SAE
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folders = make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae")
    model = AutoModelForCausalLM.from_pretrained(folders[0], dtype=torch.float32)
    tokenizer, sae = AutoTokenizer.from_pretrained(folders[0]), SAE.load_from_disk(folders[1])

    def acts_of(cell: sw.Cell) -> tuple[torch.Tensor, int]:
        """What sae-lens reads on each token of prompt and completion, and how many are the prompt's."""
        ids = tokenizer(cell.prompt)["input_ids"]
        with torch.no_grad():
            whole = torch.tensor([[*ids, *cell.token_ids]])
            return sae.encode(model(whole, output_hidden_states=True).hidden_states[3][0]), len(ids)

    def mean_of(cell: sw.Cell) -> torch.Tensor:
        """Over the completion's tokens but special ones."""
        acts, n_prompt = acts_of(cell)
        special = set(tokenizer.added_tokens_decoder)
        return acts[[n_prompt + n for n, token in enumerate(cell.token_ids) if token not in special]].mean(0)

    with sw.load(*folders, dtype="float32", history=False) as steerer:
        ask = asking(Page(steerer.widget))
        f = steerer.feature(3)
        run = steerer.compare(["I went", "The sea"], [f.at(6)], generation=sw.Generation(max_new_tokens=8))
        result = run.result()
        cell = result.column(1)[0]
        acts, n_prompt = acts_of(cell)

        found = steerer.token_features(cell, 3)
        assert len(found) == len(acts)
        assert tuple(one.token.token_id for one in found.tokens[n_prompt:]) == cell.token_ids
        for own, one in zip(acts, found.tokens, strict=True):
            if not one.is_left_out:
                best = own.topk(3)
                assert [hit.feature.index for hit in one.hits] == best.indices[best.values > 0].tolist()
                assert [hit.act for hit in one.hits] == pytest.approx(
                    best.values[best.values > 0].tolist(), rel=1e-3
                )
        assert sum(one.is_prompt for one in found.tokens) == n_prompt
        counting = [n for n, one in enumerate(found.tokens) if n >= n_prompt and not one.is_left_out]
        top = steerer.top_features(cell, 1)[0]
        assert (top.feature.index, top.act) == (
            int(acts[counting].amax(0).argmax()), pytest.approx(float(acts[counting].max()), rel=1e-3)
        )  # fmt: skip

        # The page numbers the completion's tokens as it knows them from `ReadCells`.
        texts = ask("ReadCells", run=run.id, cells=[cell.index])["result"]["cells"][0]["tokens"]["texts"]
        number = counting[1] - n_prompt
        part = {"type": "CellPart", "run": run.id, "cell": cell.index, "tokens": [number]}
        fires = ask("FindAt", part=part, limit=64)["result"]
        assert len(fires["tokens"]) == len(texts) > 0
        assert tuple(token["token_id"] for token in fires["tokens"]) == cell.token_ids
        assert {one["token"] for one in fires["features"]} == {number}
        own = acts[n_prompt + number]
        assert {one["index"]: one["max_act"] for one in fires["features"]} == pytest.approx(
            {n: act for n, act in enumerate(own.tolist()) if act > 0}, rel=1e-3
        )

        # Cells against cells: the mean activations on the completions alone.
        hits = steerer.contrast(result.column(1), result.column(0), 64, density_penalty=False)
        sides = [torch.stack([mean_of(c) for c in result.column(n)]) for n in (1, 0)]
        a, b = (side.double() for side in sides)
        spread = ((a.var(0) + b.var(0)) / 2).sqrt()
        fire = (a.mean(0) != 0) | (b.mean(0) != 0)
        wanted = (a.mean(0) - b.mean(0)) / spread.clamp_min(float(spread[fire].median()))
        assert {hit.feature.index: hit.score for hit in hits} == pytest.approx(
            {n: d for n, d in enumerate(wanted.tolist()) if d}, rel=1e-2, abs=1e-3
        )


def test_ranking_and_what_fires_together_over_a_process(tmp_path: Path) -> None:
    folders = make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae")
    texts = [
        "The mountains were white with snow, and nobody spoke.",
        "She said that the letter had come too late.",
    ]
    with sw.load(*folders, dtype="float32", history=False) as steerer:
        ask = asking(Page(steerer.widget))
        scores = steerer.output_scores(range(64), timeout=PATIENCE_S)
        assert len({round(score or 0.0, 6) for score in scores}) > 30
        near = steerer.neighbours(3, 63)
        ranked = steerer.neighbours(3, 13, rank_by="output_score")
        best = sorted((hit.feature.index for hit in near), key=lambda n: -(scores[n] or 0.0))
        assert [hit.feature.index for hit in ranked] == best[:13]
        assert [hit.output_score for hit in ranked] == [scores[n] for n in best[:13]]
        features = [{"kind": "feature", "index": n} for n in (3, 9)]
        assert ask("ScoreOutput", features=features)["result"]["scores"] == [scores[3], scores[9]]
        found = ask("FindNeighbours", direction=features[0], limit=4)["result"]
        assert [one["index"] for one in found["features"]] == [hit.feature.index for hit in near[:4]]
        read = ask("ReadLens", direction=features[0], k=3)["result"]
        assert [one["token_id"] for one in read["up"]] == [t.token_id for t in steerer.logit_lens(3, 3).up]
        together = steerer.co_firing(3, texts, 5)
        assert together
        assert all(hit.score > 0 and hit.feature.index != 3 for hit in together)
        parts = [{"type": "PromptPart", "prompt": text} for text in texts]
        apart = ask("FindContrast", a=parts[:1], b=parts[1:], limit=5)["result"]
        hits = steerer.contrast(texts[:1], texts[1:], 5)
        assert [one["index"] for one in apart["features"]] == [hit.feature.index for hit in hits]
        assert [one["score"] for one in apart["features"]] == pytest.approx([hit.score for hit in hits])
