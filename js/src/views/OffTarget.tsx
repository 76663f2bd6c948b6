import { useEffect } from "preact/hooks";
import { shortSigned } from "../numbers";
import { useView } from "../page";
import type { FeatureShift } from "../protocol.gen";

/** Features that moved besides; their labels are learnt when they are looked at: a number alone says nothing. */
export function OffTarget({ shifts }: { shifts: readonly FeatureShift[] }) {
  const { store, actions } = useView();
  const online = store.link.value === "online";
  useEffect(() => {
    if (!online) return;
    for (const { index, sae } of shifts) void actions.learn(index, sae);
  }, [actions, online, shifts]);
  return (
    <ul class="sw-shifts" data-testid="sw-off-target">
      {shifts.map(({ index, sae, shift }) => (
        <li key={`${sae}/${index}`}>
          <span class="sw-values">{shortSigned(shift)}</span>
          <span class="sw-index">{index}</span>
          <span class="sw-shift-label" dir="auto">
            {store.card({ index, sae })?.label}
          </span>
        </li>
      ))}
    </ul>
  );
}
