import fc from "fast-check";

import { IS_MATRIX } from "./matrix.ts";

// `npm test` tries the same examples in every run: who changes nothing breaks nothing. `npm run test:all` tries others
// each time, and prints the seed of those that fail.
if (!IS_MATRIX) fc.configureGlobal({ seed: 1 });

export { default as fc } from "fast-check";
