import { ADMIN } from "./admin.ts";
import { ANSWERS } from "./answers.ts";
import { ASKING } from "./asking.ts";
import { LIST } from "./list.ts";
import { SETTINGS } from "./settings.ts";
import type { State } from "./state.ts";

/** Every state of the page. */
export const STATES: readonly State[] = [...ASKING, ...ANSWERS, ...LIST, ...SETTINGS, ...ADMIN];
