// For development only: one widget on a scripted kernel. The query picks the scene:
// ?scene=empty|methods|python|flags|done|… (see scenes.ts)&theme=light|dark|none

import { h, render } from "preact";
import { openPage } from "../src/page";
import type { FeatureCard } from "../src/protocol.gen";
import { App } from "../src/views/App";
import cards from "./cards.json";
import { FakeKernel } from "./fake_kernel";
import { SCENES, STATUS, TEXTS } from "./scenes";

const query = new URLSearchParams(location.search);
const theme = query.get("theme") ?? "light";
if (theme !== "none") document.body.dataset["jpThemeLight"] = String(theme === "light");

const scene = SCENES[query.get("scene") ?? "empty"] ?? {};
const kernel = new FakeKernel(cards as FeatureCard[], scene.texts ?? TEXTS, {
  status: STATUS,
  ...scene.traits,
});
kernel.silent = scene.silent ?? false;
kernel.preserveNorm = scene.preserveNorm ?? false;
kernel.nOthers = scene.nOthers ?? 0;
kernel.tickMs = scene.tickMs ?? kernel.tickMs;
kernel.nInTick = scene.nInTick ?? kernel.nInTick;
kernel.nAtOnce = scene.nAtOnce ?? kernel.nAtOnce;
kernel.nTicks = scene.nTicks ?? kernel.nTicks;
Object.assign(window, { kernel });

const el = document.getElementById("widget");
if (el !== null) {
  const page = openPage(kernel);
  render(h(App, { view: { ...page, id: (name: string) => `dev-${name}` } }), el);
  if (scene.isSummary) page.results.view.value = "summary";
  await scene.play?.(kernel, el);
}
