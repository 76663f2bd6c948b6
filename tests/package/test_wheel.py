"""The wheel: what it carries, and that it steers in an environment that had nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CARRIED = {
    "steer_widget/py.typed",
    "steer_widget/static/widget.js",
    "steer_widget/static/widget.css",
    "steer_widget/static/standalone.js",
    "steer_widget/static/standalone.css",
    "steer_widget/embedded/data/features.jsonl.gz",
    "steer_widget/embedded/data/sae/cfg.json",
    "steer_widget/embedded/data/sae/sae_weights.safetensors",
}
STEER = """
import json, sys
import steer_widget as sw
light = not {"torch", "transformers", "sae_lens", "pandas", "numpy"} & set(sys.modules)
with sw.demo() as steerer:
    steerer.ready(timeout=120)
    generation = sw.Generation(max_new_tokens=30)
    result = steerer.compare("My plan for the weekend is", [steerer.feature(3548).at(60)], generation=generation).result()
print(json.dumps({
    "light": light,
    "file": sw.__file__,
    "version": sw.__version__,
    "texts": [cell.text for cell in result.cells],
    "table": str(result),
}))
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command outside the project's environment; its output."""
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    run(sys.executable, *build, str(ROOT), cwd=folder)
    [built] = folder.glob("*.whl")
    return built


def test_it_carries_the_page_the_sae_and_nothing_of_the_development(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert names >= CARRIED
    assert {name.split("/")[0].split("-")[0] for name in names} == {"steer_widget"}
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.slow
def test_it_steers_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-compile", "-c", ROOT / "constraints.txt"]
    run(*install, "torch", wheel, cwd=tmp_path)  # torch by its pin: no other build of it comes in
    told = json.loads(run(python, "-c", STEER, cwd=tmp_path).splitlines()[-1])
    assert told["light"]
    assert Path(told["file"]).is_relative_to(tmp_path)
    assert wheel.name.startswith(f"steer_widget-{told['version']}-")
    baseline, steered = told["texts"]
    assert baseline
    assert baseline != steered
    assert any(word in steered for word in ("breakfast", "eat", "delicious", "lemon", "toast"))
    assert "baseline" in told["table"]
