/**
 * Marks the instances of `type` with a symbol of `Symbol.for`, and lets `instanceof` ask for it: an error that one copy
 * of this package throws is known by another. A subclass is known by its prototype, as any class is.
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
