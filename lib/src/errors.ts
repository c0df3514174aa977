/** What a person gave is wrong: a file, an option, a setting. The message says what, where and what to do next. */
export class InputError extends Error {
  override readonly name: string = "InputError";
}
