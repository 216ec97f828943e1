import type { RegisterDemoJobRequest } from "@hikyaku/contract";
import { curlCommand } from "../../demo-job/curl-command.ts";
import { useLanguage } from "../../i18n/language-context.ts";
import { CopyButton } from "../copy-button.tsx";

/** The form's request as a command, to copy. */
export function CurlExample({ request }: { readonly request: RegisterDemoJobRequest }) {
  const { form } = useLanguage().messages.jobs;
  const command = curlCommand(window.location.origin, request);
  return (
    <section aria-labelledby="curl-title" className="aside">
      <header>
        <h2 id="curl-title">{form.curl}</h2>
        <CopyButton text={command} what={form.curl} />
      </header>
      <pre className="box">{command}</pre>
      <p className="cap">{form.curlNote}</p>
    </section>
  );
}
