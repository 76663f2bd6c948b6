from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import msgspec
import numpy as np
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt

from steer_widget.cell import Cell
from steer_widget.curves import kind_of, lines_of, over_steered, points_of, symlog_from
from steer_widget.errors import InvalidInput, SteerError
from steer_widget.protocol import Measures
from steer_widget.result import RunResult
from steer_widget.spec import Feature, Grid, Steering
from steer_widget.summary import SUMMARY_MEASURES, heatmap_of
from tests.unit.grids import edit

# Expected numbers are numpy's, worked out from the definitions; vitest reads the same file.
SHARED = json.loads((Path(__file__).parent / "data" / "summary.json").read_text(encoding="utf-8"))
EXPECTED = SHARED["expected"]
MEASURES = sorted(EXPECTED["heatmap"])


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Iterator[None]:
    yield
    plt.close("all")


def result_of(grid: Grid, cells: list[dict[str, object]]) -> RunResult:
    made = []
    for index, given in enumerate(cells):
        at = grid.coordinates(index)
        made.append(
            Cell(
                index=index,
                prompt=grid.prompts[at.prompt],
                steering=grid.steerings[at.steering],
                sample=at.sample,
                state=given.get("state", "done"),  # type: ignore[arg-type]
                finish=given.get("finish", "length"),  # type: ignore[arg-type]
                token_ids=tuple(range(given.get("n_tokens", 3))),  # type: ignore[call-overload]
                measures=msgspec.convert(given["measures"], Measures),
            )
        )
    return RunResult(run="r", state="done", grid=grid, cells=tuple(made))


def shared() -> RunResult:
    run = SHARED["run"]
    steerings = msgspec.convert(run["steerings"], tuple[Steering, ...])
    return result_of(Grid(tuple(run["prompts"]), steerings, run["samples"]), run["cells"])


def sweep(
    perplexities: dict[float, float | None], baseline: float | None = None, **changes: object
) -> RunResult:
    """One prompt, one feature; where a perplexity is None the text was not measured."""
    steerings = tuple(Steering((edit(3, strength),)) for strength in perplexities)
    steerings = steerings if baseline is None else (Steering(), *steerings)
    measured = [*([] if baseline is None else [baseline]), *perplexities.values()]
    return result_of(
        Grid(("x",), steerings), [{"measures": {"perplexity": value}, **changes} for value in measured]
    )


def near(expected: dict[str, float | None], **found: float | None) -> bool:
    return all(
        expected[key] is value is None or value == pytest.approx(expected[key], rel=1e-12)
        for key, value in found.items()
    )


def test_every_measure_is_in_the_shared_numbers() -> None:
    assert sorted(SUMMARY_MEASURES) == MEASURES


@pytest.mark.parametrize("measure", MEASURES)
def test_heatmaps_average_over_the_samples_that_count(measure) -> None:  # type: ignore[no-untyped-def]
    found = heatmap_of(shared(), measure)
    for row, expected_row in zip(found, EXPECTED["heatmap"][measure], strict=True):
        for mean, expected in zip(row, expected_row, strict=True):
            assert near(expected, value=mean.value, n=mean.n), expected


@pytest.mark.parametrize("measure", MEASURES)
def test_lines_average_over_prompts_and_samples(measure) -> None:  # type: ignore[no-untyped-def]
    lines = lines_of(shared().grid.steerings)
    assert [[strength for strength, _ in line.stops] for line in lines] == [
        line["strengths"] for line in EXPECTED["lines"]
    ]
    for line, expected_line in zip(lines, EXPECTED["lines"], strict=True):
        points = points_of(shared(), line, measure)
        for point, expected in zip(points, expected_line["points"][measure], strict=True):
            value, n = point.mean
            assert near(expected, value=value, n=n, low=point.low, high=point.high), expected


def test_the_zone_of_too_large_strengths_reaches_to_the_middle() -> None:
    zone = over_steered(shared(), lines_of(shared().grid.steerings))
    assert zone._asdict() == EXPECTED["over_steered"]
    fine, bad = {"perplexity": 5.0}, {"perplexity": 5.0, "flags": ["over_steered"]}
    grid = Grid(("x",), tuple(Steering((edit(3, strength),)) for strength in (1, 2, 3)))
    assert over_steered(result_of(grid, [{"measures": fine}] * 3), lines_of(grid.steerings)) == (None, None)
    all_bad = over_steered(result_of(grid, [{"measures": bad}] * 3), lines_of(grid.steerings))
    assert all_bad == (math.inf, None)


