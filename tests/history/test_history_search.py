from __future__ import annotations

import pytest

import steer_widget as sw
from steer_widget.history import History
from tests.history.results import runs
from tests.unit.scripted import SAE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("paris", ["abc1"]), ("WALK paris", ["abc1"]), ("golden", ["abc2"]), ("100%", ["abc2"]), ("%", ["abc2"]),
        ("école", ["abc3"]), ("under_score", ["abc3"]), ("_", ["abc3"]), ("undersscore", []), ("my", ["abc3"]),
        ("sea", ["abc3"]), ("tag", ["abc3"]), (SAE.name, ["abc3", "abc2", "abc1"]), ("paris golden", []),
        ("name école", ["abc3"]), ("'; DROP TABLE runs; --", []), ("", ["abc3", "abc2", "abc1"]), ("\ud800", []),
    ],
)  # fmt: skip
def test_words_are_found_wherever_they_stand(filled: History, text: str, found: list[str]) -> None:
    assert runs(filled.search(text)) == found
    assert len(filled) == 3


def test_a_search_narrows_by_tags_state_model_and_whether_it_was_saved(filled: History) -> None:
    assert runs(filled.search(tags=("tag", "B"))) == ["abc3"]
    assert runs(filled.search(tags="ta")) == []
    assert runs(filled.search(state="done")) == ["abc3", "abc2", "abc1"]
    assert runs(filled.search(state="failed")) == []
    assert runs(filled.search(model="TINY-s")) == ["abc3", "abc2", "abc1"]
    assert runs(filled.search(model="gpt")) == []
    filled["abc2"].save()
    assert runs(filled.search(saved=True)) == ["abc2"]
    assert runs(filled.search("prompt", saved=False).search("école")) == ["abc3"]
    found = filled.search(saved=True)
    assert (len(found), found[0].run, "abc1" in found) == (1, "abc2", False)


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("text", {"text": 3}), ("tags", {"tags": 3}), ("tags", {"tags": [3]}), ("state", {"state": "dead"}),
        ("model", {"model": 3}), ("saved", {"saved": 1}),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_named(filled: History, field: str, options: dict[str, object]) -> None:
    with pytest.raises(sw.InvalidInput) as caught:
        filled.search(**options)  # type: ignore[arg-type]
    assert caught.value.field == field
