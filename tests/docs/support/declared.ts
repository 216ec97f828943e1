import { parse } from "yaml";
import { z } from "zod";
import { type Fence, fencesIn, pages, textOf } from "./pages.ts";

const reason = z.string().min(10);
const replace = z.record(z.string(), z.string()).optional();

/**
 * What a comment `<!-- run … -->` may say, by the language of the block below it. Without one, a block is run as its
 * language says. CONTRIBUTING.md describes all of it.
 */
const declarations = {
  ts: z.strictObject({
    /** Only its types are checked, for this reason. */
    types: reason.optional(),
    setup: z.string().optional(),
    teardown: z.string().optional(),
    id: z.string().optional(),
    /** The `id` of an earlier block of the page, which stands before this one. */
    after: z.string().optional(),
    replace,
    /** It does not end by itself: it is ended once its output has this text. */
    until: z.string().optional(),
    /** It runs until this signal, which it gets as soon as it listens; then it ends with 0. */
    stops: z.literal("SIGTERM").optional(),
    /** A test of Vitest, which Vitest runs. */
    vitest: z.boolean().optional(),
  }),
  sh: z.strictObject({
    /** Not run, for this reason; but the scripts, files and options that it names must exist. */
    named: reason.optional(),
    /** Lines of shell before it. */
    setup: z.string().optional(),
    replace,
    exit: z.int().optional(),
    /** Stops or evicts servers: it gets programs of its own. */
    own: z.boolean().optional(),
  }),
  text: z.strictObject({
    not: reason.optional(),
    /** A line of the worker's stdout, instead of what the commands above it print. */
    from: z.literal("worker").optional(),
    /** The error for these settings. */
    refused: z.strictObject({ config: z.string(), env: z.record(z.string(), z.string()) }).optional(),
  }),
  json: z.strictObject({ schema: z.enum(["readiness", "readinessFinding", "findings"]) }),
  yaml: z.strictObject({ replace }),
  conf: z.strictObject({}),
  acl: z.strictObject({}),
  go: z.strictObject({ setup: z.string(), teardown: z.string(), prints: z.string() }),
} as const;

export type Language = keyof typeof declarations;
type DeclarationOf<L extends Language> = z.infer<(typeof declarations)[L]>;

/** A block whose language is known, with what its comment says. */
export interface Block<L extends Language = Language> extends Fence {
  readonly language: L;
  readonly run: DeclarationOf<L>;
}

/** What is wrong with how a block is declared, or undefined. */
export function problemOf(fence: Fence): string | undefined {
  const place = `${fence.page}:${fence.line}`;
  if (!isLanguage(fence.language)) {
    const known = Object.keys(declarations).join(", ");
    return `${place}: expected a block in one of the languages ${known}; got ${JSON.stringify(fence.language)}`;
  }
  const result = declarations[fence.language].safeParse(parse(fence.comment ?? "{}"));
  return result.success ? undefined : `${place}: ${z.prettifyError(result.error)}`;
}

/** All blocks of all pages in this language; throws where one is not declared as it should be. */
export function blocksIn<L extends Language>(language: L): Block<L>[] {
  return pages.flatMap((page) => blocksOf(page).filter((block): block is Block<L> => block.language === language));
}

export function blocksOf(page: string): Block[] {
  return fencesIn(page, textOf(page)).map((fence) => {
    const problem = problemOf(fence);
    if (problem !== undefined) throw new Error(problem);
    const language = fence.language as Language;
    return { ...fence, language, run: declarations[language].parse(parse(fence.comment ?? "{}")) } as Block;
  });
}

function isLanguage(language: string): language is Language {
  return Object.hasOwn(declarations, language);
}

export function replaced(text: string, replacements: Readonly<Record<string, string>> = {}): string {
  return Object.entries(replacements).reduce((so, [from, to]) => {
    if (!so.includes(from))
      throw new Error(`expected ${JSON.stringify(from)} in the block, to be replaced; got\n${so}`);
    return so.replaceAll(from, to);
  }, text);
}
