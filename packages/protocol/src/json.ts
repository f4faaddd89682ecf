/** Any JSON value (RFC 8259). Strings may hold whatever a JavaScript string holds, NUL and lone surrogates included. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };
