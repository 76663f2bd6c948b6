interface Props {
  label: string;
  /** 0 to 1; null where it cannot be known. */
  fraction: number | null;
  quiet?: boolean;
}

export function Meter({ label, fraction, quiet = false }: Props) {
  return (
    <div
      class="sw-meter"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={fraction === null ? undefined : Math.round(fraction * 100)}
      data-unknown={fraction === null}
      data-quiet={quiet}
    >
      <span style={{ transform: `scaleX(${fraction ?? 0.3})` }} />
    </div>
  );
}
