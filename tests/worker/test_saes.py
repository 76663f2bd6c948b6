"""Where SAEs come from: folders, new and old, read without sae-lens; releases and objects through it."""

from __future__ import annotations

import inspect
import json
import pickle
import subprocess
import sys
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from sae_lens import SAE
from sae_lens.loading.pretrained_sae_loaders import NAMED_PRETRAINED_SAE_LOADERS
from sae_lens.loading.pretrained_saes_directory import get_pretrained_saes_directory
from safetensors.torch import load_file, save_file

from steer_widget import embedded
from steer_widget.errors import InvalidInput, LoadError, MissingPath, SaeMismatch
from steer_widget.saes import from_sae_lens, load_sae, release
from tests.tiny import make, saes


def write_config(folder: Path, **changes: object) -> Path:
    path = folder / "cfg.json"
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not ...}))
    return folder


def write_weights(folder: Path, **changes: torch.Tensor) -> Path:
    path = folder / "sae_weights.safetensors"
    save_file({**load_file(path), **changes}, path)
    return folder


# Folders


@pytest.mark.parametrize("which", ["embedded", "tiny"])
def test_a_folder_says_what_sae_lens_says(which: str, tiny_folders: tuple[Path, Path]) -> None:
    folder = embedded.sae_folder() if which == "embedded" else tiny_folders[1]
    ours, theirs = load_sae(str(folder)), SAE.load_from_disk(folder)
    assert (ours.d_sae, ours.d_in) == (theirs.cfg.d_sae, theirs.cfg.d_in)
    assert ours.hook_name == theirs.cfg.metadata.hook_name
    assert ours.hf_hook_name == (theirs.cfg.metadata.hf_hook_name or "")
    assert ours.architecture == theirs.cfg.architecture()
    for index in (0, 7, ours.d_sae - 1):
        torch.testing.assert_close(ours.direction(index), theirs.W_dec[index].detach().float())


def test_a_folder_is_read_without_importing_sae_lens() -> None:
    program = (
        "import sys, torch; from steer_widget import embedded; from steer_widget.saes import load_sae\n"
        "sae = load_sae(str(embedded.sae_folder())); print(sae.encode(torch.ones(2, sae.d_in)).shape[1])\n"
        "assert not {'sae_lens', 'transformers'} & set(sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.stdout == "4608\n", ran.stderr


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, crater: Path) -> None:
        self.crater = crater

    def __reduce__(self) -> object:
        return Path.touch, (self.crater,)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    folder, crater = saes.save(saes.build(), tmp_path / "sae"), tmp_path / "crater"
    for name in ("sae_weights.pt", "pytorch_model.bin", "trainer_state.pt", "sae.pkl"):
        (folder / name).write_bytes(pickle.dumps(Bomb(crater)))
    assert load_sae(str(folder)).has_encoder
    (folder / "sae_weights.safetensors").unlink()
    with pytest.raises(MissingPath, match=r"sae_weights\.safetensors"):
        load_sae(str(folder))
    (folder / "sae_weights.pt").rename(folder / "sae_weights.safetensors")
    with pytest.raises(LoadError, match="damaged"):
        load_sae(str(folder))
    assert not crater.exists()
    pickle.loads(pickle.dumps(Bomb(crater)))
    assert crater.exists(), "the bomb works"


def test_a_direction_that_is_zero_is_refused(tmp_path: Path) -> None:
    folder = make.make_sae(tmp_path / "sae")
    decoder = load_file(folder / "sae_weights.safetensors")["W_dec"]
    decoder[5] = 0
    with pytest.raises(SaeMismatch, match="not zero"):
        load_sae(str(write_weights(folder, W_dec=decoder))).direction(5)


@pytest.mark.parametrize(
    ("architecture", "words"),
    [
        ("transcoder", "writes to another place"),
        ("skip_transcoder", "writes to another place"),
        ("jumprelu_transcoder", "writes to another place"),
        ("jumprelu_skip_transcoder", "writes to another place"),
        ("matryoshka_batchtopk", "save_inference_model"),
        ("crystal_ball", "jumprelu"),
    ],
)
def test_a_kind_that_cannot_steer_is_refused_with_the_reason(architecture, words, tmp_path) -> None:
    folder = write_config(make.make_sae(tmp_path), architecture=architecture)
    with pytest.raises(SaeMismatch, match=words) as caught:
        load_sae(str(folder))
    assert architecture in str(caught.value)


