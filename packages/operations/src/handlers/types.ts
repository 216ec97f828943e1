import type { typeEndpoints } from "@hikyaku/contract";
import { presentTypes } from "../presenters/task-type.ts";
import type { HandlersOf } from "../route.ts";

export const typeHandlers = {
  listTypes: async ({ inspector, mask, types, signal }) => ({
    status: 200,
    body: { types: presentTypes(types, await inspector.servers({ signal }), mask) },
  }),
} satisfies HandlersOf<typeof typeEndpoints>;
