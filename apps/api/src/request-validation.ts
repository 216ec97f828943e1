import { checkedPart, type RequestPart } from "@hikyaku/operations/problems";
import type { FastifySchemaCompiler } from "fastify";
import type { z } from "zod";

const parts: Readonly<Record<string, RequestPart>> = {
  body: "body",
  querystring: "query",
  params: "path",
  headers: "header",
};

/** Checks a part of a request against its zod schema. A part that does not fit is answered with 422 and the places. */
export const requestValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const part = parts[httpPart ?? "body"] ?? "body";
  return (data: unknown) => {
    try {
      return { value: checkedPart(schema, part, data) };
    } catch (error) {
      if (error instanceof Error) return { error };
      throw error;
    }
  };
};
