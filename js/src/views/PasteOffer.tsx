import { useView } from "../page";

interface Props {
  index: number;
  lines: readonly string[];
}

/** After several lines were pasted: they can be prompts of their own. */
export function PasteOffer({ index, lines }: Props) {
  const { promptList } = useView();
  return (
    <p class="sw-offer" role="status" data-testid={`sw-paste-${index}`}>
      <button
        type="button"
        class="sw-button"
        data-testid={`sw-paste-split-${index}`}
        onClick={() => promptList.split(index)}
      >
        Make {lines.length.toLocaleString("en")} prompts of these lines
      </button>
      <button
        type="button"
        class="sw-link"
        data-testid={`sw-paste-keep-${index}`}
        onClick={() => promptList.declineOffer()}
      >
        Keep as one
      </button>
    </p>
  );
}
