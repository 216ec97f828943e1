/** What the exit codes mean. Those from 64 up are the usual ones of `sysexits.h`; 78 is for settings that can't be used. */
export const exitCodes = {
  ok: 0,
  /** `doctor`: something is wrong. `servers quiet` and `stop`: the server has not been seen to obey. */
  findings: 1,
  usage: 64,
  storeUnavailable: 69,
  /** The store answered with an error. */
  failed: 70,
  /** The result could not be written, as on a full disk. */
  notWritten: 74,
} as const;
