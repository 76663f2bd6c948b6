"""Steering settings of neuronpedia.org: requests, saved outputs, addresses."""

from __future__ import annotations

import json

import msgspec
import pytest

import steer_widget as sw
from steer_widget.errors import InvalidInput, MissingPath
from steer_widget.protocol import Answer, CheckGrid, TokenCounts
from tests.unit.scripted import READY, SAE

# The example of Neuronpedia's own documentation of POST /api/steer.
REQUEST = {
    "prompt": "The most iconic structure on Earth is",
    "modelId": "gemma-2-2b",
    "features": [{"modelId": "gemma-2-2b", "layer": "20-gemmascope-res-16k", "index": 31, "strength": 38.5}],
    "temperature": 0.5,
    "n_tokens": 48,
    "freq_penalty": 2,
    "seed": 16,
    "strength_multiplier": 4,
    "steer_method": "SIMPLE_ADDITIVE",
}
ID = "gemma-2-2b/20-gemmascope-res-16k"
QUIET = {**REQUEST, "freq_penalty": 0}


@pytest.fixture
def np_steerer(steerer, backend) -> sw.Steerer:
    known = msgspec.structs.replace(SAE, layer=20, neuronpedia_id=ID)
    other = msgspec.structs.replace(SAE, name="other", layer=9)
    backend.say(msgspec.structs.replace(READY, saes=(known, other)))
    return steerer


def test_the_documented_example_becomes_a_run(np_steerer, backend) -> None:
    backend.on_send = lambda command: (
        isinstance(command, CheckGrid) and backend.say(Answer(command.request, result=TokenCounts((8,))))
    )
    with pytest.warns(UserWarning, match="freq_penalty=2 was not taken over"):
        setup = sw.read_neuronpedia(REQUEST, np_steerer)
    assert setup.prompt == REQUEST["prompt"]
    (edit,) = setup.steering.edits
    assert (edit.feature, edit.strength, edit.unit, edit.method) == (sw.Feature(31), 154.0, "raw", "add")
    assert (edit.positions, edit.skip_special) == ("all", False)
    assert setup.generation == sw.Generation(max_new_tokens=48, temperature=0.5, seed=16)
    run = np_steerer.compare(setup.prompt, [setup.steering], generation=setup.generation)
    assert [len(steering.edits) for steering in run.grid.steerings] == [0, 1]


def test_files_and_dicts_read_alike(np_steerer, tmp_path) -> None:
    path = tmp_path / "steer.json"
    path.write_text(json.dumps(QUIET))
    assert sw.read_neuronpedia(path, np_steerer) == sw.read_neuronpedia(QUIET, np_steerer)


@pytest.mark.parametrize(
    ("method", "ours"),
    [("SIMPLE_ADDITIVE", "add"), ("ORTHOGONAL_DECOMP", "orthogonal"), ("PROJECTION_CAP", "cap")],
)
def test_methods_have_their_counterparts(np_steerer, method, ours) -> None:
    (edit,) = sw.read_neuronpedia({**QUIET, "steer_method": method}, np_steerer).steering.edits
    assert (edit.method, edit.strength) == (ours, 154.0)


def test_a_chat_is_a_chat(np_steerer) -> None:
    turns = [
        {"role": "user", "content": "hi"},
        {"role": "model", "content": "hello"},
        {"role": "user", "content": "so?"},
    ]
    asked = {name: value for name, value in QUIET.items() if name != "prompt"}
    chat = {**asked, "defaultChatMessages": turns, "steeredChatMessages": turns, "steer_special_tokens": True}
    setup = sw.read_neuronpedia(chat, np_steerer)
    assert [turn.role for turn in setup.prompt] == ["user", "assistant", "user"]
    assert not setup.steering.edits[0].skip_special
    changed = {**chat, "defaultChatMessages": turns[:1], "steer_special_tokens": False}
    with pytest.warns(UserWarning, match=r"(?s)default conversation differs.*steer_special_tokens=False"):
        setup = sw.read_neuronpedia(changed, np_steerer)
    assert setup.steering.edits[0].skip_special


def test_a_saved_output_holds_its_settings_beside_its_texts(np_steerer) -> None:
    settings = {
        name: QUIET[name]
        for name in ("temperature", "n_tokens", "freq_penalty", "seed", "strength_multiplier", "steer_method")
    }
    row = {
        "modelId": "gemma-2-2b",
        "layer": "20-gemmascope-res-16k",
        "index": "31",
        "strength": 38.5,
        "steerOutputId": "x",
        "neuron": {},
    }
    saved = {
        "STEERED": {"raw": "… the Eiffel tower", "chatTemplate": None, "logprobs": None}, "DEFAULT": None, "limit": "0",
        "inputText": QUIET["prompt"], "settings": {**settings, "steer_special_tokens": True}, "features": [row],
        "id": "x", "shareUrl": "https://www.neuronpedia.org/steer/x",
    }  # fmt: skip
    assert sw.read_neuronpedia(saved, np_steerer) == sw.read_neuronpedia(QUIET, np_steerer)
    said = [{"role": "user", "content": "hi"}, {"role": "model", "content": "bonjour"}]
    chat = sw.read_neuronpedia({**saved, "STEERED": {"raw": "", "chatTemplate": said}}, np_steerer)
    assert chat.prompt == (sw.Message("user", "hi"),)


