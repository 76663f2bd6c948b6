"""What the wheel brings into notebooks: small, scoped, and asking for nothing elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import steer_widget

STATIC = Path(steer_widget.__file__).with_name("static")
MAX_BYTES = 250_000


@pytest.mark.parametrize("name", ["widget.js", "widget.css"])
def test_it_is_small(name: str) -> None:
    assert 1_000 < (STATIC / name).stat().st_size <= MAX_BYTES


def test_styles_reach_nothing_outside_the_widget() -> None:
    css = re.sub(r"@keyframes[^{]+\{(?:[^{}]*\{[^}]*\})*\}", "", (STATIC / "widget.css").read_text())
    selectors = [one.strip() for one in re.findall(r"[{};]?([^{};]+)\{", css)]
    assert len(selectors) > 100
    outside = [one for one in selectors if not one.startswith(("@media", "@container", ".sw-root"))]
    assert outside == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    css, js = ((STATIC / name).read_text() for name in ("widget.css", "widget.js"))
    assert re.findall(r"@import|url\((?!\"?data:)", css) == []
    assert re.findall(r"\bimport\s*\(|\bfetch\s*\(|XMLHttpRequest|new WebSocket|importScripts", js) == []
