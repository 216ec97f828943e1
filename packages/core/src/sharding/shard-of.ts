import * as crypto from "node:crypto";

const mask = 0xffff_ffff_ffff_ffffn;

/**
 * The shard, from 0, of a text among `shards`. It is the jump consistent hash (Lamping and Veach, 2014) of the first
 * eight bytes, most significant first, of the MD5 of its UTF-8. With more shards, a text stays where it was or moves to
 * a new shard. Other programs compute the same, so this never changes.
 */
export function shardOf(text: string, shards: number): number {
  let key = crypto.hash("md5", text, "buffer").readBigUInt64BE();
  let shard = -1;
  let next = 0;
  while (next < shards) {
    shard = next;
    key = (key * 2_862_933_555_777_941_757n + 1n) & mask;
    next = Math.floor((shard + 1) * (2 ** 31 / (Number(key >> 33n) + 1)));
  }
  return shard;
}
