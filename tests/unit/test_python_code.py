"""Code of a run makes its grid again."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import steer_widget as sw
from steer_widget import methods
from steer_widget.arguments import make_grid
from steer_widget.protocol import Load, SaeSource
from steer_widget.python_text import MAX_WIDTH
from steer_widget.result import RunResult
from steer_widget.spec import MEASURES, Generation, Grid, Message, Schedule, Steering
from tests.unit import strategies
from tests.unit.scripted import MODEL, READY, SAE, ScriptedBackend

FOOD, LOVE = sw.Feature(3548, "food and drink"), sw.Feature(180, "love", "other/sae")
DEMO = msgspec.structs.replace(MODEL, loaded_by=Load("embedded", (), demo=True))


def result_of(grid: Grid, load: Load | None = None, **changes) -> RunResult:
    model = msgspec.structs.replace(MODEL, loaded_by=load or Load("org/name", (SaeSource("release/id"),)))
    values = {
        "model": model,
        "saes": (SAE,),
        "versions": {"torch": "2.13.0"},
        "created_at": "2026-11-26T10:00:00+00:00",
    }
    return RunResult(run="r", state="done", grid=grid, cells=(), **{**values, **changes})


class Executed:
    """What a piece of code loaded, and the grid that it started."""

    def __init__(self, code: str, patch: pytest.MonkeyPatch) -> None:
        self.loads: list[tuple[str, tuple, dict]] = []
        self.grids: list[Grid] = []
        steerer = sw.load("a/b", "c/d", backend=ScriptedBackend(), history=False)

        def loaded(name: str):
            def load(*args, **options):
                self.loads.append((name, args, options))
                return steerer

            return load

        def start(grid: Grid, limits=None):
            self.grids.append(grid)
            return type("Started", (), {"result": lambda _self: "texts"})()

        with patch.context() as patched:
            for name in ("load", "demo", "from_model"):
                patched.setattr(sw, name, loaded(name), raising=False)
            patched.setattr(steerer, "start", start)
            exec(compile(code, "code", "exec"), {})
        steerer.close()

    @property
    def grid(self) -> Grid:
        assert len(self.grids) == 1
        return self.grids[0]


@pytest.fixture
def executed(monkeypatch, capsys):
    return lambda code: Executed(code, monkeypatch)


edits = st.tuples(strategies.edits, st.sampled_from(methods.names())).map(
    lambda drawn: msgspec.structs.replace(drawn[0], method=drawn[1])
)
steerings = st.builds(Steering, st.lists(edits, max_size=3).map(tuple), st.none() | st.booleans())
sweeps = st.builds(
    lambda edit, strengths, has_baseline: [
        *([Steering()] if has_baseline else []),
        *(Steering((msgspec.structs.replace(edit, strength=strength),)) for strength in strengths),
    ],
    edits,
    st.lists(strategies.finite, min_size=1, max_size=4),
    st.booleans(),
)


@given(
    prompts=st.lists(strategies.prompts, min_size=1, max_size=3),
    columns=st.lists(steerings, min_size=1, max_size=4) | sweeps,
    generation=strategies.generations,
    samples=st.integers(1, 3),
    measures=st.none() | st.lists(st.sampled_from(MEASURES)),
    preserve_norm=st.booleans(),
)
def test_running_the_code_gives_an_equal_grid(
    prompts, columns, generation, samples, measures, preserve_norm
) -> None:
    grid = make_grid(
        prompts,
        columns,
        generation=generation,
        samples=samples,
        measures=measures,
        preserve_norm=preserve_norm,
    )
    with pytest.MonkeyPatch.context() as patch:
        assert Executed(result_of(grid).code(), patch).grid == grid


def code_of(prompts, columns, **options) -> str:
    return result_of(make_grid(prompts, columns, **options)).code()


COMPARED = """\
# Ran 2026-11-26 on cpu in float32: torch 2.13.0

import steer_widget as sw

steerer = sw.load("org/name", sae="release/id", dtype="float32")

feature_3548 = sw.Feature(3548, "food and drink")
feature_180 = sw.Feature(180, "love", sae="other/sae")