def test_what_writes_to_another_layer_is_refused_whatever_it_calls_itself(tmp_path) -> None:
    metadata = {"hook_name": "blocks.1.hook_mlp_in", "hook_name_out": "blocks.1.hook_mlp_out"}
    with pytest.raises(SaeMismatch, match="hook_name_out"):
        load_sae(str(write_config(make.make_sae(tmp_path), metadata=metadata)))


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"W_enc": torch.zeros(3, 5)}, r"W_enc .*\(3, 5\)"),
        ({"b_enc": torch.zeros(2)}, r"b_enc .*\(2,\)"),
        ({"W_dec": torch.zeros(7)}, "no decoder"),
        ({"W_dec": torch.zeros(make.D_SAE, make.D_MODEL, dtype=torch.int8)}, "int8"),
    ],
)
def test_weights_that_do_not_fit_each_other_are_named(weights, words, tmp_path) -> None:
    with pytest.raises(LoadError, match=words):
        load_sae(str(write_weights(make.make_sae(tmp_path), **weights)))


def test_a_configuration_that_is_none_is_said_to_be_damaged(tmp_path) -> None:
    (make.make_sae(tmp_path) / "cfg.json").write_text("[1, 2]")
    with pytest.raises(LoadError, match="damaged"):
        load_sae(str(tmp_path))


# Folders of versions before 6


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("standard", {}),
        ("standard", {"architecture": ..., "normalize_activations": False, "activation_fn_str": "relu"}),
        ("standard", {"normalize_activations": None, "activation_fn": "relu", "activation_fn_kwargs": {}}),
        ("standard", {"apply_b_dec_to_input": ..., "neuronpedia_id": "gpt2-small/8-res-jb"}),
        ("standard", {"apply_b_dec_to_input": False}),
        ("standard", {"normalize_activations": "layer_norm"}),
        ("gated", {"sae_lens_version": "3.12.0"}),
        ("jumprelu", {"sae_lens_version": "5.10.2"}),
        ("topk", {"architecture": "standard", "activation_fn_str": "topk", "activation_fn_kwargs": {"k": 5}}),
        ("topk", {"activation_fn": "topk", "activation_fn_kwargs": {"k": 9}, "k": ...}),
    ],
)
def test_an_old_folder_is_read_as_sae_lens_reads_it(kind, config, tmp_path) -> None:
    folder = saes.save(saes.build(kind), tmp_path)
    write_config(folder, metadata=..., hook_point=saes.HOOK_NAME, hook_point_layer=2, **config)
    ours, theirs = load_sae(str(folder)), SAE.load_from_disk(folder)
    assert ours.hook_name == theirs.cfg.metadata.hook_name == saes.HOOK_NAME
    assert ours.neuronpedia_id == (theirs.cfg.metadata.neuronpedia_id or "")
    assert ours.architecture == theirs.cfg.architecture()
    h = saes.activations(2, 5)
    torch.testing.assert_close(ours.encode(h), theirs.encode(h).detach(), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"activation_fn_str": "tanh-relu"}, "tanh-relu"),
        ({"normalize_activations": True}, "fold"),
        ({"hook_point": ...}, "hook_name missing"),
    ],
)
def test_what_an_old_folder_asks_for_in_vain_is_said(config, words, tmp_path) -> None:
    folder = saes.save(saes.build(), tmp_path)
    with pytest.raises(SaeMismatch, match=words):
        load_sae(str(write_config(folder, **{"metadata": ..., "hook_point": saes.HOOK_NAME, **config})))


def test_an_old_fine_tuned_scale_is_refused_unless_it_does_nothing(tmp_path) -> None:
    folder = saes.save(saes.build(), tmp_path)
    before = load_sae(str(folder)).decoder.clone()
    write_weights(folder, scaling_factor=torch.ones(saes.D_SAE))
    assert torch.equal(load_sae(str(folder)).decoder, before)
    write_weights(folder, scaling_factor=torch.full((saes.D_SAE,), 1.5))
    with pytest.raises(SaeMismatch, match="scaling_factor"):
        load_sae(str(folder))


# Objects of sae-lens, and releases


