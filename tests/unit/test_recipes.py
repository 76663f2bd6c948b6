"""Recipes: what they hold, and what a comparison says."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import steer_widget as sw
from steer_widget.errors import InvalidInput, MissingPath, ResultFormatError
from steer_widget.protocol import Answer, CheckGrid, Hashed, Hashes, HashesOf, TokenCounts
from steer_widget.recipes import Recipe, RecipeCell, moved
from steer_widget.spec import Grid, Steering
from tests.unit.grids import grid
from tests.unit.scripted import MODEL, READY, SAE
from tests.unit.strategies import grids, of

HASHES = Hashes("files", "a" * 64, "b" * 64, "c" * 64, "d" * 64, {SAE.name: "e" * 64})
KNOWN = msgspec.structs.replace(MODEL, hashes=HASHES, processor="AVX512", n_threads=2)
CELLS = (RecipeCell("done", 3, "x"), RecipeCell("done", 3, "y"), RecipeCell("done", 2, "z"))


def recipe(made: Grid | None = None, cells=CELLS, **changes) -> Recipe:
    values = {
        "model": KNOWN,
        "saes": (SAE,),
        "versions": {"torch": "2.13.0", "python": "3.11.7"},
        "max_act": {},
    }
    return Recipe(grid=made or grid(), cells=cells, **{**values, **changes})


def hashed(**changes) -> sw.Recipe:
    return recipe(model=msgspec.structs.replace(KNOWN, hashes=msgspec.structs.replace(HASHES, **changes)))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(grids, st.data())
def test_saved_and_loaded_is_the_same(tmp_path, made, data) -> None:
    cells = tuple(data.draw(of(RecipeCell)) for _ in range(len(made)))
    kept = recipe(made, cells, max_act={"/3": 2.5})
    assert sw.load_recipe(kept.save(tmp_path / "x.recipe.json")) == kept


def test_files_that_are_no_recipe_are_refused(tmp_path) -> None:
    with pytest.raises(MissingPath):
        sw.load_recipe(tmp_path / "nowhere.json")
    path = recipe().save(tmp_path / "x.recipe.json")
    whole = json.loads(path.read_bytes())
    for changes, message in (
        ({"format": "other"}, "no saved recipe"),
        ({"version": 9}, "written by a newer one"),
        ({"cells": whole["cells"][:1]}, "allowed: 3, as many as the grid has"),
        ({"more": 1}, "unknown field"),
    ):
        path.write_text(json.dumps({**whole, **changes}))
        with pytest.raises(ResultFormatError, match=message):
            sw.load_recipe(path)


def test_the_same_run_is_the_same() -> None:
    found = recipe().compare(recipe())
    assert found.same
    assert (found.cells, found.differences, found.unknown) == ((True, True, True), (), ())
    assert "all 3 cells are the same. Versions, device, number format and contents are the same." in str(
        found
    )


def test_other_tokens_and_cells_that_did_not_end_are_told_by_their_numbers() -> None:
    other = (CELLS[0], RecipeCell("done", 3, "other"), RecipeCell("stopped", 1, "z"))
    found = recipe().compare(recipe(cells=other))
    assert (found.same, found.cells) == (False, (True, False, None))
    assert (
        "1 of 3 cells are the same. Others: cells 1. Not compared, as they did not end well: cells 2."
        in str(found)
    )


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (hashed(weights="1" * 64), "The model's weights: SHA-256 aaaaaaaaaaaa… in the recipe, 111111111111… here."),
        (hashed(config="1" * 64), "The model's configuration: SHA-256 bbbbbbbbbbbb… in the recipe, 1111"),
        (hashed(tokenizer="1" * 64), "The model's tokenizer: SHA-256 cccccccccccc… in the recipe, 1111"),
        (hashed(saes={SAE.name: "1" * 64}), "The SAE 'tiny-sae': SHA-256 eeeeeeeeeeee… in the recipe, 1111"),
        (hashed(saes={"other": "1" * 64}), "The SAE 'tiny-sae': SHA-256 eeeeeeeeeeee… in the recipe, not loaded here."),
        (recipe(model=msgspec.structs.replace(KNOWN, dtype="bfloat16")), "Number format: float32 in the recipe, bfloat16 here"),
        (recipe(model=msgspec.structs.replace(KNOWN, device="cuda:0", processor="A100")), "Device: cpu (AVX512) in the recipe, cuda:0 (A100) here."),
        (recipe(model=msgspec.structs.replace(KNOWN, n_threads=1)), "Threads: 2 in the recipe, 1 here"),
        (recipe(versions={"torch": "2.12.0", "python": "3.11.7"}), "Version of torch: 2.13.0 in the recipe, 2.12.0 here."),
        (recipe(versions={"torch": "2.13.0"}), "Version of python: 3.11.7 in the recipe, not known here."),
        (recipe(grid(max_new_tokens=9)), "What was run: generation differ."),
    ],
)  # fmt: skip
def test_each_difference_is_one_sentence(other, sentence) -> None:
    found = recipe().compare(other)
    assert len(found.differences) == 1
    assert found.differences[0].startswith(sentence)
    assert f"- {sentence}" in str(found)
    assert found.same  # the tokens are


def test_the_chat_template_counts_where_it_is_used() -> None:
    other = hashed(template="1" * 64)
    assert recipe().compare(other).differences == ()
    chats = Grid(((sw.Message("user", "Hi"),),), grid().steerings)
    (told,) = recipe(chats).compare(msgspec.structs.replace(other, grid=chats)).differences
    assert told.startswith("The model's chat template: SHA-256 dddddddddddd…")


def test_what_cannot_be_compared_is_said() -> None:
    found = recipe().compare(recipe(model=msgspec.structs.replace(KNOWN, hashes=None)))
    assert found.unknown == (
        "Whether model and SAEs have the same contents: the other run has no hashes of them.",
    )
    found = recipe().compare(hashed(of="memory", weights="1" * 64, config="1" * 64))
    assert found.differences == ()
    assert "hashed on the disk on one side and in memory on the other" in found.unknown[0]
    found = recipe().compare(hashed(weights=""))
    assert (found.differences, len(found.unknown)) == ((), 1)
    assert "not all in memory" in found.unknown[0]


def test_another_number_of_cells_is_no_run_of_it() -> None:
    with pytest.raises(InvalidInput, match="which has 3 cells"):
        recipe().compare(recipe(grid(1), CELLS[:1]))


def test_saes_are_found_by_their_contents_wherever_they_lie() -> None:
    second = msgspec.structs.replace(SAE, name="/a/two", hook_name="blocks.3.hook_resid_post")
    vector = sw.Vector([1.0], "v")
    columns = (
        Steering((sw.Feature(3).at(1), sw.Feature(4, sae="/a/two").at(1, unit="max_act"))),
        Steering((vector.control().at(1), sw.Feature(5).control(2).at(1))),
    )
    hashes = msgspec.structs.replace(HASHES, saes={SAE.name: "1" * 64, "/a/two": "2" * 64})
    there = recipe(
        Grid(("p",), columns), CELLS[:2],
        model=msgspec.structs.replace(KNOWN, hashes=hashes), saes=(SAE, second), max_act={"/a/two/4": 2.0},
    )  # fmt: skip
    here = (msgspec.structs.replace(second, name="/b/two"), msgspec.structs.replace(SAE, name="/b/one"))
    now = msgspec.structs.replace(hashes, saes={"/b/one": "1" * 64, "/b/two": "2" * 64})
    found, max_act = moved(there, here, now)
    edits = list(found.edits())
    assert [edit.feature.sae for edit in edits[:2]] == ["/b/one", ""]
    assert edits[2].feature.of.hook_name == SAE.hook_name
    assert (edits[3].feature.of.sae, edits[3].feature.seed) == ("/b/one", 2)
    assert max_act == {"/4": 2.0}
    again = recipe(found, CELLS[:2], model=msgspec.structs.replace(KNOWN, hashes=now), saes=here)
    assert not there.compare(again).differences  # other names are no other steerings
    swapped = msgspec.structs.replace(now, saes={"/b/one": "2" * 64, "/b/two": "1" * 64})
    other = msgspec.structs.replace(again, model=msgspec.structs.replace(KNOWN, hashes=swapped))
    assert "What was run: steerings differ." in there.compare(other).differences


@pytest.fixture
def hashing(steerer, backend):
    """A steerer whose worker tells these hashes."""
    told = {"hashes": HASHES}

    def on_send(command) -> None:
        if isinstance(command, HashesOf):
            backend.say(Answer(command.request, result=Hashed(told["hashes"])))
        elif isinstance(command, CheckGrid):
            backend.say(Answer(command.request, result=TokenCounts((3,))))

    backend.on_send = on_send
    return told


def test_a_run_gives_its_recipe_and_a_recipe_its_run(steerer, backend, hashing) -> None:
    run = steerer.compare("prompt", [sw.Feature(3).at(4)])
    with pytest.raises(InvalidInput, match="a run that has ended"):
        run.recipe()
    backend.finish()
    kept = run.recipe()
    assert kept.model.hashes == HASHES
    assert kept == steerer.recipe(run) == steerer.recipe(run.result())
    again = steerer.rerun(kept)
    backend.finish()
    assert again.grid == run.grid
    found = kept.compare(again.result())
    assert (found.same, found.differences, found.unknown) == (True, (), ())


def test_other_contents_are_refused_unless_asked_for(steerer, backend, hashing) -> None:
    run = steerer.compare("prompt", [sw.Feature(3).at(4)])
    backend.finish()
    kept = run.recipe()
    hashing["hashes"] = msgspec.structs.replace(HASHES, weights="1" * 64)
    n_runs = len(steerer.runs)
    with pytest.raises(InvalidInput, match=r"model's weights: SHA-256 aaaa.*anyway=True"):
        steerer.rerun(kept)
    assert len(steerer.runs) == n_runs
    again = steerer.rerun(kept, anyway=True)
    backend.finish()
    assert kept.compare(again.result()).differences[0].startswith("The model's weights")


def test_maxima_of_the_recipe_hold_whatever_is_known_here(steerer, backend, hashing) -> None:
    column = Steering(
        (sw.Feature(3).at(1, unit="max_act", method="add", positions="all", skip_special=False),), False
    )
    steerer.rerun(recipe(Grid(("p",), (column,)), CELLS[:1], max_act={"/3": 7.5}))
    assert backend.last_run().max_act == {"/3": 7.5}


def test_a_run_of_another_model_has_no_recipe_here(steerer, backend, hashing) -> None:
    run = steerer.compare("prompt", [sw.Feature(3).at(4)])
    backend.finish()
    result = msgspec.structs.replace(run.result(), model=msgspec.structs.replace(MODEL, name="other"))
    with pytest.raises(InvalidInput, match="the one that is loaded, 'tiny'"):
        steerer.recipe(result)


def test_a_run_that_is_tried_again_is_no_longer_known_by_its_hashes(steerer, backend, hashing) -> None:
    again = steerer.rerun(recipe())
    backend.started()
    again.cancel()
    backend.end("stopped")
    assert again.partial().model.hashes == HASHES
    again.retry()
    backend.finish()
    assert again.result().model.hashes is None
    assert READY.model.hashes is None
