import {
  MAX_DELAY_SECONDS,
  MAX_MAX_RETRY,
  MAX_MESSAGE_CHARACTERS,
  type ProblemError,
  type RegisterDemoJobRequest,
  registerDemoJobRequest,
} from "@hikyaku/contract";

/** A field of the form, by its name in the request. */
export type JobField = Exclude<keyof RegisterDemoJobRequest, "job_id">;

/** What stands in the form: text, as typed. */
export type JobFormValues = Readonly<Record<JobField, string>>;

/** What is wrong with one field. */
export type FieldFault =
  | { readonly kind: "not-one-line" }
  | { readonly kind: "too-long"; readonly largest: number }
  | { readonly kind: "not-in-range"; readonly largest: number }
  /** Said by the server, in its own words. */
  | { readonly kind: "refused"; readonly message: string };

export type FieldFaults = Readonly<Partial<Record<JobField, FieldFault>>>;

/** The fields from top to bottom. */
const JOB_FIELDS: readonly JobField[] = ["message", "delay_seconds", "max_retry"];

/** A form in which nothing is typed. */
export const EMPTY_JOB_FORM: JobFormValues = { message: "", delay_seconds: "", max_retry: "" };

/** The form read as a request: empty fields are left out, so that the server puts its defaults in. */
export type ReadForm =
  | { readonly valid: true; readonly request: RegisterDemoJobRequest }
  | { readonly valid: false; readonly faults: FieldFaults };

/** Reads the form and checks it with the server's own schema. */
export function readJobForm(values: JobFormValues): ReadForm {
  const candidate: Partial<Record<JobField, unknown>> = {};
  if (values.message !== "") candidate.message = values.message;
  for (const field of ["delay_seconds", "max_retry"] as const) {
    if (values[field].trim() !== "") candidate[field] = numberIn(values[field]);
  }
  const parsed = registerDemoJobRequest.safeParse(candidate);
  if (parsed.success) return { valid: true, request: parsed.data };
  const faults: Partial<Record<JobField, FieldFault>> = {};
  for (const issue of parsed.error.issues) {
    const field = JOB_FIELDS.find((name) => name === issue.path[0]);
    if (field) faults[field] ??= faultOf(field, values);
  }
  return { valid: false, faults };
}

/** Sorts the server's errors. The first error of each field goes to the field; the others stay as they are. */
export function sortRefusals(errors: readonly ProblemError[]): {
  faults: FieldFaults;
  others: readonly ProblemError[];
} {
  const faults: Partial<Record<JobField, FieldFault>> = {};
  const others: ProblemError[] = [];
  for (const error of errors) {
    const field = JOB_FIELDS.find((name) => error.location === `body.${name}`);
    if (field && !faults[field]) faults[field] = { kind: "refused", message: error.message };
    else others.push(error);
  }
  return { faults, others };
}

// Japanese keyboards type full-width digits (１８０), which mean the same number. Other text goes on as text and is
// refused.
function numberIn(text: string): unknown {
  const plain = text.normalize("NFKC").trim();
  return /^-?\d+$/.test(plain) ? Number(plain) : plain;
}

function faultOf(field: JobField, { message }: JobFormValues): FieldFault {
  if (field === "delay_seconds") return { kind: "not-in-range", largest: MAX_DELAY_SECONDS };
  if (field === "max_retry") return { kind: "not-in-range", largest: MAX_MAX_RETRY };
  return [...message].length > MAX_MESSAGE_CHARACTERS
    ? { kind: "too-long", largest: MAX_MESSAGE_CHARACTERS }
    : { kind: "not-one-line" };
}