run = steerer.compare(
    "My plan",
    [
        feature_3548.at(50),
        [feature_3548.at(30), feature_180.at(0.5, unit="norm")],
        feature_3548.control(seed=7).at(50),
    ],
    positions="generated",
    generation=sw.Generation(max_new_tokens=20, temperature=0.7, seed=3),
    samples=2,
)
result = run.result()
print(result)
"""


def test_a_comparison_reads_as_somebody_would_write_it() -> None:
    columns = [
        Steering(),
        Steering((FOOD.at(50),)),
        Steering((FOOD.at(30), LOVE.at(0.5, unit="norm"))),
        Steering((FOOD.control(7).at(50),)),
    ]
    generation = Generation(max_new_tokens=20, temperature=0.7, seed=3)
    assert code_of("My plan", columns, positions="generated", generation=generation, samples=2) == COMPARED


def test_one_direction_at_several_strengths_is_a_sweep() -> None:
    columns = [Steering(), *(Steering((FOOD.at(strength),)) for strength in (20, 40, 80))]
    code = code_of(["one", "two"], columns, unit="max_act", method="clamp", preserve_norm=True)
    assert 'steerer.sweep(\n    ["one", "two"],\n    feature_3548,\n    strengths=[20, 40, 80],\n' in code
    assert 'unit="max_act",\n    method="clamp",\n    preserve_norm=True,\n' in code
    assert "features=" in code  # the table that the unit stands on is not known here


def test_schedules_positions_chats_and_vectors_are_written_out(executed) -> None:
    chat = (Message("system", "Be brief."), Message("user", "Who are you?"))
    vector = sw.Vector([0.25] * 64, "calm", "blocks.2.hook_resid_post")
    edit = vector.at(2, positions=slice(-3, None), schedule=Schedule(start=5, half_life=20))
    grid = make_grid([chat], [Steering((edit, LOVE.at(0, method="ablate", positions=[1, -1])))])
    code = result_of(grid).code()
    assert "schedule=sw.Schedule(start=5, half_life=20)" in code
    assert "positions=slice(-3, None)" in code
    assert "positions=[-1, 1]" in code
    assert '{"role": "system", "content": "Be brief."}' in code
    assert "import base64" in code
    assert max(map(len, code.splitlines())) <= MAX_WIDTH
    assert executed(code).grid == grid


@pytest.mark.parametrize(
    ("load", "call"),
    [
        (Load("embedded", (), demo=True), ("demo", (), {"dtype": "float32"})),
        (
            Load("m", (SaeSource("a"), SaeSource("b")), device="cuda:1", trust_remote_code=True),
            ("load", ("m",), {"sae": ["a", "b"], "device": "cuda:1", "dtype": "float32", "trust_remote_code": True}),
        ),
        (
            Load("m", (SaeSource("/x/a", "one"),), device_map={"model": 0, "lm_head": "cpu"}, max_batch_rows=8, embedder="/e"),
            (
                "load",
                ("m",),
                {
                    "sae": {"one": "/x/a"}, "device_map": {"model": 0, "lm_head": "cpu"}, "dtype": "float32",
                    "max_batch_rows": 8, "embedder": "/e",
                },
            ),
        ),
    ],
)  # fmt: skip
def test_it_loads_as_the_run_was_loaded(executed, load, call) -> None:
    grid = make_grid("prompt", [Steering((FOOD.at(1),))])
    assert executed(result_of(grid, load).code()).loads == [call]


def test_what_is_not_known_of_the_model_is_said() -> None:
    grid = make_grid("prompt", [Steering((FOOD.at(1),))])
    assert "had objects in memory" in result_of(grid, model=MODEL).code()
    assert "load yours here" in result_of(grid, model=None, saes=()).code()


def test_it_is_laid_out_as_a_formatter_does(tmp_path) -> None:
    chat = (Message("user", 'He said "no" and didn\'t stay.\nThen?'),)
    vector = sw.Vector([0.5, -0.25, 3.0] * 40, "a name")
    code = code_of(
        [chat, "a long prompt, which goes on and on " * 3, "short"],
        [
            Steering(),
            Steering((vector.at(2.5, positions=list(range(40))), LOVE.at(1e-7))),
            Steering((vector.control().at(1),), preserve_norm=True),
        ],
        generation=Generation(stop=("\n\n", "END")),
        measures=["kl", "perplexity"],
    )
    path = tmp_path / "code.py"
    path.write_text(code)
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--isolated",
        "--line-length",
        str(MAX_WIDTH),
        "--diff",
        path,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_runs_and_entries_of_the_history_give_theirs(demo_steerer, backend) -> None:
    run = demo_steerer.compare("prompt", [FOOD.at(4)])
    assert 'run = steerer.compare("prompt", [feature_3548.at(4)])' in run.code()
    backend.say(msgspec.structs.replace(READY, model=DEMO))
    assert 'sw.demo(dtype="float32")' in run.code()
    backend.finish()
    result = run.result(timeout=10)
    entry = demo_steerer.history()[run.id]
    assert run.code() == result.code() == entry.code()
