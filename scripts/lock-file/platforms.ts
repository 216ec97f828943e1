import { fits, isNative, type LockedPackages, type Platform, resolveIn } from "../house/lock-file.mjs";

/** The platforms on which `npm start` and `npm test` are promised to install, by the name that Node.js gives them. */
export const platforms: Readonly<Record<string, Platform>> = {
  "darwin-arm64": { os: "darwin", cpu: "arm64" },
  "darwin-x64": { os: "darwin", cpu: "x64" },
  "linux-arm64": { os: "linux", cpu: "arm64", libc: "glibc" },
  "linux-x64": { os: "linux", cpu: "x64", libc: "glibc" },
  "win32-x64": { os: "win32", cpu: "x64" },
};

/**
 * Platforms where the packages install as well. The project's own Node.js is made for glibc, so its commands don't run
 * there.
 */
export const muslPlatforms: Readonly<Record<string, Platform>> = {
  "linux-arm64-musl": { os: "linux", cpu: "arm64", libc: "musl" },
  "linux-x64-musl": { os: "linux", cpu: "x64", libc: "musl" },
};

/** A package that comes with a compiled part for each platform, in packages of their own. */
export interface NativePackage {
  /** Its folder below the lock file, such as `node_modules/lightningcss`. */
  readonly path: string;
  /** The folders of its compiled parts for one platform, one for each C library where there are several. */
  bindingsFor(platform: Platform): string[];
}

/** Every package of the lock file that has compiled parts for more than one operating system. */
export function nativePackages(packages: LockedPackages): NativePackage[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) => {
    const bindings = Object.keys(optionalDependencies)
      .map((name) => resolveIn(packages, path, name))
      .filter((found) => found !== undefined && isNative(packages[found] ?? {})) as string[];
    const systems = new Set(bindings.flatMap((binding) => packages[binding]?.os ?? []));
    if (systems.size < 2) return [];
    return [{ path, bindingsFor: (platform) => bindings.filter((binding) => fits(packages[binding] ?? {}, platform)) }];
  });
}
