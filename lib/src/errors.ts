/** What a person gave is wrong: a file, an option, a setting. The message says what, where and what to do next. */
export class InputError extends Error {
  override readonly name: string = "InputError";
  /** False where people see an error's stack, as in Deno's kernel: it is the message alone. */
  static hasStack = true;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    if (!InputError.hasStack) this.stack = message;
  }
}

/** An error's message for people. Where the disk is full or memory is short it says so, with the next step. */
export function messageFor(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, used] = /Out of Memory Error:[^(]*\(([^()]* used)\)/.exec(message) ?? [];
  if (used) {
    return (
      `${memoryIsShort} (${used}): set it to more, such as SHOPMETRICS_MEMORY=4GB, and run ` +
      "again; what was complete is kept."
    );
  }
  if (!/\bENOSPC\b|No space left on device|disk (?:is )?full/i.test(message)) return message;
  if (message.startsWith(diskIsFull)) return message;
  return `${diskIsFull}: free some space and run again; what was complete is kept. (${message})`;
}

const diskIsFull = "The disk is full";
const memoryIsShort = "The engine needs more memory than SHOPMETRICS_MEMORY allows";

/** Whether a query failed because what runs at the same time takes all of the memory that the engine may have. */
export const isShortOfMemory = (error: unknown): boolean => messageFor(error).includes(memoryIsShort);

/**
 * A text that may hold anything, such as a value or a file's name, as a terminal may print it: control characters, which can
 * move the cursor or hide a line, are written as `\x1b`.
 */
export const printable = (text: string): string =>
  text.replaceAll(
    // Line feed and tab stay; the last ranges change the direction of writing.
    // eslint-disable-next-line no-control-regex
    /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => {
      const code = character.charCodeAt(0);
      return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
    },
  );
