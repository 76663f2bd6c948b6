"""Hashes tell contents apart, and nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest
import torch
from sae_lens import SAE
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from steer_widget.errors import LoadError
from steer_widget.saes import from_sae_lens, load_sae
from steer_widget.worker.adapter import Adapter
from steer_widget.worker.hashing import hash_sae, read_hashes
from steer_widget.worker.weight_files import WeightFiles


def loaded(folder, dtype=torch.float32) -> tuple[Adapter, WeightFiles]:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
    files = WeightFiles.find(str(folder), model)
    assert files is not None
    return Adapter(model, AutoTokenizer.from_pretrained(folder)), files


@pytest.fixture
def copied(tiny_folders, tmp_path):
    return shutil.copytree(tiny_folders[0], tmp_path / "copy")


def test_a_file_s_hash_is_the_one_that_everybody_computes(tiny_folders) -> None:
    adapter, files = loaded(tiny_folders[0])
    body = (tiny_folders[0] / "model.safetensors").read_bytes()
    assert read_hashes(adapter, {}, files).weights == hashlib.sha256(body).hexdigest()


def test_the_same_files_elsewhere_hash_alike_in_any_dtype(tiny_folders, copied) -> None:
    here, there = loaded(tiny_folders[0]), loaded(copied, torch.bfloat16)
    saes = {"sae": load_sae(str(tiny_folders[1]))}
    assert read_hashes(here[0], saes, here[1]) == read_hashes(there[0], saes, there[1])


@pytest.mark.parametrize("of", ["files", "memory"])
def test_one_changed_number_changes_the_weights_hash_alone(tiny_folders, copied, of) -> None:
    tensors = load_file(copied / "model.safetensors")
    name = max(tensors)
    tensors[name].view(-1)[-1] += 1e-3
    save_file(tensors, copied / "model.safetensors", {"format": "pt"})
    before, after = (
        read_hashes(adapter, {}, files if of == "files" else None)
        for adapter, files in (loaded(tiny_folders[0]), loaded(copied))
    )
    assert before.of == after.of == of
    assert before.weights != after.weights
    assert (before.config, before.tokenizer, before.template) == (
        after.config,
        after.tokenizer,
        after.template,
    )


def test_configuration_tokenizer_and_template_are_told_apart(tiny_folders, copied) -> None:
    adapter, files = loaded(tiny_folders[0])
    before = read_hashes(adapter, {}, files)
    config = json.loads((copied / "config.json").read_bytes())
    (copied / "config.json").write_text(
        json.dumps({**config, "rms_norm_eps": 1e-3, "transformers_version": "9"})
    )
    other, other_files = loaded(copied)
    changed = read_hashes(other, {}, other_files)
    assert (changed.config != before.config, changed.weights) == (True, before.weights)
    adapter.tokenizer.add_tokens(["<extra>"])
    assert read_hashes(adapter, {}, files).tokenizer != before.tokenizer
    adapter.tokenizer.chat_template += " "
    assert read_hashes(adapter, {}, files).template != before.template


def test_how_a_tokenizer_was_called_last_changes_nothing(tiny_folders) -> None:
    adapter, files = loaded(tiny_folders[0])
    before = read_hashes(adapter, {}, files)
    adapter.tokenizer(["a", "a longer text"], padding=True, truncation=True, max_length=3)
    assert read_hashes(adapter, {}, files) == before


def test_an_sae_hashes_alike_from_its_folder_and_from_memory(tiny_folders, tmp_path) -> None:
    from_folder = hash_sae(load_sae(str(tiny_folders[1])))
    assert hash_sae(from_sae_lens(SAE.load_from_disk(tiny_folders[1]), "a name")) == from_folder
    other = shutil.copytree(tiny_folders[1], tmp_path / "sae")
    tensors = load_file(other / "sae_weights.safetensors")
    tensors["b_enc"][0] = 0.5
    save_file(tensors, other / "sae_weights.safetensors")
    assert hash_sae(load_sae(str(other))) != from_folder


def test_files_that_changed_after_loading_are_refused(copied) -> None:
    adapter, files = loaded(copied)
    with (copied / "model.safetensors").open("ab") as file:
        file.write(b" ")
    with pytest.raises(LoadError, match="has changed since the model was loaded"):
        read_hashes(adapter, {}, files)


def test_a_sharded_model_hashes_over_all_its_files(tiny_folders, tmp_path) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny_folders[0])
    model.save_pretrained(tmp_path, max_shard_size="20KB")
    files = WeightFiles.find(str(tmp_path), model)
    assert files is not None
    assert len(files.weights) == len(list(tmp_path.glob("*.safetensors"))) > 1
