import { useRef, useState } from "preact/hooks";
import { count } from "../numbers";
import { useView } from "../page";
import type { FeatureCard } from "../protocol.gen";
import { errorId, FieldError } from "./FieldError";
import { Icon } from "./Icon";
import { SearchHit } from "./SearchHit";

const TYPING_PAUSE_MS = 150;

/** Words search labels, a number is an index; arrows, Enter and Escape as in any combobox. */
export function FeatureSearch() {
  const { store, actions, id } = useView();
  const [text, setText] = useState("");
  const [hits, setHits] = useState<FeatureCard[] | null>(null);
  const [active, setActive] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const wrong = store.fieldErrors.value["search"] !== undefined;
  const { saes, n_labels } = store.status.value;
  const [sae] = saes;
  const list = hits ?? [];
  const open = hits !== null && text.trim() !== "";

  const close = () => {
    clearTimeout(timer.current);
    setHits(null);
    setActive(0);
  };
  const add = (card: FeatureCard) => {
    actions.addFeature(card);
    setText("");
    close();
  };
  const find = async (words: string): Promise<FeatureCard[] | null> => {
    const found = await actions.search(words);
    if (found !== null) {
      setHits(found);
      setActive(0);
    }
    return found;
  };
  const type = (typed: string) => {
    setText(typed);
    store.ui.fail("search", null);
    clearTimeout(timer.current);
    setHits(null);
    if (typed.trim() !== "") timer.current = setTimeout(() => void find(typed.trim()), TYPING_PAUSE_MS);
  };
  const addNow = async () => {
    const first = list[active];
    if (first !== undefined) return add(first);
    if (text.trim() === "" || hits !== null) return;
    clearTimeout(timer.current); // Enter does not wait for the pause in typing
    const found = await find(text.trim());
    if (found?.[0] !== undefined) add(found[0]);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const last = list.length - 1;
    const move = { ArrowDown: active === last ? 0 : active + 1, ArrowUp: active === 0 ? last : active - 1 }[
      event.key
    ];
    if (move !== undefined && list.length > 0) setActive(move);
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) void addNow();
    else if (event.key === "Escape" && open) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="sw-search">
      <div class="sw-search-box">
        <Icon name="search" />
        <input
          class="sw-input"
          type="text"
          role="combobox"
          aria-label="Find a feature by label or index"
          aria-autocomplete="list"
          aria-expanded={open}
          aria-controls={id("hits")}
          aria-activedescendant={open && list.length > 0 ? id(`hit-${active}`) : undefined}
          aria-invalid={wrong}
          aria-describedby={wrong ? id(errorId("search")) : undefined}
          autoComplete="off"
          spellcheck={false}
          placeholder={
            n_labels > 0
              ? `Search ${n_labels.toLocaleString("en")} labels, or type an index`
              : "Type a feature's index"
          }
          value={text}
          data-testid="sw-search"
          onInput={(event) => type(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onBlur={close}
        />
      </div>
      <div id={id("hits")} class="sw-hits" role="listbox" aria-label="Features found" hidden={!open}>
        {list.map((card, i) => (
          <SearchHit
            key={card.index}
            card={card}
            id={id(`hit-${i}`)}
            active={i === active}
            onPick={() => add(card)}
            onPoint={() => setActive(i)}
          />
        ))}
        {open && list.length === 0 && (
          <p class="sw-no-hits" data-testid="sw-no-hits">
            No feature {/^\d+$/.test(text.trim()) ? "has this index" : "has a label like this"}
            {sae !== undefined ? `; indices go from 0 to ${(sae.d_sae - 1).toLocaleString("en")}` : ""}.
          </p>
        )}
      </div>
      <span class="sw-hidden" role="status">
        {open ? `${count(list.length, "feature")} found` : ""}
      </span>
      <FieldError field="search" testId="sw-field-error-feature" />
    </div>
  );
}
