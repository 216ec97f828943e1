/** The version of this library, as its package says; servers tell it to each other. */
export const version = "0.1.0";
