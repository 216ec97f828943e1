import { useEffect, useRef, useState } from "react";

/** One thing that is said again only when its `key` changes. */
export interface Announced {
  readonly id: string;
  readonly key: string;
  readonly text: string;
}

/** The text of the last change, for a live region. Empty until something changes: the first state is not announced. */
export function useAnnouncement(all: readonly Announced[]): string {
  const known = useRef<Map<string, string>>(undefined);
  const [text, setText] = useState("");
  const keys = new Map(all.map(({ id, key }) => [id, key]));
  const before = known.current;
  const news = before === undefined ? [] : all.filter(({ id, key }) => before.get(id) !== key);
  const newsText = news.map((each) => each.text).join(" ");
  useEffect(() => {
    known.current = keys;
    if (newsText !== "") setText(newsText);
  });
  return text;
}
