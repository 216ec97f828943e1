import type { Messages } from "../i18n/messages/en.ts";

/** One entry of the header's navigation. A further page is one more entry here. */
export type NavigationEntry = {
  readonly label: keyof Messages["navigation"];
} & (
  | { readonly kind: "page"; readonly to: "/" | "/dm-jobqueue" }
  /** Served by the API server itself, outside of these pages. */
  | { readonly kind: "document"; readonly href: "/docs" }
);

export const NAVIGATION: readonly NavigationEntry[] = [
  { kind: "page", label: "home", to: "/" },
  { kind: "page", label: "registerJob", to: "/dm-jobqueue" },
  { kind: "document", label: "apiDocs", href: "/docs" },
];
