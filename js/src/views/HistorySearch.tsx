import { useView } from "../page";
import { PLAIN_TEXT } from "../plain_text";
import { Icon } from "./Icon";

const MAX_TAGS = 24;

/** Words and a tag that the list is narrowed by. */
export function HistorySearch() {
  const { history } = useView();
  const { tags, tag } = history;
  return (
    <search class="sw-history-search">
      <div class="sw-search-box">
        <Icon name="search" />
        <input
          class="sw-input"
          aria-label="Find past runs by words in prompts, labels, texts, names or tags"
          placeholder="Search prompts, labels, texts, names and tags"
          {...PLAIN_TEXT}
          value={history.text.value}
          data-testid="sw-history-search"
          onInput={(event) => history.search(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape" && history.text.value !== "") history.search("");
          }}
        />
      </div>
      {tags.value.length > 0 && (
        <fieldset class="sw-history-tags">
          <legend class="sw-hidden">Only runs with this tag</legend>
          {tags.value.slice(0, MAX_TAGS).map((name) => (
            <button
              key={name}
              type="button"
              class="sw-history-chip"
              aria-pressed={tag.value === name}
              data-testid={`sw-history-tag-${name}`}
              onClick={() => history.searchTag(name)}
            >
              {tag.value === name && <Icon name="check" />}
              <span dir="auto">{name}</span>
            </button>
          ))}
        </fieldset>
      )}
    </search>
  );
}
