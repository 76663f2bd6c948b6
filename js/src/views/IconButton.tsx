import { Icon, type IconName } from "./Icon";

interface Props {
  icon: IconName;
  label: string;
  onPress: () => void;
  /** For the pointer; the label where there is nothing more to say. */
  title?: string;
  isPressed?: boolean;
  testId?: string;
  expanded?: boolean;
  isDisabled?: boolean;
  class?: string;
}

export function IconButton({
  icon,
  label,
  onPress,
  title = label,
  isPressed,
  testId,
  expanded,
  isDisabled = false,
  class: extra = "",
}: Props) {
  return (
    <button
      type="button"
      class={`sw-icon-button ${extra}`}
      aria-label={label}
      title={title}
      aria-pressed={isPressed}
      aria-expanded={expanded}
      disabled={isDisabled}
      data-testid={testId}
      onClick={onPress}
    >
      <Icon name={icon} />
    </button>
  );
}
