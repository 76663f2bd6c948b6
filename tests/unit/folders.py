"""Folders of a model and an SAE, as far as the kernel reads them: their configs."""

from __future__ import annotations

import json
from pathlib import Path


def model(folder: Path, **config: object) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"hidden_size": 32, "num_hidden_layers": 4, **config}))
    return folder


def sae(folder: Path, **config: object) -> Path:
    folder.mkdir()
    described = {"d_in": 32, "d_sae": 64, "metadata": {"hook_name": "blocks.2.hook_resid_post"}, **config}
    (folder / "cfg.json").write_text(json.dumps(described))
    return folder
