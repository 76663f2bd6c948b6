import { area, line as lineOf } from "d3-shape";
import type { Point } from "../curves";
import { useView } from "../page";
import type { Plot } from "../plot";
import { isHollow, shapePath } from "../shapes";
import { pointWords } from "./CurveChart";
import type { NamedLine } from "./CurveLegend";

interface Props {
  plot: Plot;
  named: NamedLine;
  number: number;
  points: readonly Point[];
  /** The point that the tab key stops at; null where it is on another line. */
  stop: number | null;
  onTip: (at: number | null) => void;
  onPress: (at: number, cell: number) => void;
}

const POINT_AREA_PX = 58;

/** One line with its points; where a point is missing, the line has a gap. */
export function CurveLine({ plot, named, number, points, stop, onTip, onPress }: Props) {
  const { results } = useView();
  const { x, y, spread, info } = plot;
  const isThere = ({ value }: Point) => value !== null;
  const left = ({ strength }: Point) => x.at(strength);
  const path = lineOf<Point>(left, ({ value }) => y.at(value ?? 0)).defined(isThere)([...points]);
  const band =
    spread === "band"
      ? area<Point>(
          left,
          ({ low }) => y.at(low ?? 0),
          ({ high }) => y.at(high ?? 0),
        ).defined(isThere)([...points])
      : null;
  const shape = shapePath(number, POINT_AREA_PX);
  return (
    <g data-colour={named.colour} data-testid={`sw-line-${info.id}-${number}`}>
      {band !== null && <path class="sw-spread" d={band} />}
      {path !== null && <path class="sw-curve" d={path} />}
      {spread === "dots" &&
        points.flatMap((point) =>
          point.texts.map(({ value, cell }) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: the point beside it leads there by keyboard
            <circle
              key={cell}
              class="sw-curve-dot"
              cx={left(point)}
              cy={y.at(value)}
              r="2.2"
              onClick={() => results.showCell(cell)}
            />
          )),
        )}
      {points.filter(isThere).map((point, at) => (
        <g
          key={point.strength}
          class="sw-point-button"
          role="button"
          tabIndex={at === stop ? 0 : -1}
          aria-label={`${pointWords(plot, named, point)}. Show the text.`}
          data-at={`${number}-${at}`}
          data-testid={`sw-point-${info.id}-${number}-${at}`}
          transform={`translate(${left(point)} ${y.at(point.value ?? 0)})`}
          onFocus={() => onTip(at)}
          onBlur={() => onTip(null)}
          onPointerEnter={() => onTip(at)}
          onPointerLeave={() => onTip(null)}
          onClick={() => onPress(at, point.cell)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            onPress(at, point.cell);
          }}
        >
          <circle class="sw-point-reach" r="10" />
          <circle class="sw-point-ring" r="8" />
          <path class="sw-point" data-hollow={isHollow(number)} d={shape} />
        </g>
      ))}
    </g>
  );
}
