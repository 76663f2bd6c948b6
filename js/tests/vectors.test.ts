import { afterEach, describe, expect, test, vi } from "vitest";
import { invalid } from "./host";
import { chosen, edit, get, type Mounted, mount, press, sent, settle, type } from "./mount";

const CALM = { name: "calm", n_items: 1, saved_at: "2026-05-01T10:00:00Z", preview: "576 dimensions" };

let page: Mounted | null = null;
afterEach(() => {
  page?.close();
  page = null;
  vi.restoreAllMocks();
});

async function opened(): Promise<Mounted> {
  page = await mount(chosen(edit(1)));
  await press(page.el, "sw-sets-vectors");
  page.host.answer("ListSets", { type: "Sets", kind: "vectors", sets: [CALM], note: "" });
  await settle();
  return page;
}

async function choose(el: HTMLElement, file: File): Promise<void> {
  const input = get<HTMLInputElement>(el, "sw-import-set-vectors-input");
  Object.defineProperty(input, "files", { value: [file], configurable: true });
  input.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

describe("vectors of one's own", () => {
  test("are made of two sets of texts, one text a line, once there are both and a name", async () => {
    const { host, el } = await opened();
    const make = get<HTMLButtonElement>(el, "sw-make-vector");
    expect(make.disabled).toBe(true);
    await type(el, "sw-vector-positive", "calm\n\nquiet\n");
    await type(el, "sw-vector-name", " peace ");
    expect(make.disabled).toBe(true);
    await type(el, "sw-vector-negative", "loud");
    expect(make.disabled).toBe(false);
    await press(el, "sw-vector-pool-last");
    await press(el, "sw-make-vector");
    expect(host.last("MakeVector").command).toMatchObject({
      name: "peace",
      positive: ["calm", "quiet"],
      negative: ["loud"],
      pool: "last",
    });
    expect(make.disabled).toBe(true);
    const peace = { ...CALM, name: "peace" };
    host.answer("MakeVector", { type: "Sets", kind: "vectors", sets: [CALM, peace], note: "Kept 'peace'." });
    await settle();
    expect(get(el, "sw-set-note-vectors").textContent).toBe("Kept 'peace'.");
    expect(get<HTMLInputElement>(el, "sw-vector-name").value).toBe("");
    expect(get<HTMLTextAreaElement>(el, "sw-vector-positive").value).toContain("calm");
  });

  test("of a name that is taken are replaced, and what is refused says why and is kept", async () => {
    const { host, el } = await opened();
    await type(el, "sw-vector-positive", "a");
    await type(el, "sw-vector-negative", "a");
    await type(el, "sw-vector-name", "calm");
    expect(get(el, "sw-make-vector").textContent).toBe("Replace");
    await press(el, "sw-make-vector");
    host.refuse("MakeVector", invalid("negative", "the mean of positive", "activations of another mean"));
    await settle();
    expect(get(el, "sw-set-error-vectors").textContent).toContain("activations of another mean");
    expect(get<HTMLInputElement>(el, "sw-vector-name").value).toBe("calm");
  });

  test("become rows besides what is selected", async () => {
    const { host, el } = await opened();
    await press(el, "sw-add-set");
    expect(host.last("UseSet").command).toMatchObject({ kind: "vectors", name: "calm", is_added: true });
  });

  test("come out of files byte for byte", async () => {
    const { host, el } = await opened();
    await choose(el, new File([new Uint8Array([71, 71, 85, 70, 0, 255])], "happy.gguf"));
    await sent(host, "ImportSet");
    expect(host.last("ImportSet").command).toMatchObject({
      kind: "vectors",
      name: "happy.gguf",
      content: "R0dVRgD/",
    });
  });

  test("in files that are too large stay there, and the page says what is allowed and how else", async () => {
    const { host, el } = await opened();
    await choose(el, new File([new Uint8Array(7_000_001)], "large.gguf"));
    expect(host.of("ImportSet")).toEqual([]);
    const told = get(el, "sw-set-error-vectors").textContent;
    expect(told).toContain("7,000,000 bytes");
    expect(told).toContain("steerer.vectors.import_file(path)");
  });

  test("go out as bytes", async () => {
    const blobs: Blob[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => undefined);
    vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
      blobs.push(blob as Blob);
      return "blob:x";
    });
    const { host, el } = await opened();
    await press(el, "sw-export-set");
    host.answer("ExportSet", {
      type: "File",
      name: "calm.safetensors",
      media_type: "application/octet-stream",
      content: "R0dVRgD/",
      is_base64: true,
    });
    await settle();
    expect([...new Uint8Array((await blobs[0]?.arrayBuffer()) ?? new ArrayBuffer())]).toEqual([
      71, 71, 85, 70, 0, 255,
    ]);
  });
});
