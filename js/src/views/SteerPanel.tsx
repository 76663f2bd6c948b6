import { useView } from "../page";
import { Errors } from "./Errors";
import { Examples } from "./Examples";
import { Features } from "./Features";
import { GenerationPanel } from "./GenerationPanel";
import { LayoutBar } from "./LayoutBar";
import { NextTokenStrip } from "./NextTokenStrip";
import { NotSelected } from "./NotSelected";
import { Prompts } from "./Prompts";
import { Results } from "./Results";
import { RunBar } from "./RunBar";

/** From prompts and features to texts. */
export function SteerPanel() {
  const { store } = useView();
  return (
    <>
      <fieldset class="sw-steering" disabled={store.isAlone.value}>
        <div class="sw-inputs">
          <Prompts />
          <Features />
        </div>
        <div class="sw-controls">
          <LayoutBar />
          <GenerationPanel />
        </div>
        <RunBar />
        <NextTokenStrip />
        <Errors />
        <NotSelected />
        <Examples />
      </fieldset>
      <Results />
    </>
  );
}
