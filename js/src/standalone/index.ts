// A run as a page of its own: steer_widget/html_page.py writes the data, a table for readers without scripts, and this.
import { render as draw, h } from "preact";
import { openPage } from "../page";
import type { RunFile } from "../protocol.gen";
import { askOf, modelOf } from "./file_model";
import { RunPage } from "./RunPage";

const place = document.getElementById("sw-page");
const data = document.getElementById("sw-run")?.textContent;
if (place !== null && data) {
  const file = JSON.parse(data) as RunFile;
  const page = openPage(modelOf(file), askOf(file));
  place.replaceChildren();
  draw(h(RunPage, { view: { ...page, id: (name: string) => `sw-${name}` }, file }), place);
}