def test_the_picture_follows_from_the_columns() -> None:
    assert kind_of(shared()) == "curves"
    assert kind_of(sweep({1.0: 5.0, 2.0: 6.0})) == "heatmap"
    assert kind_of(sweep({1.0: 5.0, 2.0: 6.0, 3.0: 7.0})) == "curves"


@pytest.mark.parametrize(
    ("strengths", "linear_to"),
    [
        ((-8, -4, 0, 4, 8), None),
        ((10, 20, 40, 80), None),
        ((1, 2, 5, 10, 20, 50, 100), 1),
        ((-50, 0, 0.5), 0.5),
    ],
)
def test_strengths_that_grow_by_factors_get_a_logarithmic_axis(strengths, linear_to) -> None:  # type: ignore[no-untyped-def]
    assert symlog_from(strengths) == linear_to


def test_a_sweep_is_drawn_as_four_curves() -> None:
    axes = shared().plot()
    assert isinstance(axes, np.ndarray)
    assert [one.get_title(loc="left") for one in axes.flat] == [
        "KL divergence", "Perplexity", "Feature's activation", "Repetition",
    ]  # fmt: skip
    assert [one.get_yscale() for one in axes.flat] == ["linear", "log", "linear", "linear"]
    assert [one.get_ylabel() for one in axes.flat] == [
        "nats per token", "", "mean per token", "share of 4-token sequences",
    ]  # fmt: skip
    for one, measure in zip(axes.flat, ("kl", "perplexity", "activation", "repetition"), strict=True):
        assert one.get_xlabel() == "strength, raw"
        drawn = {line.get_label(): line for line in one.get_lines()}
        for label, expected in zip(
            ("523 war", "3530 science", "523 war (prompt)"), EXPECTED["lines"], strict=True
        ):
            x, y = drawn[label].get_data()
            assert list(x) == expected["strengths"]
            values = [math.nan if p["value"] is None else p["value"] for p in expected["points"][measure]]
            np.testing.assert_allclose(np.asarray(y, float), values)
        assert ("baseline" in drawn) == (EXPECTED["baseline"][measure]["value"] is not None)
    (legend,) = axes[0, 0].figure.legends
    shown = [text.get_text() for text in legend.get_texts()]
    assert shown == ["523 war", "3530 science", "523 war (prompt)", "baseline", "over-steered"]
    markers = [line.get_marker() for line in axes[0, 0].get_lines() if line.get_marker() not in (".", "None")]
    assert len(set(markers)) == 3, "colour is not all that tells lines apart"


def test_single_texts_are_dots_and_the_zone_is_shaded() -> None:
    ax = shared().plot(measure="perplexity")
    dots = [line for line in ax.get_lines() if line.get_marker() == "."]
    counted = [sum(p["n"] for p in line["points"]["perplexity"]) for line in EXPECTED["lines"]]
    assert [len(line.get_xdata()) for line in dots] == counted
    spans = sorted((patch.get_x(), patch.get_x() + patch.get_width()) for patch in ax.patches)
    left, right = ax.get_xlim()
    assert spans == [(left, pytest.approx(-30)), (90, pytest.approx(right))]


def test_many_texts_are_a_band() -> None:
    prompts = tuple(f"prompt {n}" for n in range(20))
    grid = Grid(prompts, tuple(Steering((edit(3, strength),)) for strength in (1.0, 2.0, 3.0)))
    result = result_of(grid, [{"measures": {"kl_mean": float(n)}} for n in range(60)])
    ax = result.plot(measure="kl")
    assert not [line for line in ax.get_lines() if line.get_marker() == "."]
    (band,) = ax.collections
    heights = band.get_paths()[0].vertices[:, 1]
    first = np.arange(0, 60, 3.0)
    assert heights.min() == pytest.approx(np.quantile(first, 0.1))
    assert heights.max() == pytest.approx(np.quantile(first + 2, 0.9))


