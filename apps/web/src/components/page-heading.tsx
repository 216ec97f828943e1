import { type ReactNode, useEffect } from "react";

interface PageHeadingProps {
  /** Goes into the window's title. */
  readonly title: string;
  /** The first page speaks louder. Default: false. */
  readonly isGreeting?: boolean;
  /** What stands on the page. Default: the title. */
  readonly children?: ReactNode;
}

/** The one `h1` of a page. Names the window, and can take the focus when the page is entered. */
export function PageHeading({ title, isGreeting = false, children = title }: PageHeadingProps) {
  useEffect(() => {
    document.title = `${title} · Hikyaku`;
  }, [title]);
  return (
    <h1 tabIndex={-1} data-greeting={isGreeting || undefined}>
      {children}
    </h1>
  );
}
