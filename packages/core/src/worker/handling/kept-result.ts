import type { StandardSchemaV1 } from "@standard-schema/spec";
import { HikyakuError } from "../../errors.ts";
import { encodeResult, type PayloadSchemas } from "../../task/payload.ts";

/**
 * The bytes to keep for what a handler returned. A promise only when the schema answers with one.
 * @throws HikyakuError `invalid_payload` when it is no JSON, does not fit its schema, or is larger than `mostBytes`.
 */
export function keptResult(
  definition: Pick<PayloadSchemas<StandardSchemaV1, StandardSchemaV1>, "type" | "result">,
  result: unknown,
  mostBytes: number,
): Uint8Array | undefined | Promise<Uint8Array | undefined> {
  const checked = (bytes: Uint8Array | undefined): Uint8Array | undefined => {
    if (bytes === undefined || bytes.length <= mostBytes) return bytes;
    throw new HikyakuError(
      "invalid_payload",
      `result of "${definition.type}": expected at most ${mostBytes} bytes, got ${bytes.length}; ` +
        "keep large data elsewhere and name it in the result, or raise the server's maxResultBytes",
    );
  };
  const encoded = encodeResult(definition, result);
  return encoded instanceof Promise ? encoded.then(checked) : checked(encoded);
}
