import { afterEach, describe, expect, test, vi } from "vitest";
import { DEFAULT_GENERATION, EMPTY_SELECTION } from "../src/defaults";
import { stopLines, stopTexts } from "../src/generation";
import type { Prompt, TokensRead } from "../src/protocol.gen";
import { invalid } from "./host";
import { chosen, edit, find, get, type Mounted, mount, press, READY, sent, settle, type } from "./mount";

let page: Mounted | null = null;
afterEach(() => {
  page?.close();
  page = null;
});

async function open(traits: Record<string, unknown> = {}): Promise<Mounted> {
  page = await mount(traits);
  return page;
}

/** Pastes as browsers do: the event first, and then the text is there. */
async function paste(el: HTMLElement, testId: string, text: string): Promise<void> {
  const box = get<HTMLTextAreaElement>(el, testId);
  const event = new Event("paste", { bubbles: true });
  Object.assign(event, { clipboardData: { getData: () => text } });
  box.setSelectionRange(0, box.value.length);
  box.dispatchEvent(event);
  await type(el, testId, text.replace(/\r\n/g, "\n"));
}

/** The prompts that Python was last asked to hold. */
async function heldBy({ host }: Mounted, n = 1): Promise<Prompt[]> {
  await sent(host, "SetPrompts", n);
  return host.last("SetPrompts").command.prompts;
}

