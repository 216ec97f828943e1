// Stands in for node in commands of pages that take too long: the program and its options must exist.
import { checkOptions } from "./options.ts";

const words = process.argv.slice(2).filter((word) => !["--conditions=source", "--expose-gc"].includes(word));
checkOptions(words[0], words.slice(1));
