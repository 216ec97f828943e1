/**
 * What the lease thread runs: a file here, and in the built library the program itself, as text. So there is no file that a
 * bundler must be told of, and none that it may take for the user's program.
 */
export const leaseThreadCode: URL | string = new URL("../../lease-thread-program.ts", import.meta.url);
