import { ENGLISH_MORE } from "./en-more.ts";
import { ENGLISH_THREAD } from "./en-thread.ts";
import type { Strings } from "./strings.ts";

/** The texts in English; the default. */
export const ENGLISH: Strings = { ...ENGLISH_THREAD, ...ENGLISH_MORE };
