import * as z from "zod";

// The content security policy forbids code made from text, and zod tries when a schema is made: main.tsx must
// therefore import this file before any other.
z.config({ jitless: true });
