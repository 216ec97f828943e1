import { lstatSync, mkdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** How many links in a row are followed: as many as Linux follows. */
const mostLinks = 40;

/**
 * Where a file really lies, or would lie. All links are followed, even when nothing is at their end yet: SQLite keeps
 * its log beside the file, not beside the link. Makes missing folders.
 * @throws what the file system throws.
 */
export function realStorePath(path: string): string {
  let place = path;
  for (let links = 0; links <= mostLinks; links++) {
    makeFolder(dirname(place));
    place = join(realpathSync(dirname(place)), basename(place));
    if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return place;
    place = resolve(dirname(place), readlinkSync(place));
  }
  throw Object.assign(new Error(`ELOOP: more than ${mostLinks} symbolic links, one to the other, '${path}'`), {
    code: "ELOOP",
    syscall: "readlink",
    errno: -40,
  });
}

/** One level after the other: Node.js' `recursive` never returns when a folder can't be made, as below /proc. */
function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (let at = folder; statSync(at, { throwIfNoEntry: false }) === undefined && dirname(at) !== at; at = dirname(at)) {
    missing.push(at);
  }
  for (const one of missing.reverse()) {
    try {
      mkdirSync(one);
    } catch (error) {
      if (statSync(one, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
    }
  }
}
