"""Where SAEs come from: folders read directly are what sae-lens reads; releases go through sae-lens."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from sae_lens import SAE
from safetensors.torch import load_file, save_file

from steer_widget import embedded
from steer_widget.errors import InvalidInput, LoadError, SaeMismatch
from steer_widget.saes import load_sae
from tests.tiny import make


@pytest.mark.parametrize("which", ["embedded", "tiny"])
def test_a_folder_gives_the_directions_that_sae_lens_gives(
    which: str, tiny_folders: tuple[Path, Path]
) -> None:
    folder = embedded.sae_folder() if which == "embedded" else tiny_folders[1]
    ours, theirs = load_sae(str(folder)), SAE.load_from_disk(folder)
    assert (ours.d_sae, ours.d_in) == (theirs.cfg.d_sae, theirs.cfg.d_in)
    assert ours.hook_name == theirs.cfg.metadata.hook_name
    assert ours.architecture == theirs.cfg.architecture()
    for index in (0, 7, ours.d_sae - 1):
        torch.testing.assert_close(ours.direction(index), theirs.W_dec[index].detach().float())


def test_decoder_norms_are_divided_out_where_activations_are_rescaled_by_them(tmp_path: Path) -> None:
    folder = make.make_sae(tmp_path / "sae", architecture="topk", rescale_acts_by_decoder_norm=True)
    weights = load_file(folder / "sae_weights.safetensors")
    save_file({**weights, "W_dec": weights["W_dec"] * 3}, folder / "sae_weights.safetensors")
    torch.testing.assert_close(load_sae(str(folder)).direction(5), weights["W_dec"][5])


def test_a_direction_that_is_zero_is_refused(tmp_path: Path) -> None:
    folder = make.make_sae(tmp_path / "sae")
    weights = load_file(folder / "sae_weights.safetensors")
    weights["W_dec"][5] = 0
    save_file(weights, folder / "sae_weights.safetensors")
    with pytest.raises(SaeMismatch, match="not zero"):
        load_sae(str(folder)).direction(5)


def test_a_release_that_sae_lens_does_not_know_is_named() -> None:
    with pytest.raises(LoadError, match="no-such-release"):
        load_sae("no-such-release/blocks.0.hook_resid_pre")


def test_a_name_that_is_neither_folder_nor_release_says_what_is_allowed() -> None:
    with pytest.raises(InvalidInput, match="release/sae_id"):
        load_sae("no-such-folder")
