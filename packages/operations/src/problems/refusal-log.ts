import { errorText, isHikyakuError } from "hikyaku";

const windowMs = 10_000;
const mostLines = 20;

type RefusalLevel = "info" | "warn";
/** Writes one line of a log. */
type SayRefusal = (level: RefusalLevel, message: string, fields: Readonly<Record<string, unknown>>) => void;

/** The lines of one code since its window began. */
interface Window {
  readonly level: RefusalLevel;
  readonly timer: NodeJS.Timeout;
  lines: number;
  leftOut: number;
}

/**
 * Logs requests that are refused because the store can't be used. While the store is away there may be any number. So
 * 20 lines of each code are written in ten seconds. The others are counted, and one line at the end of the ten seconds
 * says how many.
 */
export class RefusalLog {
  readonly #what: string;
  readonly #say: SayRefusal;
  readonly #windows = new Map<string, Window>();

  /** `what` begins each line, such as `request refused`. */
  constructor(what: string, say: SayRefusal) {
    this.#what = what;
    this.#say = say;
  }

  /** `fields` say which request it was. */
  write(error: unknown, fields: Readonly<Record<string, unknown>>): void {
    const code = isHikyakuError(error) ? error.code : "unknown";
    let window = this.#windows.get(code);
    if (window === undefined) {
      // The process reports once that the store is away. That a client has gone concerns nobody.
      const level = code === "broker_unavailable" || code === "cancelled" ? "info" : "warn";
      window = { level, timer: setTimeout(() => this.#end(code), windowMs).unref(), lines: 0, leftOut: 0 };
      this.#windows.set(code, window);
    }
    if (window.lines < mostLines) {
      window.lines++;
      this.#say(window.level, `${this.#what}: the store cannot be used`, { ...fields, code, reason: errorText(error) });
    } else window.leftOut++;
  }

  /** Logs at once what was left out so far, as at the end of the server. The log can be used further. */
  flush(): void {
    for (const code of [...this.#windows.keys()]) this.#end(code);
  }

  #end(code: string): void {
    const window = this.#windows.get(code);
    if (window === undefined) return;
    clearTimeout(window.timer);
    this.#windows.delete(code);
    const { level, leftOut } = window;
    if (leftOut > 0)
      this.#say(level, `${this.#what}: the store cannot be used, ${leftOut} times more`, { code, leftOut });
  }
}
