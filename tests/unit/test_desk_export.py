"""Runs as files for other programs: what is in them, and that nothing in them is ever executed."""

from __future__ import annotations

import ast
import csv
import io
import re

import msgspec
import pytest

from steer_widget.desk.export import export_file
from tests.history.results import NASTY, a_result
from tests.unit.scripted import MODEL


def rows(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content, newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_csv_is_the_table_and_no_formula(text: str) -> None:
    result = a_result("abc1", text=text, prompt=f"{text} p", label='a, "b"\nc')
    file = export_file(result, "csv")
    assert (file.name, file.media_type) == ("run-abc1.csv", "text/csv")
    first, second = rows(file.content)
    assert list(first) == ["cell", *result.to_pandas().columns]
    assert (first["text"], second["text"], first["prompt"]) == (f"'{text}", f"'{text}", f"'{text} p")
    assert (second["cell"], second["features"], second["strengths"]) == ("1", "[3]", "[1.0]")
    assert (second["steering"], second["kl_mean"]) == ('3 a, "b"\nc +1', "")


def test_csv_leaves_other_texts_and_numbers_as_they_are() -> None:
    first = rows(export_file(a_result("abc1", text=" = 2, é 日本"), "csv").content)[0]
    assert (first["text"], first["n_tokens"]) == (" = 2, é 日本", "2")


def test_html_is_a_page_of_its_own_that_runs_and_loads_nothing() -> None:
    result = a_result("abc1", text=NASTY, prompt=NASTY, label=NASTY)
    page = export_file(result, "html", "<b>n", ("<i>t",)).content
    assert page.startswith("<!doctype html>")
    assert '<meta charset="utf-8">' in page
    assert "default-src 'none'" in page
    for shown in ("&lt;script&gt;", "&lt;b&gt;n", "&lt;i&gt;t", "max_new_tokens=60"):
        assert shown in page
    assert set(re.findall(r"<(\w+)", page)) <= {
        "html", "head", "meta", "title", "style", "body", "h1", "p", "div", "table", "thead", "tbody",
        "tr", "th", "td", "em", "span", "br",
    }  # fmt: skip
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_code_makes_nothing_of_a_text_but_a_text() -> None:
    result = a_result("abc1", text=NASTY, prompt=NASTY, label=NASTY)
    nasty = msgspec.structs.replace(
        MODEL, name=f"{NASTY}\n{NASTY}", device="cpu\nimport os", dtype="\r\nimport os"
    )
    file = export_file(msgspec.structs.replace(result, model=nasty), "py", "walk")
    assert (file.name, file.media_type) == ("walk-abc1.py", "text/x-python")
    assert [type(node).__name__ for node in ast.parse(file.content).body[:2]] == ["Import", "Assign"]
    assert not any(
        isinstance(node, ast.Import) and node.names[0].name == "os"
        for node in ast.walk(ast.parse(file.content))
    )
    assert NASTY in {
        node.value for node in ast.walk(ast.parse(file.content)) if isinstance(node, ast.Constant)
    }


def test_a_file_is_named_after_the_run_in_letters_that_every_disk_takes() -> None:
    assert export_file(a_result("abc1"), "html", "../é: My  walk!?").name == "My-walk-abc1.html"
    assert export_file(a_result("abc1"), "json", "日本").name == "run-abc1.json"
