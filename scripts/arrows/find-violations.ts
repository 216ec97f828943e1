import type { Arrow } from "./imports.ts";
import { rules } from "./rules.ts";

/** One sentence for each import that goes the wrong way and each circle of imports. Empty when all is well. */
export function findViolations(arrows: readonly Arrow[]): string[] {
  const wrongWay = arrows.flatMap((arrow) =>
    rules
      .filter((rule) => rule.breaks(arrow))
      .map(({ promise }) => `${arrow.from}:${arrow.line} imports "${arrow.specifier}", but ${promise}`),
  );
  return [...wrongWay, ...findCircles(arrows).map((circle) => `these files import each other: ${circle.join(" -> ")}`)];
}

/** The circles that a walk from file to file closes, each once, as the files in order with the first one repeated. */
function findCircles(arrows: readonly Arrow[]): string[][] {
  const next = new Map<string, string[]>();
  // The generator of the HTTP client writes some.
  const ours = arrows.filter(({ from }) => !/\/http-client\/src\/generated\//.test(from));
  for (const { from, to } of ours) next.set(from, [...(next.get(from) ?? []), to]);
  const circles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string): void => {
    if (done.has(file)) return;
    const start = path.indexOf(file);
    if (start !== -1) {
      circles.push([...path.slice(start), file]);
      return;
    }
    path.push(file);
    for (const to of next.get(file) ?? []) walk(to);
    path.pop();
    done.add(file);
  };
  for (const file of next.keys()) walk(file);
  return circles;
}
