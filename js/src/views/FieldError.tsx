import { useView } from "../page";
import { Icon } from "./Icon";

export const errorId = (field: string): string => `error-${field.replace(/[^\w]/g, "-")}`;

/** The error of one field, right where it was typed. */
export function FieldError({ field, testId }: { field: string; testId: string }) {
  const { store, id } = useView();
  const error = store.fieldErrors.value[field];
  if (error === undefined) return null;
  return (
    <p class="sw-field-error" id={id(errorId(field))} role="alert" data-testid={testId}>
      <Icon name="alert" />
      <span>{error.message}</span>
    </p>
  );
}
