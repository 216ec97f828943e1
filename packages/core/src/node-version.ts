// The first import of every entry: says so at once where Node.js is too old, before anything fails deep inside.

/** The oldest that has all we use; `engines` of the package says the same. */
const oldest = [22, 16] as const;

const { node, bun, deno } = process.versions;
const [major = 0, minor = 0] = node.split(".").map(Number);

// Bun and Deno call themselves some version of Node.js, whatever they can do.
const isNode = bun === undefined && deno === undefined;
if (isNode && (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))) {
  throw new Error(`hikyaku: expected Node.js ${oldest.join(".")} or newer, got ${node} (${process.execPath})`);
}
