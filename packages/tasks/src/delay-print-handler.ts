import {
  type Clock,
  type HandlerContext,
  type PayloadOutput,
  type ResultInput,
  systemClock,
  visibleText,
} from "hikyaku";
import type { delayPrint } from "./delay-print.ts";
import { LinePrinter } from "./line-printer.ts";

export interface DelayPrintOptions {
  /** Default: the machine's clock. */
  readonly clock?: Pick<Clock, "now">;
  /** Default: this process's stdout. */
  readonly printer?: LinePrinter;
}

type Context = Pick<HandlerContext<PayloadOutput<typeof delayPrint>>, "payload" | "signal">;

/**
 * The handler of `delayPrint`. It prints exactly one line, `[YYYY-MM-DD HH:MM:SS] message`, in local time, and returns
 * when that line was printed. Nothing else in the process may write to stdout.
 */
export function delayPrintHandler(
  options: DelayPrintOptions = {},
): (context: Context) => Promise<ResultInput<typeof delayPrint>> {
  const { clock = systemClock, printer = new LinePrinter(1) } = options;
  return async ({ payload, signal }) => {
    await printer.print(`[${localTime(clock.now())}] ${visibleText(payload.message)}`, signal);
    return { printed_at: new Date(clock.now()).toISOString() };
  };
}

function localTime(moment: number): string {
  const date = new Date(moment);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join("-");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
  return `${day} ${time}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
