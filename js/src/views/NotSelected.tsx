import { useView } from "../page";
import { ErrorBox } from "./ErrorBox";

/** Told while a past run is shown whose settings the page cannot choose. */
export function NotSelected() {
  const { store, history } = useView();
  const told = history.notSelected.value;
  if (told === null || store.shown.value.run?.id !== told.run) return null;
  return (
    <ErrorBox
      error={told.error}
      testId="sw-not-selected"
      notice="The run is shown below. The settings stay as they were: its own cannot be chosen here."
      onClose={() => {
        history.notSelected.value = null;
      }}
    />
  );
}
