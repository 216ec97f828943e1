import { expect, it } from "vitest";
import { shownAddress } from "./shown-address.ts";

it.each([
  ["/api/v1/servers?token=abc&x=1", "/api/v1/servers?token=***&x=1"],
  ["/a?x=1&api_key=abc=&Password=p", "/a?x=1&api_key=***&Password=***"],
  ["/a?access_token=a?b", "/a?access_token=***"],
  ["/api/dm-jobqueue/jobs?job_ids=a,b", "/api/dm-jobqueue/jobs?job_ids=a,b"],
  ["/a?token", "/a?token"],
  ["/tasks?payload=ana&payload_base64=YW5h", "/tasks?payload=***&payload_base64=***"],
  ["/tasks?queue=a&payload_path=a.b&payload_value=ana", "/tasks?queue=a&payload_path=***&payload_value=***"],
  ["/tasks?pay%6Coad=ana&%=1", "/tasks?pay%6Coad=***&%=1"],
  ["/a", "/a"],
  [undefined, undefined],
])("shows of the address %j no secret", (url, shown) => {
  expect(shownAddress(url)).toBe(shown);
});
