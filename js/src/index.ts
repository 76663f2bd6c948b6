// The widget as hosts load it. The default export is a factory: hosts call it once per widget, so that
// `initialize` can hand its page to every `render`.
import { render as draw, h } from "preact";
import type { HostModel } from "./connection";
import { openPage, type Page } from "./page";
import { uniqueId } from "./unique";
import { App } from "./views/App";

export default function widget() {
  let page: Page | null = null;
  return {
    initialize({ model }: { model: HostModel }): () => void {
      const opened = openPage(model);
      page = opened;
      return () => opened.close();
    },
    render({ model, el }: { model: HostModel; el: HTMLElement }): () => void {
      page ??= openPage(model); // a host without `initialize`
      const prefix = `sw-${uniqueId().slice(0, 8)}`;
      draw(h(App, { view: { ...page, id: (name: string) => `${prefix}-${name}` } }), el);
      return () => draw(null, el);
    },
  };
}
