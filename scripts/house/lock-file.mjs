/**
 * One entry of a `package-lock.json` under `packages`, in the parts that this project reads.
 *
 * @typedef {{
 *   version?: string, resolved?: string, integrity?: string, link?: boolean, inBundle?: boolean, optional?: boolean,
 *   devOptional?: boolean, os?: string[], cpu?: string[], libc?: string[], dependencies?: Record<string, string>,
 *   devDependencies?: Record<string, string>, optionalDependencies?: Record<string, string>,
 *   peerDependencies?: Record<string, string>, peerDependenciesMeta?: Record<string, { optional?: boolean }>,
 * }} LockedPackage
 */
/** @typedef {Record<string, LockedPackage>} LockedPackages `packages` of a lock file: folder to entry */
/** @typedef {{ os: string, cpu: string, libc?: string }} Platform as npm's `--os`, `--cpu` and `--libc` name it */

/** The platform that this process runs on. */
export function thisPlatform() {
  /** @type {Platform} */
  const platform = { os: process.platform, cpu: process.arch };
  if (platform.os !== "linux") return platform;
  /** @type {{ header?: { glibcVersionRuntime?: string } }} */
  const report = process.report.getReport();
  return { ...platform, libc: report.header?.glibcVersionRuntime === undefined ? "musl" : "glibc" };
}

/** Whether npm installs this package on that platform. @type {(entry: LockedPackage, platform: Platform) => boolean} */
export function fits(entry, { os, cpu, libc }) {
  return allows(entry.os, os) && allows(entry.cpu, cpu) && (libc === undefined || allows(entry.libc, libc));
}

/** @type {(names: string[] | undefined, name: string) => boolean} `names` may hold "!name": anything but that. */
function allows(names = [], name) {
  if (names.includes(`!${name}`)) return false;
  return names.includes(name) || names.every((other) => other.startsWith("!"));
}

/** Whether the package is for some platforms only, as a compiled binding is. */
export function isNative(/** @type {LockedPackage} */ { os, cpu }) {
  return os !== undefined || cpu !== undefined;
}

/**
 * The folder in which Node.js finds the package `name` from the one in the folder `from`; undefined where there is none.
 *
 * @type {(packages: LockedPackages, from: string, name: string) => string | undefined}
 */
export function resolveIn(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    const path = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (folder === "") return undefined;
  }
}

/**
 * The folders of the packages that `locked` names for this platform and that `present` lacks, or has in another version.
 * Both are `packages` of a lock file: `present` is what npm wrote down about what it installed.
 *
 * @type {(locked: LockedPackages, present: LockedPackages, platform: Platform) => string[]}
 */
export function missingPackages(locked, present, platform) {
  const wanted = Object.entries(locked)
    .filter(([path, { optional, devOptional }]) => path.includes("node_modules/") && !optional && !devOptional)
    .map(([path]) => path);
  // npm leaves out, in silence, an optional package that it could not fetch. Where it holds the binding of an installed
  // package for this platform, that package can't work.
  const bindings = Object.entries(locked)
    .filter(([path]) => path === "" || !path.includes("node_modules/") || present[path] !== undefined)
    .flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).map((name) => resolveIn(locked, path, name)),
    )
    .filter((path) => path !== undefined)
    .filter((path) => {
      const entry = locked[path];
      return entry !== undefined && isNative(entry) && fits(entry, platform);
    });
  return [...new Set([...wanted, ...bindings])].filter((path) => {
    const found = present[path];
    return found === undefined || (locked[path]?.link !== true && found.version !== locked[path]?.version);
  });
}
