/** The version of this package, equal to its package.json, which a bundle would lose. */
export const VERSION = "0.1.0";