def test_the_users_own_sae_shares_its_memory() -> None:
    built = saes.build("gated")
    ours = from_sae_lens(built, "mine")
    assert ours.name == "mine"
    assert ours.decoder.data_ptr() == built.W_dec.data_ptr()


def test_what_is_no_sae_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"sae_lens\.SAE"):
        from_sae_lens(torch.nn.Linear(2, 2), "mine")  # type: ignore[arg-type]


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Path:
    """The cache of the model hub, which nothing can be fetched into."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return tmp_path


def cached(hub: Path, repository: str) -> Path:
    """Where the cache keeps a repository's files."""
    folder = hub / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0" * 40)
    return folder / "snapshots" / ("0" * 40)


@pytest.mark.filterwarnings(r"ignore:\s*This SAE has non-empty model_from_pretrained_kwargs:UserWarning")
def test_a_release_that_was_trained_on_a_centred_model_is_given_centred_activations(hub) -> None:
    sae_id = "blocks.8.hook_resid_pre"
    built = saes.build()
    folder = saes.save(built, cached(hub, "jbloom/GPT2-Small-SAEs-Reformatted") / sae_id)
    write_config(folder, metadata=..., hook_point=sae_id)  # the release is that old
    ours = load_sae(f"gpt2-small-res-jb/{sae_id}")
    h = saes.activations(2, 3, mean=3.0)
    expected = built.encode(h - h.mean(dim=-1, keepdim=True)).detach()
    torch.testing.assert_close(ours.encode(h), expected, atol=1e-5, rtol=1e-5)
    assert (ours.name, ours.hook_name) == (f"gpt2-small-res-jb/{sae_id}", sae_id)


def test_a_release_that_is_not_folded_is_folded_by_the_factor_that_sae_lens_lists(hub) -> None:
    listed = get_pretrained_saes_directory()["gpt2-small-mlp-tm"]
    sae_id = "blocks.0.hook_mlp_out"
    built = saes.build(normalize_activations="expected_average_only_in")
    folder = saes.save(built, cached(hub, listed.repo_id) / listed.saes_map[sae_id])
    write_config(folder, metadata=..., hook_point=sae_id, normalize_activations=True)
    with pytest.warns(UserWarning, match="model_from_pretrained_kwargs"):
        ours = load_sae(f"gpt2-small-mlp-tm/{sae_id}")
    h = saes.activations(2, 3, mean=3.0)
    scaled = (h - h.mean(dim=-1, keepdim=True)) * listed.norm_scaling_factor[sae_id]
    torch.testing.assert_close(ours.encode(h), built.encode(scaled).detach(), atol=1e-5, rtol=1e-5)


def test_a_transcoder_release_is_refused_before_its_weights_are_fetched(hub) -> None:
    sae_id = next(iter(get_pretrained_saes_directory()["gemma-scope-2b-pt-transcoders"].saes_map))
    with pytest.raises(SaeMismatch, match="writes to another place"):
        load_sae(f"gemma-scope-2b-pt-transcoders/{sae_id}")


def test_a_release_of_pickles_is_refused_with_a_way_out() -> None:
    with pytest.raises(LoadError, match="save_model"):
        load_sae("gpt2-small-hook-z-kk/blocks.0.hook_z")


@pytest.mark.parametrize("loader", NAMED_PRETRAINED_SAE_LOADERS)
def test_every_loader_of_sae_lens_that_unpickles_is_known(loader) -> None:
    source = inspect.getsource(NAMED_PRETRAINED_SAE_LOADERS[loader])
    unpickles = any(word in source for word in ("torch.load", "pickle"))
    assert unpickles == (loader not in release._LOADERS_WITHOUT_PICKLES)


def test_a_release_that_sae_lens_does_not_know_is_named() -> None:
    with pytest.raises(LoadError, match="no-such-release"):
        load_sae("no-such-release/blocks.0.hook_resid_pre")


def test_an_sae_that_a_release_does_not_have_is_named() -> None:
    with pytest.raises(LoadError, match=r"blocks\.99"):
        load_sae("gpt2-small-res-jb/blocks.99.hook_resid_pre")


def test_a_name_that_is_neither_folder_nor_release_says_what_is_allowed() -> None:
    with pytest.raises(InvalidInput, match="release/sae_id"):
        load_sae("no-such-folder")
