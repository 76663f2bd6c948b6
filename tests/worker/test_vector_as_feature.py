"""A vector with the numbers of a feature's decoder row does, and is told, what the feature does, everywhere."""

from __future__ import annotations

import pytest
import torch

from steer_widget.protocol import CellMeasured, LensOf, NeighboursOf, NextTokenOf, TokensOf
from steer_widget.spec import Feature, Generation, Grid, Steering, Unit, Vector
from steer_widget.worker.engine import Engine
from tests.worker.conftest import run, sae_of

FEATURE = Feature(7)
PROMPT = "I went for a walk and"


@pytest.fixture
def vector(engine: Engine) -> Vector:
    return Vector(sae_of(engine).decoder[7].float().tolist(), "mine")  # type: ignore[arg-type]


def columns(of: Feature | Vector, unit: Unit, strength: float) -> tuple[Steering, ...]:
    """It added, and it taken out."""
    added = of.at(strength, unit=unit, method="add", positions="all")
    taken_out = of.at(0.0, unit="raw", method="orthogonal", positions="all")
    return Steering((added,)), Steering((taken_out,))


@pytest.mark.parametrize(("unit", "strength"), [("raw", 6.0), ("norm", 0.4)])
def test_it_steers_and_is_measured_alike(engine: Engine, vector: Vector, unit: Unit, strength: float) -> None:
    generation = Generation(max_new_tokens=8)
    runs = [
        run(engine, Grid((PROMPT,), columns(one, unit, strength), 1, generation)) for one in (FEATURE, vector)
    ]
    assert runs[0].done.error is None, runs[0].done
    assert runs[0].tokens == runs[1].tokens
    feature, own = (
        [event.measures for event in ran.events if isinstance(event, CellMeasured)] for ran in runs
    )
    assert len(feature) == len(own) == 2
    for one, other in zip(feature, own, strict=True):
        assert one.dose == pytest.approx(other.dose, rel=1e-5)
        assert one.kl_p95 == pytest.approx(other.kl_p95, rel=1e-4, abs=1e-6)


def test_its_next_token_tokens_lens_and_neighbours_are_alike(engine: Engine, vector: Vector) -> None:
    asked = [
        engine.next_token(NextTokenOf(1, PROMPT, columns(one, "norm", 0.4)[0])) for one in (FEATURE, vector)
    ]
    assert [token.token_id for token in asked[0].tokens] == [token.token_id for token in asked[1].tokens]
    assert asked[0].kl == pytest.approx(asked[1].kl, rel=1e-4)
    assert asked[0].kl > 0
    assert asked[0].dose == pytest.approx(asked[1].dose, rel=1e-5)
    read = [engine.tokens(TokensOf(1, PROMPT, columns=columns(one, "raw", 3.0))) for one in (FEATURE, vector)]
    assert read[0] == read[1]
    lenses = [engine.lens(LensOf(1, one, 6)) for one in (FEATURE, vector)]
    assert [token.token_id for token in lenses[0].up] == [token.token_id for token in lenses[1].up]
    near = [engine.neighbours(NeighboursOf(1, one, k=9)).features for one in (FEATURE, vector)]
    assert (near[1][0].index, near[1][0].score) == (7, pytest.approx(1.0, abs=1e-4))
    assert [one.index for one in near[1][1:]] == [one.index for one in near[0][:8]]


def test_its_control_has_its_length_and_no_direction_of_its_own(engine: Engine, vector: Vector) -> None:
    controls = [one.control(2) for one in (FEATURE, vector)]
    grid = Grid(
        (PROMPT,),
        tuple(Steering((one.at(6.0, unit="raw", method="add", positions="all"),)) for one in controls),
        1,
        Generation(max_new_tokens=1),
    )
    ran = run(engine, grid)
    doses = [ran.ends[cell].measures.dose for cell in range(2)]
    assert doses[0] == pytest.approx(doses[1], rel=1e-4)
    near = engine.neighbours(NeighboursOf(1, controls[1], k=1)).features[0]
    assert near.score < 0.95
    assert torch.tensor(vector.numbers()).norm() == pytest.approx(vector.norm, rel=1e-6)
