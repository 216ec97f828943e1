const PATHS = {
  wait: <path d="M7 1.8 12.2 7 7 12.2 1.8 7Z" />,
  run: <path fill="currentColor" stroke="none" d="M3 1.8 12 7 3 12.2Z" />,
  plan: (
    <>
      <circle cx="7" cy="7" r="5.2" />
      <path d="M7 4v3.2L9.2 8.6" />
    </>
  ),
  again: <path d="M11.8 8A5 5 0 1 1 11 4.2M11.4 1.4v3H8.4" />,
  gone: (
    <>
      <rect x="1.8" y="1.8" width="10.4" height="10.4" rx="1" />
      <path d="M4.8 4.8 9.2 9.2M9.2 4.8 4.8 9.2" />
    </>
  ),
  good: <path strokeWidth="1.8" d="M2 7.6 5.6 11 12 3.4" />,
  pause: <path fill="currentColor" stroke="none" d="M3 2h3v10H3zM8 2h3v10H8z" />,
  bang: <path strokeWidth="2.2" d="M7 2v6M7 11.6v.1" />,
  odd: (
    <>
      <path d="M7 1.6 13 12H1Z" />
      <path d="M7 5.5v2.8M7 10.2v.1" />
    </>
  ),
  none: (
    <>
      <circle cx="7" cy="7" r="5.2" />
      <path d="M3.4 10.6 10.6 3.4" />
    </>
  ),
  sent: <path d="M1.8 7h9.4M7.8 3.4 11.4 7l-3.6 3.6" />,
} as const;

/** The name of an icon. */
export type IconName = keyof typeof PATHS;

/** A small icon in the colour of its text. Decoration: the word beside it says the same. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg
      viewBox="0 0 14 14"
      className="icon"
      aria-hidden="true"
      focusable="false"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {PATHS[name]}
    </svg>
  );
}
