/** The version of this package, as its package.json says; a file beside the modules would be lost in a bundle. */
export const VERSION = "0.1.0";
