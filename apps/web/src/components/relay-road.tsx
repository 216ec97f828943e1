import { useLanguage } from "../i18n/language-context.ts";
import { CourierMark } from "./courier-mark.tsx";

/** The three stations of a job on one road, with the courier on the way to the last. */
export function RelayRoad() {
  const { messages } = useLanguage();
  return (
    <section aria-labelledby="relay-title" className="mt-14 max-w-4xl">
      <h2 id="relay-title">{messages.home.relayTitle}</h2>
      <ol className="mt-8 grid sm:mt-10 gap-x-8 sm:grid-cols-3">
        {messages.home.relay.map(({ name, text }, index) => (
          <li
            key={name}
            className="relative border-l border-edge pb-7 pl-6 last:pb-0 sm:border-t sm:border-l-0 sm:pt-6 sm:pb-0 sm:pl-0"
          >
            <span
              aria-hidden="true"
              className="absolute top-1.5 -left-[6.5px] size-3 rotate-45 border border-seal bg-paper data-passed:bg-seal sm:-top-[6.5px] sm:left-0"
              data-passed={index < 2 || undefined}
            />
            {index === 1 && <CourierMark className="absolute -top-[3.3rem] right-6 hidden size-14 sm:block" />}
            <h3>{name}</h3>
            <p className="mt-0.5 text-quiet">{text}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}
