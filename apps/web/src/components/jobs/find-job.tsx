import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { readJobId } from "../../demo-job/job-id.ts";
import { useLanguage } from "../../i18n/language-context.ts";
import { TextField } from "../text-field.tsx";

/** Takes an id and goes to the page of its job. */
export function FindJob() {
  const { find, idLabel } = useLanguage().messages.jobs;
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [isFaulty, setIsFaulty] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const jobId = readJobId(text);
    setIsFaulty(jobId === undefined);
    if (jobId !== undefined) void navigate({ to: "/dm-jobqueue/jobs/$jobId", params: { jobId } });
  };
  return (
    <section aria-labelledby="find-title" className="aside">
      <header>
        <h2 id="find-title">{find.title}</h2>
      </header>
      <form noValidate onSubmit={submit} aria-labelledby="find-title" className="find">
        <TextField
          name="job_id"
          label={idLabel}
          help={find.help}
          placeholder=""
          value={text}
          fault={isFaulty ? find.fault : undefined}
          onChange={(value) => {
            setText(value);
            setIsFaulty(false);
          }}
        />
        <button type="submit" className="btn">
          {find.submit}
        </button>
      </form>
    </section>
  );
}
