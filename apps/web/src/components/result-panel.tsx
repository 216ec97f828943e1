import { type ReactNode, type Ref, useId } from "react";

interface ResultPanelProps {
  readonly title: string;
  /** Lets the page move the focus here. */
  readonly ref?: Ref<HTMLElement>;
  readonly children: ReactNode;
}

/** Why a request was refused: a region named by its heading. */
export function ResultPanel({ title, ref, children }: ResultPanelProps) {
  const titleId = useId();
  return (
    <section ref={ref} tabIndex={-1} aria-labelledby={titleId} className="refusal">
      <h3 id={titleId}>{title}</h3>
      <div className="mt-1 space-y-1">{children}</div>
    </section>
  );
}
