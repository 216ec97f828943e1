import * as z from "zod";
import { endpoint } from "../endpoint.ts";

/** What describes the API itself. */
export const documentEndpoints = {
  getOpenApiDocument: endpoint({
    operationId: "get-openapi-document",
    tag: "description",
    summary: "Describe this API",
    description: "This document: OpenAPI 3.1. Its addresses are relative to its own, wherever the API is mounted.",
    method: "GET",
    path: "/openapi.json",
    scope: "read",
    asksStore: false,
    answers: {
      200: z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) }).meta({
        id: "OpenApiDocument",
        title: "OpenAPI document",
        description: "What can be asked, and what is answered.",
      }),
    },
  }),
};
