import { useView } from "../page";
import { ErrorLine } from "./ErrorLine";

export const errorId = (field: string): string => `error-${field.replace(/[^\w]/g, "-")}`;

/** The error of one field, right where it was typed. */
export function FieldError({ field, testId }: { field: string; testId: string }) {
  const { store, id } = useView();
  const error = store.fieldErrors.value[field];
  if (error === undefined) return null;
  return <ErrorLine error={error} id={id(errorId(field))} testId={testId} />;
}
