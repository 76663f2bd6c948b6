"""Finding features, dialling, laying out and live answers in JupyterLab: the page and Python agree."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Download, expect

from tests.browser.driving import (
    LONG,
    RUN_TIMEOUT_MS,
    WALK,
    choose,
    fold_generation,
    press_run,
    reset,
    set_tokens,
    wait_run,
    wait_text,
)
from tests.browser.open_notebook import OpenNotebook
from tests.browser.screens import pictures

ROWS = (
    "[(e.feature.index, e.strength, e.more_strengths, e.is_hidden) for e in steerer.widget.selection.edits]"
)


def test_one_press_of_an_example_gives_texts(loaded: OpenNotebook) -> None:
    nb = loaded
    reset(nb)
    nb.sw("example-0").click()
    wait_run(nb, "done")
    baseline, steered = (nb.sw(f"cell-text-{cell}").inner_text() for cell in range(2))
    assert "war" not in baseline
    assert "war" in steered
    assert nb.sw("flag-looping").count() == 0


def test_a_feature_is_found_by_words_and_by_what_fires(demo: OpenNotebook) -> None:
    nb = demo
    nb.sw("search").press_sequentially("mountain", delay=30)
    first = nb.page.locator('[data-testid^="sw-hit-"]').first
    expect(first).to_contain_text(re.compile("mountain", re.IGNORECASE))
    pictures(nb, "search")
    nb.sw("search").fill("")
    nb.sw("prompt-0").fill("They cooked soup and fresh bread for dinner")
    nb.sw("find-firing").click()
    hits = nb.page.locator('[data-testid^="sw-hit-"]')
    expect(hits.first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    pictures(nb, "fires")
    shown = [one.get_attribute("data-testid") for one in hits.all()]
    found = nb.kernel.value(
        "[hit.feature.index for hit in steerer.top_features('They cooked soup and fresh bread for dinner')]"
    )
    assert shown == [f"sw-hit-{index}" for index in found][: len(shown)]  # type: ignore[union-attr]
    hits.first.click()
    nb.page.keyboard.press("Escape")
    expect(nb.sw("feature-0")).to_be_visible()
    nb.kernel.wait_value("steerer.widget.selection.edits[0].feature.index", found[0])  # type: ignore[index]


def test_rows_are_dialled_moved_hidden_and_kept(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 70), (3530, 60), (3548, 50))
    nb.sw("add-strength-0").click()
    nb.sw("strength-0").fill("30")
    nb.sw("negate-1").click()
    nb.sw("hide-2").click()
    nb.sw("move-0").focus()
    nb.page.keyboard.press("ArrowDown")
    expect(nb.sw("feature-0")).to_contain_text("3530")
    expect(nb.sw("count")).to_contain_text("4 columns")
    nb.kernel.wait_value(
        ROWS,
        [
            [3530, -60.0, [], False],
            [523, 30.0, [70.0], False],
            [3548, 50.0, [], True],
        ],
    )
    nb.sw("move-2").hover()
    nb.page.mouse.down()
    box = nb.sw("feature-0").bounding_box()
    assert box is not None
    nb.page.mouse.move(box["x"] + 20, box["y"] + 5, steps=8)
    nb.page.mouse.up()
    expect(nb.sw("feature-0")).to_contain_text("3548")
    nb.sw("dial-1").focus()
    nb.page.keyboard.press("ArrowRight")
    nb.kernel.wait_value("-60 < steerer.widget.selection.edits[1].strength < -40", True)
    nb.kernel.wait_value("[e.feature.index for e in steerer.widget.selection.edits]", [3548, 3530, 523])


def test_a_sweep_with_controls_runs_as_it_was_counted(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 70), tokens=4)
    nb.sw("layout-sweep").check()
    nb.sw("sweep_start").fill("-60")
    nb.sw("sweep_stop").fill("60")
    nb.sw("n_sweep_steps").fill("4")
    nb.sw("control").check()
    expect(nb.sw("count")).to_contain_text("9 cells")
    expect(nb.sw("expected")).to_contain_text(" s")
    press_run(nb)
    wait_run(nb, "done")
    columns = nb.kernel.value("[str(c.steering) for c in steerer.widget.run.cells]")
    assert isinstance(columns, list)
    assert len(columns) == 9
    assert [re.search(r"[+-]\d+", column).group() for column in columns[1::2]] == ["-60", "-20", "+20", "+60"]  # type: ignore[union-attr]
    assert all("random like" in column for column in columns[2::2])


def test_the_exact_tokens_of_a_prompt(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 70), prompt="Zürich is 北京")
    nb.sw("positions-0").select_option("generated")
    nb.sw("tokens-toggle-0").click()
    chips = nb.sw("tokens-0").locator(".sw-token-flow .sw-chip-token")
    expect(chips.first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    shown = nb.kernel.value(
        "[[t.text for t in r.tokens], list(r.steered)] if (r := "
        "steerer.tokens('Zürich is 北京', [steerer.feature(523).at(70, positions='generated')])) else 0"
    )
    assert isinstance(shown, list)
    expect(chips).to_have_count(len(shown[0]))
    marked = [i for i in range(chips.count()) if chips.nth(i).get_attribute("data-steered") == "true"]
    assert marked == shown[1]
    assert marked == [len(shown[0]) - 1]
    pictures(nb, "tokens")
    nb.sw("tokens-toggle-0").click()


def test_the_next_token_follows_the_dial(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 70))
    fold_generation(nb)
    nb.sw("next-token").check(force=True)
    expect(nb.sw("next-numbers")).to_contain_text("KL", timeout=RUN_TIMEOUT_MS)
    kl = nb.kernel.value(f"steerer.next_token({WALK!r}, steerer.feature(523).at(70)).kl")
    assert isinstance(kl, float)
    expect(nb.sw("next-numbers")).to_contain_text(f"KL {kl:.2f}")
    pictures(nb, "next-token")
    nb.sw("strength-0").fill("0")
    expect(nb.sw("next-numbers")).to_contain_text("KL 0", timeout=RUN_TIMEOUT_MS)
    nb.sw("next-token").uncheck(force=True)
    expect(nb.sw("next-strip")).to_have_count(0)


def test_live_runs_again_when_a_dial_rests_and_stops_what_was_on(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 70), tokens=LONG)
    fold_generation(nb)
    press_run(nb)
    wait_text(nb, 1)
    first = nb.sw("progress").get_attribute("data-run") or ""
    nb.sw("live").check(force=True)
    nb.sw("dial-0").focus()
    nb.page.keyboard.press("ArrowLeft")
    expect(nb.sw("progress")).not_to_have_attribute("data-run", first, timeout=RUN_TIMEOUT_MS)
    nb.sw("live").uncheck(force=True)
    wait_text(nb, 1)
    assert nb.kernel.value(f"next(r for r in steerer.runs if r.id == {first!r}).state") == "stopped"
    assert nb.kernel.value("steerer.widget.run.cells[1].steering.edits[0].strength") != 70
    nb.sw("stop").click()
    wait_run(nb, "stopped")


def test_prompts_come_by_lines_and_as_chats(demo: OpenNotebook) -> None:
    nb = demo
    nb.sw("prompt-0").focus()
    nb.page.evaluate("text => navigator.clipboard.writeText(text)", "one line\nanother line")
    nb.page.keyboard.press("Control+v")
    nb.sw("paste-split-0").click()
    expect(nb.sw("prompt-1")).to_have_value("another line")
    nb.sw("prompt-file-open-input").set_input_files(
        {
            "name": "asked.csv",
            "mimeType": "text/csv",
            "buffer": b'prompt,why\n"Once, upon",a\n"two\nlines",b\n',
        }
    )
    expect(nb.sw("prompt-file")).to_contain_text("2 prompts", timeout=RUN_TIMEOUT_MS)
    nb.sw("prompt-file-replace").click()
    expect(nb.sw("prompt-1")).to_have_value("two\nlines")
    nb.kernel.wait_value("steerer.widget.prompts", ["Once, upon", "two\nlines"])
    nb.sw("prompt-1-to-chat").click()
    nb.sw("prompt-1-turn-0").fill("Tell me of a walk.")
    nb.sw("prompt-1-turn-0").blur()
    nb.kernel.wait_value("[m.content for m in steerer.widget.prompts[1]]", ["Tell me of a walk."])


def test_a_set_is_saved_shared_and_taken_up_again(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 70), (3530, 60))
    nb.sw("sets-features").click()
    nb.sw("set-name-features").fill("war and science")
    nb.sw("save-set-features").click()
    expect(nb.sw("set-features")).to_contain_text("war and science")
    pictures(nb, "sets")
    with nb.page.expect_download() as waiting:
        nb.sw("export-set").click()
    shared: Download = waiting.value
    held = json.loads(shared.path().read_text())
    assert "war and science" in json.dumps(held)
    nb.kernel.wait_value("[e.strength for e in steerer.feature_sets['war and science']]", [70.0, 60.0])
    nb.page.keyboard.press("Escape")
    nb.sw("remove-1").click()
    nb.sw("remove-0").click()
    nb.sw("sets-features").click()
    nb.sw("use-set").click()
    expect(nb.sw("strength-1")).to_have_value("60")
    nb.kernel.run("del steerer.feature_sets['war and science']")


def test_every_generation_setting_arrives(demo: OpenNotebook) -> None:
    nb = demo
    set_tokens(nb, 7)
    settings = {"temperature": 0.7, "top_p": 0.9, "top_k": 40, "repetition_penalty": 1.2, "seed": 11}
    for field, value in settings.items():
        nb.sw(f"gen-{field}").fill(str(value))
        nb.sw(f"gen-{field}").blur()
    for field, value in {**settings, "max_new_tokens": 7}.items():
        nb.kernel.wait_value(f"steerer.widget.generation.{field}", value)
    nb.sw("gen-reset").click()
    nb.kernel.wait_value("steerer.widget.generation == sw.Generation()", True)