def test_an_address_holds_a_feature_at_most(np_steerer) -> None:
    page = "https://www.neuronpedia.org/gemma-2-2b/steer?source=20-gemmascope-res-16k&index=31&strength=40"
    setup = sw.read_neuronpedia(page, np_steerer)
    assert setup.prompt is None
    assert (setup.steering.edits[0].feature.index, setup.steering.edits[0].strength) == (31, 40.0)
    for saved in (
        "https://neuronpedia.org/gemma-2-9b-it/steer?saved=cm1l96",
        "https://neuronpedia.org/steer/cm1l96",
    ):
        with pytest.raises(InvalidInput, match=r"api/steer-load .*cm1l96"):
            sw.read_neuronpedia(saved, np_steerer)
    with pytest.raises(InvalidInput, match="an address with a feature"):
        sw.read_neuronpedia("https://www.neuronpedia.org/gemma-2-2b", np_steerer)


def test_everything_without_a_counterpart_is_said(np_steerer) -> None:
    feature = REQUEST["features"][0]
    odd = {
        **REQUEST,
        "seed": -3,
        "axes": ["lu_assistant-axis"],
        "isAssistantAxis": False,
        "features": [feature, {**feature, "index": 4}],
    }
    with pytest.warns(UserWarning, match="freq_penalty") as told:
        setup = sw.read_neuronpedia({**odd, "steer_method": "ORTHOGONAL_DECOMP"}, np_steerer)
    assert [line.split(" ")[0] for line in setup.unmatched] == [
        "freq_penalty=2",
        "seed=-3",
        "The",
        "Outputs",
        "axes=['lu_assistant-axis']",
    ]
    assert setup.generation.seed == 3
    assert str(told[0].message) == "\n".join(setup.unmatched)
    assert all(line in str(setup) for line in (*setup.unmatched, *setup.notes))


def test_saes_are_told_by_their_id_by_name_or_by_the_layer_alone(np_steerer) -> None:
    def of_layer(layer: str) -> dict[str, object]:
        return {**QUIET, "features": [{**REQUEST["features"][0], "layer": layer}]}

    with pytest.warns(UserWarning, match=r"The SAE 'other' was taken for gemma-2-2b/9-gemmascope-res-16k"):
        (edit,) = sw.read_neuronpedia(of_layer("9-gemmascope-res-16k"), np_steerer).steering.edits
    assert edit.feature.sae == "other"
    named = {"gemma-2-2b/12-gemmascope-res-16k": "other"}
    (edit,) = sw.read_neuronpedia(of_layer("12-gemmascope-res-16k"), np_steerer, saes=named).steering.edits
    assert edit.feature.sae == "other"
    with pytest.raises(InvalidInput, match="Load the SAE of this feature"):
        sw.read_neuronpedia(of_layer("12-gemmascope-res-16k"), np_steerer)
    with pytest.raises(InvalidInput, match="Load the SAE of this feature"):  # another SAE at the same layer
        sw.read_neuronpedia(of_layer("20-gemmascope-res-65k"), np_steerer)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": "none"}, "settings"),
        ({"features": [{"layer": "20-x", "index": "many", "strength": 1}]}, "settings"),
        ({"temperature": "hot"}, "settings"),
        ({"n_tokens": 0}, "max_new_tokens"),
        ({"steer_method": "MAGIC"}, "SIMPLE_ADDITIVE, ORTHOGONAL_DECOMP, PROJECTION_CAP"),
        ({"steer_method": "PROJECTION_CAP", "strength_multiplier": -1}, "0 or more with PROJECTION_CAP"),
        ({"features": [{**REQUEST["features"][0], "index": 10**6}]}, "feature"),
    ],
)
def test_what_is_wrong_is_named(np_steerer, changes, message) -> None:
    with pytest.raises(InvalidInput, match=message):
        sw.read_neuronpedia({**QUIET, **changes}, np_steerer)


def test_what_is_no_file_of_it_is_refused(np_steerer, tmp_path) -> None:
    with pytest.raises(MissingPath):
        sw.read_neuronpedia(tmp_path / "nowhere.json", np_steerer)
    (tmp_path / "text.json").write_text("no JSON")
    with pytest.raises(InvalidInput, match="a JSON file of Neuronpedia's steering"):
        sw.read_neuronpedia(tmp_path / "text.json", np_steerer)
    with pytest.raises(InvalidInput, match="features"):
        sw.read_neuronpedia({"prompt": "x"}, np_steerer)
