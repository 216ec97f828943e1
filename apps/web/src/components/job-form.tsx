import { DEFAULT_DELAY_SECONDS, DEFAULT_MAX_RETRY, DEFAULT_MESSAGE } from "@hikyaku/contract";
import type { FormEvent, Ref } from "react";
import type { FieldFault, FieldFaults, JobField, JobFormValues } from "../demo-job/job-form-state.ts";
import { useLanguage } from "../i18n/language-context.ts";
import type { Messages } from "../i18n/messages/en.ts";
import { TextField } from "./text-field.tsx";

interface JobFormProps {
  readonly values: JobFormValues;
  readonly faults: FieldFaults;
  /** A registration is on its way: the button says so and does nothing. */
  readonly isPending: boolean;
  readonly ref: Ref<HTMLFormElement>;
  readonly onChange: (field: JobField, value: string) => void;
  readonly onSubmit: () => void;
}

/** Message, delay and retries, each optional, with its default as the placeholder. */
export function JobForm({ values, faults, isPending, ref, onChange, onSubmit }: JobFormProps) {
  const { job } = useLanguage().messages;
  const field = (name: JobField) => {
    const fault = faults[name];
    return {
      name,
      label: job.fields[name].label,
      value: values[name],
      fault: fault && faultText(fault, job.faults),
      onChange: (value: string) => onChange(name, value),
    };
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form ref={ref} noValidate onSubmit={submit} aria-label={job.title} className="form">
      <TextField {...field("message")} placeholder={DEFAULT_MESSAGE} help={job.fields.message.help(DEFAULT_MESSAGE)} />
      <TextField
        {...field("delay_seconds")}
        inputMode="numeric"
        placeholder={String(DEFAULT_DELAY_SECONDS)}
        help={job.fields.delay_seconds.help(DEFAULT_DELAY_SECONDS)}
      />
      <TextField
        {...field("max_retry")}
        inputMode="numeric"
        placeholder={String(DEFAULT_MAX_RETRY)}
        help={job.fields.max_retry.help(DEFAULT_MAX_RETRY)}
      />
      <button
        type="submit"
        // Not `disabled`, which would throw the focus away while the request is on its way.
        aria-disabled={isPending}
        className="btn btn-first"
      >
        {isPending ? job.submitting : job.submit}
      </button>
    </form>
  );
}

function faultText(fault: FieldFault, texts: Messages["job"]["faults"]): string {
  switch (fault.kind) {
    case "not-one-line":
      return texts.notOneLine;
    case "too-long":
      return texts.tooLong(fault.largest);
    case "not-in-range":
      return texts.notInRange(fault.largest);
    case "refused":
      return texts.refused(fault.message);
  }
}
