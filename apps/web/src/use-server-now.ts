import { useEffect, useState } from "react";
import { serverClock } from "./demo-job/this-tab.ts";

/** A moment that is surely past the turn of the second. */
const AFTER_TURN_MS = 15;

/** The server's time in milliseconds, renewed at each turn of the second while `ticking`. */
export function useServerNow(ticking: boolean): number {
  const [, setTurn] = useState(0);
  useEffect(() => {
    if (!ticking) return;
    let timer: ReturnType<typeof setTimeout>;
    const wait = () => {
      timer = setTimeout(turn, 1000 - (serverClock.nowMs() % 1000) + AFTER_TURN_MS);
    };
    const turn = () => {
      setTurn((before) => before + 1);
      wait();
    };
    wait();
    return () => clearTimeout(timer);
  }, [ticking]);
  return serverClock.nowMs();
}
