import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "../../..");

/** Every page that people read, as a path from the root of the repository. */
export const pages: readonly string[] = globSync(
  ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "packages/*/README.md", "docs/**/*.md"],
  { cwd: root },
).sort();

/** One fenced block of a page. */
export interface Fence {
  readonly page: string;
  /** Of its first fence, counted from 1. */
  readonly line: number;
  /** What stands behind the fence; empty where nothing does. */
  readonly language: string;
  readonly code: string;
  /** The YAML of the comment `<!-- run … -->` right before it, or undefined. */
  readonly comment: string | undefined;
}

const cache = new Map<string, string>();

export function textOf(page: string): string {
  const text = cache.get(page) ?? readFileSync(join(root, page), "utf8");
  cache.set(page, text);
  return text;
}

/** The fenced blocks of a text, in their order. Throws where the last one has no end. */
export function fencesIn(page: string, text: string): Fence[] {
  const lines = text.split("\n");
  const fences: Fence[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, indent, marks, language] = /^(\s*)(`{3,}|~{3,})\s*(.*)$/.exec(lines[at] ?? "") ?? [];
    if (indent === undefined || marks === undefined || language === undefined) continue;
    const end = lines.findIndex((line, index) => index > at && line.trim() === marks);
    if (end === -1) throw new Error(`${page}:${at + 1}: expected an end of the block, got none`);
    const code = lines.slice(at + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    fences.push({
      page,
      line: at + 1,
      language: language.trim(),
      code: `${code.join("\n")}\n`,
      comment: commentBefore(lines.slice(0, at)),
    });
    at = end;
  }
  return fences;
}

/** The YAML of the comment that ends right before a fence, without the indent that it has in a list. */
function commentBefore(lines: readonly string[]): string | undefined {
  const before = lines.join("\n").replace(/\n*$/, "");
  const [, indent = "", yaml] = /(?:^|\n)( *)<!-- run\n((?:(?!-->).)*)-->$/s.exec(before) ?? [];
  return yaml?.replaceAll(new RegExp(`^${indent}`, "gm"), "");
}

/** A page without its blocks and comments: what is said in words. */
export function proseOf(page: string): string {
  return textOf(page)
    .replaceAll(/<!--.*?-->/gs, "")
    .replaceAll(/^( *)(`{3,}).*?^\1\2$/gms, "");
}

/** What a page says in `code`, in its prose. */
export function inlineCodeOf(page: string): string[] {
  return [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}
