// The first import of every entry: it says at once that Node.js is too old, before something fails deep inside.

/** The oldest version with everything that we use. The package's `engines` says the same. */
const oldest = [22, 16] as const;

const { node, bun, deno } = process.versions;
const [major = 0, minor = 0] = node.split(".").map(Number);

// Bun and Deno claim some version of Node.js, whatever they can do.
const isNode = bun === undefined && deno === undefined;
if (isNode && (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))) {
  throw new Error(`hikyaku: expected Node.js ${oldest.join(".")} or newer, got ${node} (${process.execPath})`);
}
