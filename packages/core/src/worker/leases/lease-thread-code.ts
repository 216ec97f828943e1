/**
 * What the lease thread runs: a file here, the program's text in the built library. So a bundler needs to know no file,
 * and takes none for the user's program.
 */
export const leaseThreadCode: URL | string = new URL("../../lease-thread-program.ts", import.meta.url);
