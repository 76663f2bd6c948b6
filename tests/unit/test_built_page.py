"""What the wheel brings into notebooks: small, scoped, and asking for nothing elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import steer_widget

STATIC = Path(steer_widget.__file__).with_name("static")
MAX_BYTES = 250_000


@pytest.mark.parametrize("name", ["widget.js", "widget.css", "standalone.js", "standalone.css"])
def test_it_is_small(name: str) -> None:
    assert 1_000 < (STATIC / name).stat().st_size <= MAX_BYTES


@pytest.mark.parametrize(
    ("name", "around"),
    [
        ("widget", ["div:has(.sw-root):not(:has(.sw-static))+div .sw-static"]),
        ("standalone", [":root", "body", "#sw-page"]),
    ],
)
def test_styles_reach_nothing_outside_the_widget(name: str, around: list[str]) -> None:
    css = re.sub(r"@keyframes[^{]+\{(?:[^{}]*\{[^}]*\})*\}", "", (STATIC / f"{name}.css").read_text())
    selectors = [one.strip() for one in re.findall(r"[{};]?([^{};]+)\{", css)]
    assert len(selectors) > 100
    outside = [one for one in selectors if not one.startswith(("@media", "@container", ".sw-root"))]
    assert outside == around


@pytest.mark.parametrize("name", ["widget", "standalone"])
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    css, js = ((STATIC / f"{name}{ending}").read_text() for ending in (".css", ".js"))
    assert re.findall(r"@import|url\((?!\"?data:)", css) == []
    assert re.findall(r"\bimport\s*\(|\bfetch\s*\(|XMLHttpRequest|new WebSocket|importScripts", js) == []


def test_the_script_can_stand_inside_of_a_page() -> None:
    assert re.findall(r"</script|<!--", (STATIC / "standalone.js").read_text(), re.IGNORECASE) == []
    assert "</style" not in (STATIC / "standalone.css").read_text().lower()
