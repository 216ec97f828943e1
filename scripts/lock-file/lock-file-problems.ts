import { type LockedPackage, type LockedPackages, resolveIn } from "../house/lock-file.mjs";
import { nativePackages, platforms } from "./platforms.ts";

/** A `package.json`, in the parts that a lock file repeats. */
export interface Manifest {
  workspaces?: string[];
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

const kinds = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"] as const;

/**
 * What is wrong with a lock file, one sentence for each problem. `npm ci` refuses a lock file that lacks a package, and
 * a package without a checksum is installed unchecked.
 *
 * @param packages `packages` of the lock file
 * @param manifests the project's manifests by their folder, "" for the one beside the lock file
 */
export function lockFileProblems(packages: LockedPackages, manifests: ReadonlyMap<string, Manifest>): string[] {
  return [
    ...[...manifests].flatMap(([folder, manifest]) => differences(folder, manifest, packages[folder] ?? {})),
    ...Object.entries(packages).flatMap(([path, entry]) => missing(packages, path, entry)),
    ...Object.entries(packages).flatMap(([path, entry]) => ownProblems(path, entry)),
    ...nativePackages(packages).flatMap((native) =>
      Object.entries(platforms)
        .filter(([, platform]) => native.bindingsFor(platform).length === 0)
        .map(([name]) => `${native.path} has no binding for ${name}`),
    ),
  ];
}

function differences(folder: string, manifest: Manifest, entry: LockedPackage): string[] {
  return kinds.flatMap((kind) => {
    const [wanted, got] = [manifest[kind] ?? {}, entry[kind] ?? {}];
    return [...new Set([...Object.keys(wanted), ...Object.keys(got)])]
      .filter((name) => wanted[name] !== got[name])
      .map((name) => {
        const asked = `${folder === "" ? "" : `${folder}/`}package.json asks for ${name} ${wanted[name] ?? "(not at all)"}`;
        return `${asked}, the lock file has ${got[name] ?? "nothing"}`;
      });
  });
}

/** Optional packages as well: npm leaves them out if the registry lacks them while the file is written. */
function missing(packages: LockedPackages, path: string, entry: LockedPackage): string[] {
  const peers = Object.keys(entry.peerDependencies ?? {}).filter(
    (name) => entry.peerDependenciesMeta?.[name]?.optional !== true,
  );
  return [...Object.keys(entry.dependencies ?? {}), ...Object.keys(entry.optionalDependencies ?? {}), ...peers]
    .filter((name) => resolveIn(packages, path, name) === undefined)
    .map((name) => `${name}, which ${path || "package.json"} asks for, has no entry`);
}

function ownProblems(path: string, { resolved, integrity, link, inBundle }: LockedPackage): string[] {
  const problems: string[] = [];
  if (resolved?.startsWith("http")) problems.push(`${path} carries the download address ${resolved}`);
  const downloaded = path.includes("node_modules/") && link !== true && inBundle !== true;
  if (downloaded && integrity === undefined) problems.push(`${path} has no checksum (integrity)`);
  return problems;
}
