import { expect, it, onTestFinished } from "vitest";
import { aTestApp } from "../test/a-test-app.ts";

it("the document shows the payload of each defined type at an address of its own, which is served", async () => {
  const { app, jobs, close } = await aTestApp();
  onTestFinished(close);
  const { paths } = (await app.inject("/openapi.json")).json();
  const own = paths["/api/v1/types/demo:delay_print/tasks"].post;
  expect(own).toMatchObject({ operationId: "enqueue-demo-delay-print", tags: ["tasks"] });
  const { properties } = own.requestBody.content["application/json"].schema;
  expect(properties.payload).toMatchObject({ type: "object", properties: { message: { type: "string" } } });
  expect(properties.delay).toMatchObject({ type: "string" });
  expect(own.parameters.map(({ name }: { name: string }) => name).sort()).toEqual(["idempotency-key", "prefer"]);
  expect(own.responses["201"].headers).toHaveProperty("Location");
  expect(paths["/api/v1/types/{type}/tasks"].post.operationId).toBe("enqueue-task");
  for (const url of ["/api/v1/types/demo:delay_print/tasks", "/api/v1/types/demo%3Adelay_print/tasks"]) {
    const answer = await app.inject({ method: "POST", url, payload: { payload: { message: "hello" }, delay: "1h" } });
    expect([answer.statusCode, answer.json().checked]).toEqual([201, true]);
    const other = await app.inject({ method: "PUT", url });
    expect([other.statusCode, other.headers["allow"]]).toEqual([405, "OPTIONS, POST"]);
  }
  expect(await jobs()).toBe(2);
});
