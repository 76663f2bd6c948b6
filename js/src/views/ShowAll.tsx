import { whole } from "../numbers";
import { useView } from "../page";
import { MAX_SHOWN, N_SHOWN } from "../prompt_list";
import { Button } from "./Button";

/** Below a long list of prompts: shows the rest of it, or its beginning alone again. */
export function ShowAll({ n }: { n: number }) {
  const { promptList } = useView();
  if (n <= N_SHOWN) return null;
  const nShown = promptList.nShown.value;
  const isAll = nShown >= Math.min(n, MAX_SHOWN);
  const words = n > MAX_SHOWN ? `the first ${MAX_SHOWN} of ${whole(n)}` : `all ${n}`;
  return (
    <div class="sw-show-all">
      <Button
        kind="link"
        aria-expanded={isAll}
        testId="sw-show-prompts"
        onPress={() => {
          promptList.showsAll.value = !isAll;
        }}
      >
        {isAll ? `Show the first ${N_SHOWN} only` : `Show ${words} prompts`}
      </Button>
      {isAll && nShown < n && <span class="sw-quiet">{whole(n - nShown)} more are not shown, but run.</span>}
    </div>
  );
}