def test_what_is_missing_is_a_gap() -> None:
    ax = sweep({-1.0: 5.0, 0.0: None, 1.0: 8.0}, baseline=4.0).plot(measure="perplexity")
    (line,) = [line for line in ax.get_lines() if line.get_label() == "3 label 3"]
    np.testing.assert_allclose(np.asarray(line.get_ydata(), float), [5.0, math.nan, 8.0])
    (unsteered,) = [line for line in ax.get_lines() if line.get_label() == "baseline"]
    assert list(unsteered.get_ydata()) == pytest.approx([4.0, 4.0])
    assert unsteered.get_linestyle() == "--"


def test_a_batch_is_drawn_as_a_heatmap() -> None:
    ax = shared().plot("heatmap", "perplexity")
    (image,) = ax.get_images()
    drawn = np.ma.filled(image.get_array(), np.nan)
    expected = EXPECTED["heatmap"]["perplexity"]
    np.testing.assert_allclose(
        drawn, [[math.nan if m["value"] is None else m["value"] for m in row] for row in expected]
    )
    assert np.isnan(drawn).any()
    assert [text.get_text() for text in ax.get_yticklabels()] == ["first prompt", "second prompt"]
    columns = [text.get_text() for text in ax.get_xticklabels()]
    assert columns[0] == "baseline"
    assert [column.split("\n")[-1] for column in columns[1:5]] == ["+120", "−60", "+0", "+60"]
    assert all(column.startswith("523") for column in columns[1:5])
    printed = np.array([text.get_text() for text in ax.texts]).reshape(drawn.shape)
    assert (printed[np.isnan(drawn)] == "–").all()
    assert printed[0, 0] == f"{expected[0][0]['value']:.1f}"


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("kind", ["curves", "heatmap"])
def test_every_measure_can_be_drawn(kind: str, measure: str) -> None:
    shared().plot(kind, measure).figure.canvas.draw()


@pytest.mark.parametrize("measure", ["kl", "perplexity"])
@pytest.mark.parametrize("kind", ["curves", "heatmap"])
def test_a_run_without_texts_is_drawn_as_gaps(kind: str, measure: str) -> None:
    result = sweep({-1.0: 5.0, 0.0: 6.0, 1.0: None}, baseline=4.0, state="queued")
    ax = result.plot(kind, measure)
    ax.figure.canvas.draw()
    if kind == "curves":
        drawn = [np.asarray(line.get_ydata(), float) for line in ax.get_lines()]
    else:
        drawn = [np.ma.filled(ax.get_images()[0].get_array(), np.nan)]
    assert drawn
    assert all(np.isnan(values).all() for values in drawn)


def test_it_draws_where_it_is_told_to() -> None:
    figure, (left, right) = plt.subplots(1, 2)
    assert shared().plot(ax=left) is left
    assert left.get_title(loc="left") == "KL divergence"
    assert shared().plot("heatmap", "dose", right) is right
    assert right.get_title(loc="left") == "Dose"
    assert plt.get_fignums() == [figure.number]


def test_labels_are_shown_as_they_are() -> None:
    steerings = tuple(Steering((Feature(1, "_$x_{$ a\nb").at(strength),)) for strength in (1.0, 2.0, 3.0))
    result = result_of(Grid(("costs $5 and $_{",), steerings), [{"measures": {"kl_mean": 1.0}}] * 3)
    ax = result.plot(measure="kl")
    ax.figure.canvas.draw()
    assert ax.get_legend().get_texts()[0].get_text() == "1 _$x_{$ a b"
    heat = result.plot("heatmap")
    heat.figure.canvas.draw()
    assert heat.get_yticklabels()[0].get_text() == "costs $5 and $_{"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"kind": "pie"}, "kind"), ({"measure": "beauty"}, "measure"), ({"kind": 3}, "kind")],
)
def test_what_there_is_not_is_refused_by_name(arguments, field: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidInput) as refused:
        shared().plot(**arguments)
    assert refused.value.field == field


def test_curves_of_no_sweep_are_refused_with_the_way_to_one() -> None:
    both = Grid(("x",), (Steering(), Steering((edit(1), edit(2)))))
    with pytest.raises(InvalidInput, match=r"steerer\.sweep"):
        result_of(both, [{"measures": {}}] * 2).plot("curves")


def test_without_matplotlib_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(SteerError, match=r"pip install 'steer_widget\[plot\]'"):
        shared().plot()


def test_matplotlib_is_loaded_only_to_draw() -> None:
    code = (
        "import sys, steer_widget, steer_widget.result, steer_widget.plotting, steer_widget.plot_style;"
        "print(sorted({'matplotlib', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
