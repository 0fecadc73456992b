/** The soak's memory over its requests as an SVG. In: samples and a title. Out: text of a picture. No effects. */
import type { Sample } from "./run.ts";

const WIDTH = 720;
const PANEL = 160;
const LEFT = 70;
const TOP = 40;

interface Line {
  readonly name: string;
  readonly color: string;
  readonly of: (sample: Sample) => number;
}

const lines: readonly Line[] = [
  { name: "resident MiB", color: "#0b6e99", of: ({ residentBytes }) => residentBytes / 1024 ** 2 },
  { name: "guest pages (64 KiB, all VMs)", color: "#99540b", of: ({ guestPages }) => guestPages },
];

export function plot(samples: readonly Sample[], title: string): string {
  const most = Math.max(1, ...samples.map(({ requests }) => requests));
  const height = TOP + lines.length * (PANEL + 40) + 10;
  const panels = lines.map((line, index) => panel(line, samples, most, TOP + index * (PANEL + 40))).join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="${LEFT}" y="22" font-size="14">${escaped(title)}</text>
${panels}
</svg>
`;
}

function panel({ name, color, of }: Line, samples: readonly Sample[], most: number, top: number): string {
  const ceiling = Math.max(1, ...samples.map(of)) * 1.2;
  const x = (requests: number) => round(LEFT + (requests / most) * (WIDTH - LEFT - 20));
  const y = (value: number) => round(top + PANEL - (value / ceiling) * PANEL);
  const points = samples.map((sample) => `${x(sample.requests)},${y(of(sample))}`).join(" ");
  const last = samples.at(-1);
  const end = last === undefined ? 0 : of(last);
  return `<path d="M${LEFT} ${top}V${top + PANEL}H${WIDTH - 20}" fill="none" stroke="#888888"/>
<text x="${LEFT + 6}" y="${top + 14}" fill="${color}">${name}: ${round(end)} at the end</text>
<text x="${LEFT - 6}" y="${top + PANEL}" text-anchor="end">0</text>
<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${round(ceiling)}</text>
<text x="${WIDTH - 20}" y="${top + PANEL + 16}" text-anchor="end">${most.toLocaleString("en")} requests</text>
<polyline points="${points}" fill="none" stroke="${color}" stroke-width="1.5"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
