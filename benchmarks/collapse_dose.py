"""At which dose texts collapse: `python -m benchmarks.collapse_dose` writes results/collapse_dose.json.

Random clearly labelled features of the embedded SAE, each added at all positions, one dose after another.
A text has collapsed when it is empty, ends in a loop, or is more than five times as perplexing to the
unsteered model as that model's own texts. Generation is transformers' own, with one hook: what is
found here does not depend on the engine whose flag it sets.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from steer_widget import embedded
from steer_widget.features.table import FeatureTable
from steer_widget.saes import load_sae
from steer_widget.worker.measures.divergence import compare_logits
from steer_widget.worker.measures.flags import flags
from steer_widget.worker.measures.summary import perplexity
from steer_widget.worker.placement import choose_dtype

RESULTS = Path(__file__).with_name("results") / "collapse_dose.json"
PROMPTS = ("Yesterday I went for a walk and", "I think that")
DOSES = tuple(step / 10 for step in range(1, 13))
DECODINGS: dict[str, dict[str, Any]] = {
    "greedy": {"do_sample": False},
    "sampled": {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 0.95},
}
N_FEATURES = 60
N_TOKENS = 40
LAYER = 15
CLEAR = 3  # label_confidence
PERPLEXING = 5.0


@dataclass(frozen=True)
class Text:
    """One text: how it was steered, and what became of it.

    Attributes:
        dose: mean of |edit|/|h| over its steered tokens.
        perplexity: under the unsteered model.
        flags: `empty` and `looping` are looked at.
    """

    dose: float
    perplexity: float
    flags: tuple[str, ...]

    def has_collapsed(self, usual_perplexity: float) -> bool:
        """Whether it is no text any more."""
        return bool(self.flags) or self.perplexity > PERPLEXING * usual_perplexity


class Writer:
    """The embedded model, writing texts under an edit of each row and reading them without."""

    def __init__(self) -> None:
        folder = embedded.model_folder(lambda *_: None)
        dtype = choose_dtype("auto", torch.device("cpu"))
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.block = self.model.model.layers[LAYER]
        self.eos_id = self.tokenizer.eos_token_id

    @torch.inference_mode()
    def write(self, prompt: str, edits: Tensor, decoding: dict[str, Any]) -> list[Text]:
        """One text for each edit `[rows, d_model]`."""
        given = self.tokenizer([prompt] * len(edits), return_tensors="pt")
        n_prompt = given.input_ids.shape[1]
        added = edits[:, None].to(self.model.dtype)
        with self.block.register_forward_hook(lambda _module, _args, output: output + added):
            ids = self.model.generate(**given, max_new_tokens=N_TOKENS, pad_token_id=self.eos_id, **decoding)
        h, logits = self.read(ids)
        surprise = compare_logits(
            None, logits[:, n_prompt - 1 : -1].flatten(0, 1), ids[:, n_prompt:].flatten()
        )
        assert surprise.surprise is not None
        by_row = surprise.surprise.view(len(ids), -1).tolist()
        doses = edits.norm(dim=-1, keepdim=True) / h.float().norm(dim=-1)
        texts = []
        for row, completion in enumerate(ids[:, n_prompt:].tolist()):
            ends = self.eos_id in completion
            n = completion.index(self.eos_id) + 1 if ends else len(completion)
            text = self.tokenizer.decode(completion[:n], skip_special_tokens=True)
            texts.append(
                Text(
                    dose=float(doses[row, : n_prompt + n - 1].mean()),
                    perplexity=perplexity(by_row[row][:n]) or float("inf"),
                    flags=flags(text, completion[:n], None, "eos" if ends else "length"),
                )
            )
        return texts

    @torch.inference_mode()
    def read(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Unsteered: the hidden state at the hook point and the logits, `[rows, seq, …]`."""
        seen: list[Tensor] = []
        with self.block.register_forward_hook(lambda _module, _args, output: seen.append(output)):
            logits = self.model(ids).logits
        return seen[0], logits

    def usual_norm(self) -> float:
        """Median |h| at the hook point over the prompts' tokens."""
        norms = [self.read(self.tokenizer(p, return_tensors="pt").input_ids)[0].float() for p in PROMPTS]
        return float(torch.cat([h[0].norm(dim=-1) for h in norms]).median())


def unit_directions() -> Tensor:
    """Random clearly labelled features: `[N_FEATURES, d_model]`."""
    sae = load_sae(str(embedded.sae_folder()))
    table = FeatureTable.read(embedded.feature_table_path())
    clear = [i for i in range(sae.d_sae) if i in table and table.card(i).label_confidence == CLEAR]
    chosen = random.Random(0).sample(clear, N_FEATURES)  # noqa: S311 - a choice that can be repeated
    directions = torch.stack([sae.direction(i) for i in chosen])
    return directions / directions.norm(dim=-1, keepdim=True)


def curve(writer: Writer, directions: Tensor, prompt: str, decoding: str) -> list[dict[str, float]]:
    """Shares of texts at each dose, the first at dose 0."""
    torch.manual_seed(0)
    edits = writer.usual_norm() * directions
    n_plain = N_FEATURES if DECODINGS[decoding]["do_sample"] else 1
    unsteered = writer.write(prompt, torch.zeros(n_plain, edits.shape[1]), DECODINGS[decoding])
    usual = median(text.perplexity for text in unsteered)
    shares = []
    for dose in (0.0, *DOSES):
        texts = writer.write(prompt, dose * edits, DECODINGS[decoding]) if dose else unsteered
        shares.append(
            {
                "dose": mean(text.dose for text in texts),
                "looping": mean("looping" in text.flags for text in texts),
                "perplexing": mean(text.perplexity > PERPLEXING * usual for text in texts),
                "collapsed": mean(text.has_collapsed(usual) for text in texts),
                "perplexity": median(text.perplexity for text in texts),
            }
        )
        print(
            decoding, repr(prompt), {name: round(share, 2) for name, share in shares[-1].items()}, flush=True
        )
    return shares


def dose_at_half(curves: list[list[dict[str, float]]]) -> float:
    """The dose at which half of all texts have collapsed, interpolated; the last one if it is crossed twice."""
    pooled = [
        (mean(c["dose"] for c in at), mean(c["collapsed"] for c in at)) for at in zip(*curves, strict=True)
    ]
    crossings = [
        low + (high - low) * (0.5 - below) / (above - below)
        for (low, below), (high, above) in pairwise(pooled)
        if below <= 0.5 < above
    ]
    return crossings[-1]


def main() -> None:
    """Measures, prints and saves."""
    writer, directions = Writer(), unit_directions()
    curves = {
        f"{decoding}: {prompt}": curve(writer, directions, prompt, decoding)
        for decoding in DECODINGS
        for prompt in PROMPTS
    }
    by_decoding = {
        decoding: dose_at_half([found for name, found in curves.items() if name.startswith(decoding)])
        for decoding in DECODINGS
    }
    results = {
        "n_features": N_FEATURES,
        "n_tokens": N_TOKENS,
        "dose_at_half": {**by_decoding, "both": dose_at_half(list(curves.values()))},
        "curves": curves,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print("half of all texts have collapsed at dose", results["dose_at_half"])


if __name__ == "__main__":
    main()
