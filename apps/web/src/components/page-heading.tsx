import { type ReactNode, useEffect } from "react";

interface PageHeadingProps {
  /** Goes into the window's title. */
  readonly title: string;
  /** What stands on the page. Default: the title. */
  readonly children?: ReactNode;
}

/** The one `h1` of a page. Names the window, and can take the focus when the page is entered. */
export function PageHeading({ title, children = title }: PageHeadingProps) {
  useEffect(() => {
    document.title = `${title} · Hikyaku`;
  }, [title]);
  return (
    <h1 tabIndex={-1} className="text-4xl leading-tight tracking-tight sm:text-5xl">
      {children}
    </h1>
  );
}
