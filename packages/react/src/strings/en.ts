import { ENGLISH_MORE, type MoreStrings } from "./en-more.ts";
import { ENGLISH_THREAD, type ThreadStrings } from "./en-thread.ts";

/** Every text of the components in one language. */
export type Strings = ThreadStrings & MoreStrings;

/** Every text in English, the default. */
export const ENGLISH: Strings = { ...ENGLISH_THREAD, ...ENGLISH_MORE };
