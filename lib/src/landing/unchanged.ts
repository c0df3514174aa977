import { stat } from "node:fs/promises";
import { InputError } from "../errors.js";
import type { LandedFile } from "./landing.js";

/**
 * Makes sure that a file is still the one that was listed.
 *
 * @param when completes "was changed …"
 */
export async function assertUnchanged(file: LandedFile, when: string): Promise<void> {
  const now = await stat(file.path);
  if (now.size !== file.size || now.mtime.getTime() !== file.modifiedAt.getTime())
    throw changed(file, when, `now ${now.size} bytes of ${now.mtime.toISOString()}`);
}

/** The error for a file that was written to while it should have been complete. */
export function changed(file: LandedFile, when: string, now: string): InputError {
  return new InputError(
    `${file.name} was changed ${when}: ${file.size} bytes of ${file.modifiedAt.toISOString()}, ${now}. Nothing of it ` +
      `was loaded. Let the export finish and run again; an export should be written under a name that starts with ` +
      `"." and renamed when it is complete.`,
  );
}
