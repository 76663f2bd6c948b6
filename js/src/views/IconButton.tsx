import { Icon, type IconName } from "./Icon";

interface Props {
  icon: IconName;
  label: string;
  onPress: () => void;
  testId?: string;
  expanded?: boolean;
  isDisabled?: boolean;
  class?: string;
}

export function IconButton({
  icon,
  label,
  onPress,
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
      title={label}
      aria-expanded={expanded}
      disabled={isDisabled}
      data-testid={testId}
      onClick={onPress}
    >
      <Icon name={icon} />
    </button>
  );
}