async function choose(el: HTMLElement, testId: string, value: string): Promise<void> {
  const select = get<HTMLSelectElement>(el, testId);
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

describe("pasted lines", () => {
  test("stay one prompt, unless they are made prompts of their own", async () => {
    const opened = await open();
    await paste(opened.el, "sw-prompt-0", "one\r\n\r\n  two \nthree\n");
    expect(get<HTMLTextAreaElement>(opened.el, "sw-prompt-0").value).toBe("one\n\n  two \nthree\n");
    expect(get(opened.el, "sw-paste-0").textContent).toContain("Make 3 prompts of these lines");
    await press(opened.el, "sw-paste-split-0");
    expect(await heldBy(opened)).toEqual(["one", "  two ", "three"]);
    expect(find(opened.el, "sw-paste-0")).toBeNull();
  });

  test("are offered no more once the text is another, or they were declined", async () => {
    const { el } = await open();
    await paste(el, "sw-prompt-0", "one\ntwo");
    await type(el, "sw-prompt-0", "one\ntwo!");
    expect(find(el, "sw-paste-0")).toBeNull();
    await paste(el, "sw-prompt-0", "one\ntwo");
    await press(el, "sw-paste-keep-0");
    expect(find(el, "sw-paste-0")).toBeNull();
    expect(get<HTMLTextAreaElement>(el, "sw-prompt-0").value).toBe("one\ntwo");
  });

  test("are no offer in the middle of a text, or as a single line", async () => {
    const { el } = await open({ prompts: ["a text"] });
    const box = get<HTMLTextAreaElement>(el, "sw-prompt-0");
    const event = new Event("paste", { bubbles: true });
    Object.assign(event, { clipboardData: { getData: () => "one\ntwo" } });
    box.setSelectionRange(2, 2);
    box.dispatchEvent(event);
    await type(el, "sw-prompt-0", "one\ntwo");
    expect(find(el, "sw-paste-0")).toBeNull();
    await paste(el, "sw-prompt-0", "one line\n");
    expect(find(el, "sw-paste-0")).toBeNull();
  });
});

describe("a chat", () => {
  test("is made of a prompt, turn by turn, and becomes plain text again", async () => {
    const opened = await open({ prompts: ["Who are you?"] });
    const { el } = opened;
    await press(el, "sw-prompt-0-to-chat");
    expect(await heldBy(opened)).toEqual([[{ role: "user", content: "Who are you?" }]]);
    opened.host.answer("SetPrompts");
    await press(el, "sw-prompt-0-add-turn");
    await press(el, "sw-prompt-0-add-system");
    expect(find(el, "sw-prompt-0-add-system")).toBeNull();
    await type(el, "sw-prompt-0-turn-0", "Be brief.");
    await type(el, "sw-prompt-0-turn-2", "A model.");
    await choose(el, "sw-prompt-0-role-2", "user");
    const roles = [0, 1, 2].map((t) => get<HTMLSelectElement>(el, `sw-prompt-0-role-${t}`).value);
    expect(roles).toEqual(["system", "user", "user"]);
    await press(el, "sw-prompt-0-remove-turn-1");
    expect(get<HTMLTextAreaElement>(el, "sw-prompt-0-turn-1").value).toBe("A model.");
    await press(el, "sw-prompt-0-to-text");
    expect(get<HTMLTextAreaElement>(el, "sw-prompt-0").value).toBe("Be brief.\n\nA model.");
  });

  test("keeps a role that only its model knows", async () => {
    const { el } = await open({ prompts: [[{ role: "tool", content: "42" }]] });
    expect(get<HTMLSelectElement>(el, "sw-prompt-0-role-0").value).toBe("tool");
    expect(find(el, "sw-prompt-0-remove-turn-0")).toBeNull();
  });

  test("cannot be made for a model without a template, and says why; plain text can", async () => {
    const model = READY.model === null ? null : { ...READY.model, has_chat_template: false };
    const { el } = await open({
      prompts: ["plain", [{ role: "user", content: "chat" }]],
      status: { ...READY, model },
    });
    expect(get<HTMLButtonElement>(el, "sw-prompt-0-to-chat").disabled).toBe(true);
    expect(get(el, "sw-prompt-0-no-chat").textContent).toBe("This model has no chat template.");
    expect(get<HTMLButtonElement>(el, "sw-prompt-1-to-text").disabled).toBe(false);
    expect(get<HTMLInputElement>(el, "sw-gen-chat").disabled).toBe(true);
    expect(get(el, "sw-gen-chat-hint").textContent).toContain("no chat template");
  });
});

describe("many prompts", () => {
  const FIFTY = Array.from({ length: 50 }, (_, i) => `prompt ${i}`);

  test("are five at first, all on demand, with their tools one click away", async () => {
    const { el } = await open({ prompts: FIFTY });
    expect(find(el, "sw-prompt-4")).not.toBeNull();
    expect(find(el, "sw-prompt-5")).toBeNull();
    expect(get(el, "sw-show-prompts").textContent).toBe("Show all 50 prompts");
    expect(find(el, "sw-tokens-toggle-0")).toBeNull();
    await press(el, "sw-prompt-open-0");
    expect(find(el, "sw-tokens-toggle-0")).not.toBeNull();
    await press(el, "sw-show-prompts");
    expect(find(el, "sw-prompt-49")).not.toBeNull();
    await press(el, "sw-show-prompts");
    expect(find(el, "sw-prompt-5")).toBeNull();
  });

  test("can be removed one by one; a new one is seen", async () => {
    const opened = await open({ prompts: FIFTY });
    await press(opened.el, "sw-remove-prompt-1");
    expect(await heldBy(opened)).toEqual(FIFTY.filter((_, i) => i !== 1));
    await press(opened.el, "sw-add-prompt");
    expect(get<HTMLTextAreaElement>(opened.el, "sw-prompt-49").value).toBe("");
  });

  test("are not all drawn where they are thousands, and it says that they run", async () => {
    const { el } = await open({ prompts: Array.from({ length: 1200 }, (_, i) => `prompt ${i}`) });
    expect(get(el, "sw-show-prompts").textContent).toBe("Show the first 200 of 1,200 prompts");
    await press(el, "sw-show-prompts");
    expect(find(el, "sw-prompt-199")).not.toBeNull();
    expect(find(el, "sw-prompt-200")).toBeNull();
    expect(el.textContent).toContain("1,000 more are not shown, but run.");
  });

  test("show an error that is beyond the first", async () => {
    const { host, el } = await open({ prompts: FIFTY });
    await type(el, "sw-prompt-0", "other");
    await sent(host, "SetPrompts");
    host.refuse("SetPrompts", invalid("prompt", "'prompt 33'", "something else"));
    await settle();
    expect(get(el, "sw-field-error-prompt-33").textContent).toContain("something else");
  });
});

describe("a file", () => {
  async function read(opened: Mounted, prompts: Prompt[]): Promise<void> {
    const input = get<HTMLInputElement>(opened.el, "sw-prompt-file-open-input");
    const file = new File(["the content"], "x.csv");
    Object.defineProperty(input, "files", { value: [file], configurable: true });
    input.dispatchEvent(new Event("change"));
    await sent(opened.host, "ReadPromptFile");
    expect(opened.host.last("ReadPromptFile").command).toMatchObject({
      name: "x.csv",
      content: "the content",
    });
    opened.host.answer("ReadPromptFile", { type: "PromptsRead", prompts });
    await settle();
  }
  const TWELVE = Array.from({ length: 12 }, (_, i) => `line ${i}`);

  test("is previewed, and then its prompts are added", async () => {
    const opened = await open({ prompts: ["mine"] });
    await read(opened, TWELVE);
    const shown = get(opened.el, "sw-prompt-file").textContent;
    for (const words of ["12 prompts from x.csv", "line 2", "and 9 more"]) expect(shown).toContain(words);
    expect(shown).not.toContain("line 3");
    expect(opened.host.of("SetPrompts")).toHaveLength(0);
    await press(opened.el, "sw-prompt-file-add");
    expect(await heldBy(opened)).toEqual(["mine", ...TWELVE]);
    expect(find(opened.el, "sw-prompt-file")).toBeNull();
  });

  test("takes the place of what was there, or is left", async () => {
    const opened = await open({ prompts: ["mine"] });
    await read(opened, TWELVE);
    await press(opened.el, "sw-prompt-file-cancel");
    expect(find(opened.el, "sw-prompt-file")).toBeNull();
    await read(opened, [[{ role: "user", content: "a chat" }]]);
    expect(get(opened.el, "sw-prompt-file").textContent).toContain("user: a chat");
    await press(opened.el, "sw-prompt-file-replace");
    expect(await heldBy(opened)).toEqual([[{ role: "user", content: "a chat" }]]);
  });

  test("that cannot be read, or has no prompt, says so and can be closed", async () => {
    const opened = await open();
    await read(opened, []);
    expect(get(opened.el, "sw-prompt-file-error").textContent).toContain("no prompts in x.csv");
    get(opened.el, "sw-prompt-file-error")
      .querySelector<HTMLElement>('[aria-label="Close this error"]')
      ?.click();
    await settle();
    expect(find(opened.el, "sw-prompt-file-error")).toBeNull();
  });
});

describe("the tokens of a prompt", () => {
  const TOKENS: TokensRead = {
    type: "TokensRead",
    tokens: [
      { text: "<s>", token_id: 1, is_special: true },
      { text: "Hi", token_id: 2, is_special: false },
      { text: " you\n", token_id: 3, is_special: false },
    ],
    steered: [[1, 2], [2]],
  };
  const EDITS = [
    edit(1, 5, "war", { more_strengths: [9] }),
    edit(2, 5, "hid", { is_hidden: true }),
    edit(3, 5, "love"),
  ];
  const chips = (el: HTMLElement) => [
    ...get(el, "sw-tokens-0").querySelectorAll<HTMLElement>(".sw-token-flow .sw-chip-token"),
  ];

  async function preview(): Promise<Mounted> {
    const opened = await open({
      prompts: ["Hi you"],
      selection: { ...EMPTY_SELECTION, edits: EDITS },
      generation: { ...DEFAULT_GENERATION, chat: true },
    });
    await press(opened.el, "sw-tokens-toggle-0");
    await sent(opened.host, "ReadTokens");
    opened.host.answer("ReadTokens", TOKENS);
    await settle();
    return opened;
  }

  test("are asked for with the visible rows, one column each, and counted", async () => {
    const { host, el } = await preview();
    const { prompt, chat, columns } = host.last("ReadTokens").command;
    expect([prompt, chat]).toEqual(["Hi you", true]);
    expect(
      columns.map(({ edits }) => edits.map((e) => (e.feature.kind === "feature" ? e.feature.index : -1))),
    ).toEqual([[1], [3]]);
    expect(columns[0]?.edits[0]).not.toHaveProperty("more_strengths");
    expect(get(el, "sw-tokens-toggle-0").textContent).toBe("3 tokens, 2 steered");
  });

  test("stay with their prompt when one before it is removed", async () => {
    const { host, el } = await open({ prompts: ["one", "two", "three"] });
    await press(el, "sw-tokens-toggle-1");
    await sent(host, "ReadTokens");
    expect(host.last("ReadTokens").command.prompt).toBe("two");
    await press(el, "sw-remove-prompt-0");
    await settle();
    expect(get(el, "sw-tokens-toggle-0").getAttribute("aria-expanded")).toBe("true");
    expect(get(el, "sw-tokens-toggle-1").getAttribute("aria-expanded")).toBe("false");
    expect(host.last("ReadTokens").command.prompt).toBe("two");
  });

  test("show what is special, what is not seen and what the chosen row steers", async () => {
    const { el } = await preview();
    expect(chips(el).map((chip) => chip.textContent)).toEqual(["<s>", "Hi", "·you⏎"]);
    expect(chips(el).map((chip) => chip.dataset["special"])).toEqual(["true", "false", "false"]);
    expect(chips(el).map((chip) => chip.dataset["steered"])).toEqual(["false", "true", "true"]);
    const select = get<HTMLSelectElement>(el, "sw-tokens-row-0");
    expect([...select.options].map((option) => option.text)).toEqual(["war", "love"]);
    await choose(el, "sw-tokens-row-0", select.options[1]?.value ?? "");
    expect(chips(el).map((chip) => chip.dataset["steered"])).toEqual(["false", "false", "true"]);
    expect(get(el, "sw-tokens-steered-0").textContent).toContain("1 token steered by");
  });

  test("follow the prompt once typing rests; an older answer is not taken", async () => {
    const { host, el } = await preview();
    await type(el, "sw-prompt-0", "Hi you t");
    await sent(host, "ReadTokens", 2);
    const stale = host.last("ReadTokens");
    for (const text of ["Hi you tw", "Hi you two"]) await type(el, "sw-prompt-0", text);
    host.say({ type: "Reply", id: stale.id, error: null, result: { ...TOKENS, tokens: [], steered: [] } });
    await settle();
    expect(chips(el)).toHaveLength(3);
    expect(get(el, "sw-tokens-0").dataset["stale"]).toBe("true");
    await sent(host, "ReadTokens", 3);
    expect(host.last("ReadTokens").command.prompt).toBe("Hi you two");
  });

  test("are not asked for again by a dial, nor once they are closed", async () => {
    const { host, el } = await preview();
    await type(el, "sw-strength-0", "50");
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(host.of("ReadTokens")).toHaveLength(1);
    await press(el, "sw-tokens-toggle-0");
    await type(el, "sw-prompt-0", "other");
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(host.of("ReadTokens")).toHaveLength(1);
    expect(find(el, "sw-tokens-0")).toBeNull();
  });

  test("are asked for once the kernel answers again", async () => {
    const { host, el } = await preview();
    await type(el, "sw-prompt-0", "other");
    await sent(host, "ReadTokens", 2);
    host.broken = true;
    await type(el, "sw-prompt-0", "another");
    const error = () => expect(get(el, "sw-tokens-error-0").textContent).toContain("could not be sent");
    await vi.waitFor(error, 2000);
    dispatchEvent(new Event("online")); // the page asks whether the kernel is there, and it is not
    await vi.waitFor(() => expect(get(el, "sw-status").dataset["state"]).toBe("offline"));
    host.broken = false;
    host.set("status", READY);
    await sent(host, "ReadTokens", 3);
    expect(host.last("ReadTokens").command.prompt).toBe("another");
  });

  test("that cannot be had say why at the prompt", async () => {
    const { host, el } = await preview();
    await type(el, "sw-prompt-0", "other");
    await sent(host, "ReadTokens", 2);
    host.refuse("ReadTokens", { ...invalid("", "", ""), kind: "InvalidInput", message: "Too long." });
    await settle();
    expect(get(el, "sw-tokens-error-0").textContent).toBe("Too long.");
    expect(find(el, "sw-error")).toBeNull();
  });
});

describe("generation settings", () => {
  const summary = (el: HTMLElement) => get(el, "sw-gen-summary").textContent;

  test("say which have no effect at temperature 0, and can be set all the same", async () => {
    const { host, el } = await open(chosen(edit(1)));
    for (const field of ["top_p", "top_k", "seed"]) {
      expect(get(el, `sw-setting-${field}`).dataset["idle"]).toBe("true");
      expect(get(el, `sw-setting-${field}`).textContent).toContain("no effect at temperature 0");
    }
    expect(get(el, "sw-setting-repetition_penalty").dataset["idle"]).toBe("false");
    await type(el, "sw-gen-top_k", "40");
    await sent(host, "SetGeneration");
    expect(host.last("SetGeneration").command.generation.top_k).toBe(40);
    await type(el, "sw-gen-temperature", "0.7");
    expect(get(el, "sw-setting-top_k").dataset["idle"]).toBe("false");
    expect(summary(el)).toBe("60 tokens · temperature 0.7 · top-k 40 · seed 0");
  });

  test("go back one by one, or all at once", async () => {
    const { el } = await open({ generation: { ...DEFAULT_GENERATION, top_k: 40, seed: 3, stop: ["x"] } });
    expect(find(el, "sw-gen-reset-top_p")).toBeNull();
    await press(el, "sw-gen-reset-top_k");
    expect(get<HTMLInputElement>(el, "sw-gen-top_k").value).toBe("0");
    expect(get<HTMLInputElement>(el, "sw-gen-seed").value).toBe("3");
    await press(el, "sw-gen-reset-stop");
    expect(get<HTMLTextAreaElement>(el, "sw-gen-stop").value).toBe("");
    await press(el, "sw-gen-reset");
    expect(get<HTMLInputElement>(el, "sw-gen-seed").value).toBe("0");
    expect(get<HTMLButtonElement>(el, "sw-gen-reset").disabled).toBe(true);
  });

  test("forget what was no number with their reset", async () => {
    const { el } = await open(chosen(edit(1)));
    await type(el, "sw-gen-temperature", "warm");
    expect(find(el, "sw-field-error-temperature")).not.toBeNull();
    await press(el, "sw-gen-reset-temperature");
    expect(find(el, "sw-field-error-temperature")).toBeNull();
    expect(get<HTMLInputElement>(el, "sw-gen-temperature").value).toBe("0");
  });

  test("draw another seed", async () => {
    const { host, el } = await open({ generation: { ...DEFAULT_GENERATION, seed: 7 } });
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    await press(el, "sw-gen-new-seed");
    await sent(host, "SetGeneration");
    expect(host.last("SetGeneration").command.generation.seed).toBe(50_000);
    await press(el, "sw-gen-new-seed"); // the same number drawn again is no new seed
    expect(get<HTMLInputElement>(el, "sw-gen-seed").value).toBe("50001");
  });

  test("take stop texts a line, with line breaks in them", async () => {
    const { host, el } = await open();
    await type(el, "sw-gen-stop", "\\n\\n\n\nUser:\nC:\\\\new");
    await sent(host, "SetGeneration");
    expect(host.last("SetGeneration").command.generation.stop).toEqual(["\n\n", "User:", "C:\\new"]);
    for (const stop of [["\n"], ["\\n"], ["a\\", "\t\\\\t"], ["\\d"]])
      expect(stopTexts(stopLines(stop))).toEqual(stop);
  });
});
