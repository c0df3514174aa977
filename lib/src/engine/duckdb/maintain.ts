import type { VerbParts } from "../adapter.js";

/** One file needs no care. */
export const maintain: VerbParts["maintain"] = () => [];
