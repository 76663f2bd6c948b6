import { useView } from "../page";
import { ErrorBox } from "./ErrorBox";

/** Errors that belong to no single field. */
export function Errors() {
  const { store } = useView();
  const shown = store.generalErrors.value;
  if (shown.length === 0) return null;
  return (
    <div class="sw-errors">
      {shown.map(([source, error], i) => (
        <ErrorBox
          key={source}
          error={error}
          testId={i === 0 ? "sw-error" : `sw-error-${i}`}
          onClose={() => store.dismiss(source)}
        />
      ))}
    </div>
  );
}
