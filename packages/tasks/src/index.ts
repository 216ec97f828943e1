export { delayPrint } from "./delay-print.ts";
export { type DelayPrintOptions, delayPrintHandler } from "./delay-print-handler.ts";
