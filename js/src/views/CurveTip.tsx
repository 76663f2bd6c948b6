import { stopWords } from "../columns";
import type { Point } from "../curves";
import { count } from "../numbers";
import type { Plot } from "../plot";
import type { NamedLine } from "./CurveLegend";

interface Props {
  plot: Plot;
  named: NamedLine;
  point: Point;
}

const TIP_PX = 190;
const ROOM_ABOVE_PX = 84;

/** The numbers of a point, beside it. Screen readers have them in the point's own name. */
export function CurveTip({ plot, named, point }: Props) {
  const { info, x, y, widthPx, spread } = plot;
  const top = y.at(point.value ?? 0);
  const left = Math.min(Math.max(x.at(point.strength) - TIP_PX / 2, 0), Math.max(0, widthPx - TIP_PX));
  const values = point.texts.map(({ value }) => value);
  return (
    <div
      class="sw-curve-tip"
      aria-hidden
      data-below={top < ROOM_ABOVE_PX}
      data-colour={named.colour}
      data-testid="sw-tip"
      style={{ left: `${left}px`, top: `${top}px`, width: `${TIP_PX}px` }}
    >
      <span class="sw-curve-tip-name" dir="auto">
        {named.name}
      </span>
      <span class="sw-strength">{stopWords(named.line, point.strength)}</span>
      <span>
        {info.name} <b>{point.value === null ? "–" : info.words(point.value)}</b>
      </span>
      {spread !== "none" && (
        <span class="sw-quiet">
          {`${count(point.n, "text")}, ${info.words(Math.min(...values))} to ${info.words(Math.max(...values))}`}
        </span>
      )}
    </div>
  );
}
