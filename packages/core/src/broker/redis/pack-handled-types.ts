import type { HandledTypes } from "../work-facet.ts";
import { Pack } from "./pack.ts";

const packedTypes = new WeakMap<HandledTypes, Buffer>();

/** The types that a server handles, as a claim tells the script; empty: all of them. */
export function packHandledTypes(handles: HandledTypes): Buffer | "" {
  if (handles.kind === "all") return "";
  let packed = packedTypes.get(handles);
  if (packed === undefined) {
    const pack = new Pack(256);
    pack.list(handles.exact);
    pack.list(handles.prefixes);
    packed = pack.finish();
    packedTypes.set(handles, packed);
  }
  return packed;
}
