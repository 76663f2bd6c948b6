import { whole } from "../numbers";
import { useView } from "../page";
import { Button } from "./Button";

interface Props {
  index: number;
  lines: readonly string[];
}

/** After several lines were pasted: they can be prompts of their own. */
export function PasteOffer({ index, lines }: Props) {
  const { promptList } = useView();
  return (
    <p class="sw-offer" role="status" data-testid={`sw-paste-${index}`}>
      <Button testId={`sw-paste-split-${index}`} onPress={() => promptList.split(index)}>
        Make {whole(lines.length)} prompts of these lines
      </Button>
      <Button kind="link" testId={`sw-paste-keep-${index}`} onPress={() => promptList.declineOffer()}>
        Keep as one
      </Button>
    </p>
  );
}
