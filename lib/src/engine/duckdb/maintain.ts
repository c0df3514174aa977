import type { VerbParts } from "../adapter.js";
import { outdated } from "../outdated.js";

/** One file, which the engine compacts by itself: only what nothing reads any more is deleted. */
export const maintain: VerbParts["maintain"] = ({ table }) => outdated(table);
