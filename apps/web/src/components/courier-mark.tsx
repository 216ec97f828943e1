/** A running courier with the letter box on a pole over the shoulder. Decoration: hidden from screen readers. */
export function CourierMark({ className }: { readonly className?: string }) {
  return (
    <svg viewBox="0 0 96 96" className={className} aria-hidden="true" focusable="false" fill="none">
      <g stroke="currentColor" strokeLinecap="round" strokeLinejoin="round">
        <path d="M84 31 L20 43" strokeWidth="3.5" />
        <path d="M60 34 L46 59" strokeWidth="11" />
        <path d="M47 60 L66 65 L61 85 L68 86" strokeWidth="6.5" />
        <path d="M45 60 L37 75 L17 77 L14 72" strokeWidth="6.5" />
        <path d="M61 37 L73 45 L79 33" strokeWidth="5" />
      </g>
      <circle cx="66" cy="19" r="8.5" fill="currentColor" />
      <path d="M57 12 L48 8 M57 14 L46 14" stroke="var(--seal)" strokeWidth="3" strokeLinecap="round" />
      <path d="M58.5 15.5 L74 17.5" stroke="var(--seal)" strokeWidth="3.5" />
      <rect x="8" y="36" width="21" height="17" rx="1.5" transform="rotate(-10 18 44)" fill="var(--seal)" />
    </svg>
  );
}
