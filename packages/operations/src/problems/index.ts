export { checkedPart, type RequestPart } from "./input-problem.ts";
export { parseJsonBody } from "./json-body.ts";
export { allowOf, otherMethod } from "./other-method.ts";
export { type ProblemAnswer, problemAnswer } from "./problem-answer.ts";
export { RefusalLog } from "./refusal-log.ts";
export { RequestProblem, type RequestProblemOptions } from "./request-problem.ts";
