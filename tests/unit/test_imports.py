"""Imports go one way, and the kernel side never needs torch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import steer_widget

ROOT = Path(steer_widget.__file__).parent
HEAVY = {
    "torch",
    "transformers",
    "sae_lens",
    "numpy",
    "pandas",
    "safetensors",
    "gguf",
    "tokenizers",
    "matplotlib",
}
PAGE = {"anywidget", "ipywidgets", "traitlets", "IPython", "ipykernel"}

# The way of the design: a layer may import itself and what stands below it.
LAYERS = (
    ("widget",),
    ("loading",),
    ("steerer",),
    ("own_model",),
    ("sae_choice",),
    ("options",),
    ("repeater",),
    ("suggester",),
    ("profiler",),
    ("calibrator",),
    ("finder",),
    ("scorer",),
    ("explorer",),
    ("desk",),
    ("contrast",),
    ("suggesting",),
    ("sets",),
    ("traits", "feed", "starter", "stream", "views", "fallback", "static_form"),
    ("history",),
    ("run",),
    ("contents",),
    ("reopened",),
    ("hits", "logit_lens", "next_token", "output_book", "token_features", "tokenized_prompt"),
    ("vectors",),
    ("recipes",),
    (
        "result",
        "saving",
        "saved_v1",
        "text_table",
        "html_table",
        "html_page",
        "run_file",
        "packed_tokens",
        "table_csv",
        "table_files",
        "table_rows",
        "remarks",
        "plotting",
        "plot_style",
        "plot_curves",
        "neuronpedia",
        "plot_heatmap",
        "python_code",
        "python_load",
        "python_text",
        "summary",
        "curves",
    ),
    ("profiles",),
    ("passages", "task"),
    ("asking", "waiting"),
    ("controller",),
    ("dispatcher",),
    ("supervisor",),
    ("backlog", "run_queue"),
    ("meaning",),
    (
        "catalog",
        "escalation",
        "job",
        "lifeline",
        "listeners",
        "progress_line",
        "questions",
        "recycling",
        "run_clock",
        "same_model",
        "sources",
        "task_book",
    ),
    ("labels",),
    (
        "arguments",
        "forecast",
        "layout",
        "cell",
        "printable",
        "prompt_files",
        "prompt_tables",
        "progress",
        "record",
        "run_states",
        "cell_states",
        "_kernel",
    ),
    ("backends",),
    ("channel", "leash"),
    ("bands", "features", "embedded", "methods"),
    ("protocol",),
    ("spec",),
    ("plugins",),
    ("extras",),
    ("errors",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
WORKER_SIDE = {"worker", "saes"}


def top(path: Path) -> str:
    """The module or subpackage right below the package."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    return [path for path in sorted(ROOT.rglob("*.py")) if path != ROOT / "__init__.py"]


def is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def statements(body: list[ast.stmt], *, deep: bool) -> Iterator[ast.stmt]:
    """Statements that run: of the module alone, or of its functions too; never those for types."""
    for node in body:
        if is_for_types(node):
            continue
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not deep:
            continue
        for field in ("body", "orelse", "finalbody", "handlers"):
            for inner in getattr(node, field, []):
                yield from statements([inner] if isinstance(inner, ast.stmt) else inner.body, deep=deep)


def imports(path: Path, *, deep: bool) -> Iterator[tuple[str, str]]:
    """Pairs of ("ours", module below the package) or ("theirs", top-level package)."""
    folder = path.parent.relative_to(ROOT).parts
    for node in statements(ast.parse(path.read_text(encoding="utf-8")).body, deep=deep):
        if isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                yield ("ours", parts[1]) if parts[0] == "steer_widget" and parts[1:] else ("theirs", parts[0])
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            parts = node.module.split(".")
            yield ("ours", parts[1]) if parts[0] == "steer_widget" and parts[1:] else ("theirs", parts[0])
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1]
            whole = (*base, *(node.module or "").split(".")) if node.module else base
            if whole:
                yield "ours", whole[0]
            else:
                for alias in node.names:
                    yield "ours", alias.name


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    here = top(path)
    for kind, name in imports(path, deep=False):
        if kind == "theirs":
            continue
        if here in WORKER_SIDE:
            assert name in {
                *WORKER_SIDE,
                "methods",
                "features",
                "embedded",
                "channel",
                "leash",
                "plugins",
                "protocol",
                "spec",
                "errors",
            }
        else:
            assert name not in WORKER_SIDE, f"{here} is on the kernel's side"
            assert here in RANK, f"{here} has no place in the layers of this test"
            assert RANK[name] >= RANK[here], f"{here} stands below {name}"


@pytest.mark.parametrize(
    "path", [p for p in modules() if top(p) not in WORKER_SIDE], ids=lambda p: str(p.relative_to(ROOT))
)
def test_the_kernel_side_imports_nothing_heavy(path: Path) -> None:
    heavy = {name for kind, name in imports(path, deep=False) if kind == "theirs" and name in HEAVY}
    assert not heavy


@pytest.mark.parametrize(
    "path", [p for p in modules() if top(p) in WORKER_SIDE], ids=lambda p: str(p.relative_to(ROOT))
)
def test_the_worker_side_imports_nothing_of_the_page(path: Path) -> None:
    page = {name for kind, name in imports(path, deep=True) if kind == "theirs" and name in PAGE}
    assert not page


def test_this_test_sees_imports_at_all() -> None:
    widget = set(imports(ROOT / "widget.py", deep=False))
    assert {("theirs", "anywidget"), ("ours", "run"), ("ours", "protocol")} <= widget
    assert ("ours", "steerer") not in widget, "that one is for types only"
    assert ("theirs", "torch") in set(imports(ROOT / "worker" / "decode.py", deep=True))
