import { type ReactNode, type Ref, useId } from "react";

interface ResultPanelProps {
  readonly tone: "good" | "bad";
  readonly title: string;
  /** Lets the page move the focus here. */
  readonly ref?: Ref<HTMLElement>;
  readonly children: ReactNode;
}

/** What became of a request: a region named by its heading. */
export function ResultPanel({ tone, title, ref, children }: ResultPanelProps) {
  const titleId = useId();
  return (
    <section
      ref={ref}
      tabIndex={-1}
      aria-labelledby={titleId}
      className={`settle-in border-l-4 bg-sheet px-5 py-4 ${tone === "good" ? "border-good" : "border-bad"}`}
    >
      <h2 id={titleId} className={`text-xl ${tone === "good" ? "text-good" : "text-bad"}`}>
        {title}
      </h2>
      <div className="mt-2 space-y-2">{children}</div>
    </section>
  );
}
