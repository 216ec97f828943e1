import { ApiClient } from "./api-client.ts";

/** The client of the server that the page came from. */
export const api = new ApiClient();
