import { InputError } from "../errors.js";

const inspect = Symbol.for("nodejs.util.inspect.custom");

/** Makes an error print as `text` alone: tslab would add ten lines of its own stack. */
export function plainly<T extends Error>(error: T, text: string): T {
  return Object.defineProperty(error, inspect, { value: () => text, configurable: true });
}

/** Makes every InputError of this process print as its message alone. */
export function inputErrorsPlainly(): void {
  Object.defineProperty(InputError.prototype, inspect, {
    value(this: InputError) {
      return this.message;
    },
    configurable: true,
  });
}
