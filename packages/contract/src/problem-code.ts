/**
 * Every kind of error answer, as a word that stays the same between releases, with its HTTP status. Branch on the word,
 * never on the text. The library's own error codes are among them, unchanged.
 *
 * Three groups have status 503. `broker_unavailable`, `store_rejected` and `closed`: nothing was stored. `answer_lost`,
 * `deadline_exceeded` and `cancelled`: it was perhaps stored. `not_acknowledged`: it was stored.
 */
export const STATUS_OF_PROBLEM = {
  /** The request is no HTTP request that can be understood, or its address is not valid. */
  bad_request: 400,
  /** The body is no JSON in UTF-8. */
  malformed_body: 400,
  /** A credential is needed, or the one that came is wrong. */
  unauthenticated: 401,
  /** This caller may not do that. */
  forbidden: 403,
  not_found: 404,
  /** No definition of this type of task is known here. */
  type_not_found: 404,
  method_not_allowed: 405,
  /** The request did not arrive whole in time. */
  request_timeout: 408,
  precondition_failed: 412,
  body_too_large: 413,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  /** The request names a host that this server does not answer for. */
  wrong_host: 421,
  /** The body does not fit its schema; `errors` names each place. */
  invalid_body: 422,
  /** A part of the address does not fit its schema; `errors` names each place. */
  invalid_path: 422,
  invalid_query: 422,
  invalid_headers: 422,
  /** The idempotency key was used before, for something else. */
  idempotency_conflict: 422,
  rate_limited: 429,
  /** The address and the headers are too large together. */
  headers_too_large: 431,
  /** Something went wrong in the server. */
  internal_error: 500,
  /** The server is busy with others: nothing was done. */
  overloaded: 503,

  invalid_option: 422,
  invalid_payload: 422,
  task_exists: 409,
  task_id_taken: 409,
  task_not_found: 404,
  queue_not_found: 404,
  entry_not_found: 404,
  entry_exists: 409,
  task_archived: 409,
  wrong_state: 409,
  lease_lost: 409,
  evicted: 409,
  broker_unavailable: 503,
  answer_lost: 503,
  not_acknowledged: 503,
  deadline_exceeded: 503,
  cancelled: 503,
  store_rejected: 503,
  closed: 503,
  corrupt_data: 500,
} as const;

/** The kind of an error answer. */
export type ProblemCode = keyof typeof STATUS_OF_PROBLEM;

/** Every kind of error answer. */
export const PROBLEM_CODES = Object.keys(STATUS_OF_PROBLEM) as [ProblemCode, ...ProblemCode[]];
