/** Horizontal bars as an SVG. In: a title, bars in groups. Out: text of a picture. No effects. */

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** As it is written beside the bar. */
  readonly label: string;
  /** Ours stand out. */
  readonly ours: boolean;
}

export interface Group {
  readonly name: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 720;
const LEFT = 230;
const RIGHT = 110;
const LINE = 20;
const TOP = 40;

/** @param scale one for all groups, or one for each */
export function plotBars(title: string, groups: readonly Group[], scale: "one" | "each" = "one"): string {
  const most = (some: readonly Group[]): number =>
    Math.max(Number.MIN_VALUE, ...some.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const parts: string[] = [];
  let y = TOP;
  for (const group of groups) {
    const { name, bars } = group;
    const longest = most(scale === "one" ? groups : [group]);
    if (name !== "") parts.push(`<text x="10" y="${y + 14}" font-weight="bold">${escaped(name)}</text>`);
    y += name === "" ? 0 : LINE;
    for (const bar of bars) {
      parts.push(line(bar, y, longest));
      y += LINE;
    }
    y += LINE / 2;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${y + 10}" fill="#ffffff"/>
<text x="10" y="22" font-size="14">${escaped(title)}</text>
${parts.join("\n")}
</svg>
`;
}

function line({ name, value, label, ours }: Bar, y: number, most: number): string {
  const width = Math.max(1, Math.round((value / most) * (WIDTH - LEFT - RIGHT)));
  return `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${escaped(name)}</text>
<rect x="${LEFT}" y="${y + 3}" width="${width}" height="14" fill="${ours ? "#0b6e99" : "#9aa5ad"}"/>
<text x="${LEFT + width + 6}" y="${y + 14}">${escaped(label)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
