from __future__ import annotations

import msgspec
import pytest
import traitlets

import steer_widget as sw
from steer_widget.protocol import RunSnapshot, Status
from steer_widget.widget import SteerWidget
from tests.unit.choices import F_JSON, F
from tests.unit.page import Page, wait_until
from tests.unit.scripted import READY, ScriptedBackend

NOTHING_LEFT = {"n_runs": 0, "n_waiting": 0, "n_tokens_left": 0, "eta_s": None}


def test_prompts_coerce(widget: SteerWidget) -> None:
    widget.prompts = "text"
    assert widget.prompts == ("text",)
    widget.prompts = ["one", [{"role": "user", "content": "two"}]]
    assert widget.prompts == ("one", (sw.Message("user", "two"),))
    widget.prompts = [{"role": "user", "content": "two"}]
    assert widget.prompts == ((sw.Message("user", "two"),),)
    widget.prompts = []
    assert widget.prompts == ()


def test_selection_coerces_and_edits_alone_leave_the_rest(widget: SteerWidget) -> None:
    widget.selection = [F.at(4)]
    assert widget.selection == sw.Selection((F.at(4),))
    widget.selection = sw.Selection((F.at(4),), layout="combined", samples=3)
    widget.selection = F.at(5)
    assert widget.selection == sw.Selection((F.at(5),), layout="combined", samples=3)
    widget.selection = [F.at(1), [F.at(2)]]
    assert [edit.strength for edit in widget.selection.edits] == [1.0, 2.0]
    widget.selection = []
    assert widget.selection.edits == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompts", ""), ("prompts", [""]), ("prompts", 5), ("prompts", None),
        ("selection", 5), ("selection", "x"), ("selection", [5]), ("selection", None),
        ("selection", [sw.Feature(64).at(1)]), ("selection", [F.at(1, method="teleport")]),
        ("selection", [F.at(1, unit="max_act")]), ("selection", [F.at(1, unit="norm", method="scale")]),
        ("selection", [sw.Vector([1.0]).at(1, method="clamp")]), ("selection", [sw.Feature(1, sae="x").at(1)]),
        ("selection", [sw.Steering((F.at(1),), preserve_norm=True)]),
        ("generation", {"seed": 1}), ("generation", None),
    ],
    ids=str,
)  # fmt: skip
def test_invalid_values_are_refused_and_the_old_one_stays(
    widget: SteerWidget, name: str, value: object
) -> None:
    widget.prompts, widget.selection, widget.generation = "old", [F.at(4)], sw.Generation(seed=7)
    before = getattr(widget, name)
    with pytest.raises(sw.InvalidInput):
        setattr(widget, name, value)
    assert getattr(widget, name) == before


@pytest.mark.parametrize(("name", "value"), [("status", Status()), ("snapshot", RunSnapshot(0))])
def test_what_the_widget_alone_sets_is_read_only(widget: SteerWidget, name: str, value: object) -> None:
    with pytest.raises(traitlets.TraitError, match="read-only"):
        setattr(widget, name, value)


def test_traits_are_observed_and_linked(widget: SteerWidget) -> None:
    class Panel(traitlets.HasTraits):
        chosen = traitlets.Any()

    panel, seen = Panel(), []
    widget.observe(seen.append, "selection")
    traitlets.dlink((widget, "selection"), (panel, "chosen"))
    widget.selection = [F.at(4)]
    widget.selection = [F.at(4)]
    assert [change["new"] for change in seen] == [sw.Selection((F.at(4),))]
    assert panel.chosen == widget.selection


def test_the_page_s_state_is_plain_json(widget: SteerWidget) -> None:
    widget.prompts, widget.selection = ["x", [{"role": "user", "content": "y"}]], [F.at(4)]
    names = ["prompts", "selection", "generation", "status", "snapshot"]
    state = msgspec.json.decode(msgspec.json.encode(widget.get_state(names)))
    assert state["prompts"] == ["x", [{"role": "user", "content": "y"}]]
    assert state["selection"]["edits"] == [{**F_JSON, "more_strengths": [], "is_hidden": False}]
    assert state["selection"]["layout"] == "separate"
    assert state["generation"]["max_new_tokens"] == 60
    nothing = {"type": "RunSnapshot", "seq": 0, "run": None, "backlog": NOTHING_LEFT, "n_left_out": 0}
    assert state["snapshot"] == nothing


def test_every_kind_of_edit_goes_to_the_page_and_comes_back(page: Page, widget: SteerWidget) -> None:
    vector = sw.Vector([1.0, -2.5], "joy", "blocks.1.hook_resid_post")  # type: ignore[arg-type]
    edits = (
        vector.at(0.5, unit="norm", positions=slice(2, None)),
        F.control(7).at(3, method="clamp", positions=[0, -1], skip_special=True),
        F.at(2, method="scale", schedule=sw.Schedule(3, 12.5)),
    )
    widget.selection = edits
    plain = msgspec.json.decode(msgspec.json.encode(widget.get_state(["selection"])["selection"]))
    widget.selection = []
    assert page.ask("SetSelection", selection=plain)["error"] is None
    assert tuple(row.plain() for row in widget.selection.edits) == edits


def test_each_public_trait_says_what_it_is_for(widget: SteerWidget) -> None:
    for name in ("prompts", "selection", "generation", "status", "snapshot"):
        assert widget.trait_metadata(name, "sync")
        assert len(widget.traits()[name].help) > 20


def test_status_follows_the_worker(widget: SteerWidget, backend: ScriptedBackend) -> None:
    wait_until(lambda: widget.status.worker == "ready")
    assert widget.status.saes == READY.saes
    backend.die()
    wait_until(lambda: widget.status.worker == "stopped")
    assert widget.status.error is not None
