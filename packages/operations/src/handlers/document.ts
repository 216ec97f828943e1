import { type documentEndpoints, operationsDocument } from "@hikyaku/contract";
import type { HandlersOf } from "../route.ts";

export const documentHandlers = {
  getOpenApiDocument: async () => ({ status: 200, body: { ...operationsDocument() } }),
} satisfies HandlersOf<typeof documentEndpoints>;
