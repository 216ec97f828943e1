/**
 * For an ordered queue. `strict`: nothing is handed out while a task of the queue waits for its retry, which then goes
 * before all others. `loose`: others overtake it.
 */
export type QueueDiscipline = "strict" | "loose";

/** What a claim may take from a queue. Kept with the queue in the store: every claim obeys it, whoever makes it. */
export type ClaimPolicy =
  /** Any tasks that can be run, however many are held. */
  | { readonly kind: "open" }
  /** Only the next task, and only while nobody holds a task of the queue. */
  | { readonly kind: "ordered"; readonly discipline: QueueDiscipline };

export const openPolicy: ClaimPolicy = { kind: "open" };

/** The policy as stores keep it: `<kind>:<details>`. An open queue has no text, so it costs nothing. */
export function policyText(policy: ClaimPolicy): string | undefined {
  return policy.kind === "open" ? undefined : `${policy.kind}:${policy.discipline}`;
}

/** What a store keeps as a queue's policy; undefined for one that this version does not know. */
export function policyOf(text: string | undefined): ClaimPolicy | undefined {
  switch (text) {
    case undefined:
      return openPolicy;
    case "ordered:strict":
      return { kind: "ordered", discipline: "strict" };
    case "ordered:loose":
      return { kind: "ordered", discipline: "loose" };
    default:
      return undefined;
  }
}

/** For people. */
export function policyName(text: string | undefined): string {
  return text ?? "open";
}
