import type { Profiler } from "node:inspector";

interface Frame {
  readonly name: string;
  readonly place: string;
  self: number;
  total: number;
  readonly children: Frame[];
}

const width = 1_200;
const rowHeight = 17;
const top = 34;
const narrowest = 0.4;
const characterWidth = 6.4;
const tones = ["#d9622b", "#dd7a3a", "#c99a2e", "#d0803c", "#b9702f", "#cf8f2a"];

/** A call tree as an SVG: as wide as the time it took, callees below their callers. Time that was idle is left out. */
export function flameGraph(profile: Profiler.Profile, title: string): string {
  const root = treeOf(profile);
  const rects: string[] = [];
  let deepest = 0;
  const draw = (frame: Frame, x: number, depth: number): void => {
    const span = (frame.total / root.total) * width;
    if (span < narrowest) return;
    deepest = Math.max(deepest, depth);
    const y = top + depth * rowHeight;
    const share = ((frame.total / root.total) * 100).toFixed(2);
    const own = ((frame.self / root.total) * 100).toFixed(2);
    const fits = Math.floor((span - 4) / characterWidth);
    const label =
      fits < 3 ? "" : `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escaped(frame.name.slice(0, fits))}</text>`;
    rects.push(
      `<g><title>${escaped(`${frame.name} ${frame.place}: ${share} %, itself ${own} %`)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(narrowest, span - 0.3).toFixed(1)}" height="${rowHeight - 1}" fill="${toneOf(frame.name)}"/>${label}</g>`,
    );
    let childX = x;
    for (const child of frame.children) {
      draw(child, childX, depth + 1);
      childX += (child.total / root.total) * width;
    }
  };
  draw(root, 0, 0);
  const height = top + (deepest + 1) * rowHeight + 10;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, monospace" font-size="11" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" fill="#fffdf8"/>
<text x="6" y="20" font-size="13">${escaped(title)}</text>
${rects.join("\n")}
</svg>
`;
}

function treeOf(profile: Profiler.Profile): Frame {
  const took = new Map<number, number>();
  for (const [index, id] of (profile.samples ?? []).entries()) {
    took.set(id, (took.get(id) ?? 0) + (profile.timeDeltas?.[index] ?? 0));
  }
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const frameOf = (id: number): Frame => {
    const node = nodes.get(id);
    const { functionName = "", url = "", lineNumber = 0 } = node?.callFrame ?? {};
    const isIdle = functionName === "(idle)";
    const children = (node?.children ?? []).map(frameOf).filter(({ total }) => total > 0);
    children.sort((a, b) => b.total - a.total);
    const self = isIdle ? 0 : (took.get(id) ?? 0);
    const place = url === "" ? "" : `${url.replace(/^.*\/(node_modules|packages|bench)\//, "$1/")}:${lineNumber + 1}`;
    const total = children.reduce((sum, child) => sum + child.total, self);
    return { name: functionName || "(anonymous)", place, self, total, children };
  };
  return frameOf(profile.nodes[0]?.id ?? 1);
}

function toneOf(name: string): string {
  let sum = 0;
  for (let index = 0; index < name.length; index++) sum += name.charCodeAt(index);
  return tones[sum % tones.length] ?? "#d9622b";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
