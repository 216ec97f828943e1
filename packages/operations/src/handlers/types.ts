import type { typeEndpoints } from "@hikyaku/contract";
import { presentTypes } from "../presenters/task-type.ts";
import type { HandlersOf } from "../route.ts";

export const typeHandlers = {
  listTypes: async ({ inspector, types, signal }) => ({
    status: 200,
    body: { types: presentTypes(types, await inspector.servers({ signal })) },
  }),
} satisfies HandlersOf<typeof typeEndpoints>;
