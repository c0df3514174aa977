import { engineNamed } from "../engine/index.js";
import type { Settings } from "../settings.js";

/**
 * The settings of a notebook in Jupyter: it works on tables of the developer's own, so that trying something out never
 * changes what runs keep or what others see. Each engine keeps these in its own way.
 *
 * @param onNote told whose tables these are
 */
export const developerSettings = async (
  settings: Settings,
  onNote: (message: string) => void,
): Promise<Settings> =>
  settings.developer === undefined
    ? settings
    : engineNamed(settings.engine).developerSettings(settings, settings.developer, onNote);
