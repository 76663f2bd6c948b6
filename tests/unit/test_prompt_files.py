"""Prompts from files: every shape in which people keep them, and errors that name the line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import steer_widget as sw
from steer_widget.prompt_files import parse_prompts

CHAT = (sw.Message("user", "hi"), sw.Message("assistant", "yes?"))
TURNS = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes?"}]


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("p.txt", "one\n\n  two  \r\nthree", ["one", "  two  ", "three"]),
        ("p.TXT", "\ufeffone\rtwo\u2028still two", ["one", "two\u2028still two"]),
        ("p.csv", 'id,prompt\n1,"a, ""b""\nc"\n\n2,d\n', ['a, "b"\nc', "d"]),
        ("p.csv", "one\ntwo\n", ["one", "two"]),
        ("p.csv", "\ufeffText ,n\r\na,1\r\nb,2\r\n", ["a", "b"]),
        ("p.csv", "n;prompt\n1;a, b\n", ["a, b"]),
        ("p.csv", "text,prompt\nt,p\n", ["p"]),
        ("p.tsv", "label\tprompts\nx\ta, b\n", ["a, b"]),
        ("p.tsv", "a\tb\nc\td\n", ["a", "c"]),
        ("p.csv", "prompt\na,,\nb\n", ["a", "b"]),
        ("p.jsonl", '"one"\n\n{"text": "two\\nlines", "id": 1}\n{"messages": ' + json.dumps(TURNS) + "}\n",
         ["one", "two\nlines", CHAT]),
        ("p.jsonl", json.dumps(TURNS) + "\n" + json.dumps({"prompt": TURNS}), [CHAT, CHAT]),
        ("p.ndjson", '{"prompt": "p", "text": "t"}', ["p"]),
        ("p.json", json.dumps(["one", {"content": "two"}, TURNS]), ["one", "two", CHAT]),
        ("p.json", json.dumps(TURNS), [CHAT]),
        ("p.json", '{"prompts": ["a", "b"]}', ["a", "b"]),
        ("p.json", '"one"', ["one"]),
        ("p.json", '{"messages": [{"role": "user", "content": "hi", "name": "me"}]}', [(sw.Message("user", "hi"),)]),
    ],
)  # fmt: skip
def test_prompts_are_found(tmp_path: Path, name: str, content: str, wanted: list[object]) -> None:
    assert parse_prompts(name, content) == wanted
    path = tmp_path / name
    path.write_bytes(content.encode())
    assert sw.read_prompts(path) == wanted
    assert sw.read_prompts(str(path)) == wanted


@pytest.mark.parametrize(
    ("name", "content", "field"),
    [
        ("p.txt", " \n\n", "p.txt"), ("p.csv", "prompt\n", "p.csv"), ("p.json", "[]", "p.json"),
        ("p.pdf", "x", "name"), ("prompts", "x", "name"),
        ("p.jsonl", '"a"\n{oops}\n', "line 2 of p.jsonl"), ("p.jsonl", '"a"\n\n5\n', "line 3 of p.jsonl"),
        ("p.jsonl", '{"title": "x"}', "line 1 of p.jsonl"), ("p.jsonl", '[{"role": "user"}]', "line 1 of p.jsonl"),
        ("p.jsonl", '[{"role": "", "content": "x"}]', "line 1 of p.jsonl"), ("p.jsonl", '""', "line 1 of p.jsonl"),
        ("p.jsonl", '[{"role": "user", "content": ["x"]}]', "line 1 of p.jsonl"),
        ("p.json", "[1", "line 1 of p.json"), ("p.json", "[" * 100_000, "line 1 of p.json"),
        ("p.csv", 'prompt\na\n"b\nc\n', "line 4 of p.csv"), ("p.csv", "id,prompt\n1,a\n2,\n", "line 3 of p.csv"),
        ("p.csv", "id,prompt\n1,a\n2\n", "line 3 of p.csv"), ("p.csv", 'prompt\n"a"b\n', "line 2 of p.csv"),
        ("p.csv", "prompt\na\nHello, my name is\n", "line 3 of p.csv"), ("p.csv", "a\n\nb, c\n", "line 3 of p.csv"),
        ("p.csv", "id,prompt\n1,a, b\n", "line 2 of p.csv"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_by_its_line(name: str, content: str, field: str) -> None:
    with pytest.raises(sw.InvalidInput) as caught:
        parse_prompts(name, content)
    assert caught.value.field == field
    assert caught.value.allowed


def test_excel_s_unicode_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.tsv"
    path.write_bytes("n\tprompt\r\n1\tgrüße\r\n".encode("utf-16"))
    assert sw.read_prompts(path) == ["grüße"]


def test_another_encoding_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "p.txt"
    path.write_bytes("one\ngrüße\n".encode("latin-1"))
    with pytest.raises(sw.InvalidInput, match=r"^line 2 of p\.txt: .*UTF-8"):
        sw.read_prompts(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(sw.MissingPath, match=r"nowhere\.txt"):
        sw.read_prompts(tmp_path / "nowhere.txt")


def test_there_are_bounds(tmp_path: Path) -> None:
    assert len(parse_prompts("p.txt", "x\n" * 10_000)) == 10_000
    with pytest.raises(sw.InvalidInput, match=r"^line 10001 of p\.txt: .*at most 10,000 prompts"):
        parse_prompts("p.txt", "x\n" * 10_001)
    path = tmp_path / "p.txt"
    path.write_bytes(b"x" * 20_000_001)
    with pytest.raises(sw.InvalidInput, match=r"^p\.txt: .*at most 20,000,000 bytes"):
        sw.read_prompts(path)


@given(
    content=st.text(max_size=60) | st.text(alphabet='",;\n\t[]{}: a', max_size=60),
    ending=st.sampled_from([".txt", ".csv", ".tsv", ".jsonl", ".json"]),
)
def test_no_text_breaks_it(content: str, ending: str) -> None:
    try:
        prompts = parse_prompts(f"p{ending}", content)
    except sw.InvalidInput:
        return
    sw.Grid(tuple(prompts), (sw.Steering(),))


def test_what_is_read_goes_straight_into_the_widget(widget: sw.SteerWidget) -> None:
    widget.prompts = parse_prompts("p.jsonl", '"one"\n' + json.dumps(TURNS))
    assert widget.prompts == ("one", CHAT)
