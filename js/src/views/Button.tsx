import type { ComponentChildren, JSX } from "preact";
import { Icon, type IconName } from "./Icon";

type Native = JSX.IntrinsicElements["button"];

interface Props
  extends Pick<
    Native,
    "title" | "disabled" | "aria-label" | "aria-expanded" | "aria-controls" | "aria-describedby"
  > {
  /** With a border, or as words alone. */
  kind?: "button" | "link";
  class?: string;
  icon?: IconName;
  testId?: string | undefined;
  onPress: Exclude<Native["onClick"], undefined>;
  children: ComponentChildren;
}

/** A button with words on it. */
export function Button({
  kind = "button",
  class: extra = "",
  icon,
  testId,
  onPress,
  children,
  ...rest
}: Props) {
  return (
    <button type="button" class={`sw-${kind} ${extra}`} data-testid={testId} onClick={onPress} {...rest}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}
