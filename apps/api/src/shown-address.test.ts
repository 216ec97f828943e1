import { expect, it } from "vitest";
import { shownAddress } from "./shown-address.ts";

it.each([
  ["/api/v1/servers?token=abc&x=1", "/api/v1/servers?token=***&x=1"],
  ["/a?x=1&api_key=abc=&Password=p", "/a?x=1&api_key=***&Password=***"],
  ["/a?access_token=a?b", "/a?access_token=***"],
  ["/api/dm-jobqueue/jobs?job_ids=a,b", "/api/dm-jobqueue/jobs?job_ids=a,b"],
  ["/a?token", "/a?token"],
  ["/a", "/a"],
  [undefined, undefined],
])("shows of the address %j no secret", (url, shown) => {
  expect(shownAddress(url)).toBe(shown);
});
