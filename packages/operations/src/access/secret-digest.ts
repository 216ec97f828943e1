import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** What is kept of a secret that is long and random: nobody can find the secret from it. */
export function secretDigest(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Whether two texts are the same, in a time that says nothing of where they differ. */
export function isSameSecret(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash("sha256").update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** So many random letters and digits: 43 have 256 bits. */
export function randomText(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // 248 is the largest multiple of 62 that a byte holds: beyond it some letters would come more often.
      if (byte < 248 && text.length < length) text += letters[byte % letters.length];
    }
  }
  return text;
}
