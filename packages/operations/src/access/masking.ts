import { permits, type Scope } from "@hikyaku/contract";
import { HikyakuError } from "hikyaku";
import { type Mask, type MaskedPart, maskedParts, noMask } from "../presenters/mask.ts";
import type { Identity } from "./request-head.ts";

/** What callers do not get to see of tasks. Whoever may do everything sees everything. */
export interface Masking {
  /** Names of keys in payloads, results, headers and fields of logs whose values nobody sees. In either case of letters. */
  readonly keys?: readonly string[];
  /** Parts that callers do not see who may `read` at most, and those who may `operate`. */
  readonly hidden?: Readonly<Partial<Record<Extract<Scope, "read" | "operate">, readonly MaskedPart[]>>>;
}

/** @throws HikyakuError `invalid_option` for parts that are none. */
export function checkMasking({ hidden = {} }: Masking): void {
  for (const part of Object.values(hidden).flat()) {
    if (maskedParts.includes(part)) continue;
    throw new HikyakuError(
      "invalid_option",
      `option "masking": expected parts of ${maskedParts.join(", ")}, got "${String(part)}"`,
    );
  }
}

/** What this caller does not see. */
export function maskOf({ keys = [], hidden = {} }: Masking, identity: Identity | undefined): Mask {
  const scopes = identity?.scopes ?? [];
  if (scopes.includes("admin")) return noMask;
  const parts = (permits(scopes, "operate") ? hidden.operate : hidden.read) ?? [];
  return { parts, keys: keys.map((key) => key.toLowerCase()) };
}
