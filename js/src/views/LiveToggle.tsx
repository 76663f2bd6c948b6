import { useView } from "../page";
import { Toggle } from "./Toggle";

/** What follows the dials: the texts, shortly after those rest, and the next token while they move. */
export function LiveToggle() {
  const { store, live, nextTokens } = useView();
  const isOffline = store.link.value === "offline";
  return (
    <span class="sw-toggles">
      <Toggle
        words="Live"
        title={
          isOffline
            ? "The kernel does not answer."
            : "Runs again shortly after a dial, a prompt or a setting was changed"
        }
        on={live.isOn.value}
        disabled={isOffline}
        testId="sw-live"
        onChange={(on) => live.turn(on)}
      />
      <Toggle
        words="Next token"
        title="Shows how steering changes the next token's probabilities, while a dial moves"
        on={nextTokens.isOn.value}
        testId="sw-next-token"
        onChange={(on) => nextTokens.turn(on)}
      />
    </span>
  );
}
