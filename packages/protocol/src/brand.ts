/**
 * Marks instances of `type` with a registered symbol and makes `instanceof` check it, so that one copy of this package
 * recognizes the errors of another. Subclasses are checked by prototype as usual.
 */
export function brand(type: new (...args: never[]) => object, symbol: symbol): void {
  Object.defineProperty(type.prototype, symbol, { value: true });
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: unknown, thing: unknown): boolean {
      if (this !== type) return Function.prototype[Symbol.hasInstance].call(this, thing);
      return typeof thing === "object" && thing !== null && symbol in thing;
    },
  });
}
