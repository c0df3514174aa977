import { mkdir, open, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Day, isoDate, parseDay } from "./calendar.js";
import { InputError } from "../../errors.js";
import { entityNames } from "./entity.js";
import { isAlive, writeWhole } from "../../landing/write-whole.js";

/** What a landing folder remembers about the shop that fills it. */
export interface LandingState {
  readonly seed: number;
  readonly scale: number;
  readonly from: Day;
  /** The last day of the history. */
  readonly to: Day;
  /** The last day for which exports are due; saved before they are written, so that the next call can finish a killed one. */
  readonly through: Day;
  readonly faults: number;
  readonly currency: string;
  readonly currencies: readonly string[];
  /** How many days of the history have events, where that is not too many events. */
  readonly eventDays: number;
}

const stateFile = ".generator.json";

/** Increased when the rows for a seed change, so that a folder is never continued with different rows. */
const version = 2;

const lockFile = ".generator.lock";

/**
 * Does `work` while no other process generates into this folder: it waits for one that does, so that two calls at once give
 * what one after the other would.
 */
export async function aloneIn<T>(landing: string, work: () => Promise<T>): Promise<T> {
  await mkdir(landing, { recursive: true });
  const lock = join(landing, lockFile);
  const isHeld = (error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    return undefined;
  };
  for (;;) {
    const file = await open(lock, "wx").catch(isHeld);
    if (file) {
      await file.writeFile(String(process.pid));
      await file.close();
      break;
    }
    if (await isLeft(lock)) await rm(lock, { force: true });
    else await sleep(50);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** Whether a process that was killed left the lock. Without a number in it, its process is about to write one. */
async function isLeft(lock: string): Promise<boolean> {
  const holder = Number(await readFile(lock, "utf8").catch(() => ""));
  if (holder > 0) return !isAlive(holder);
  const made = await stat(lock).catch(() => undefined);
  return made !== undefined && Date.now() - made.mtimeMs > 5000;
}

/** Reads the folder's state; undefined when it has no exports. Refuses a folder that somebody else filled. */
export async function readState(landing: string): Promise<LandingState | undefined> {
  const path = join(landing, stateFile);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text !== undefined) return parseState(path, text);
  const strangers = await listExports(landing);
  const [first] = strangers;
  if (first === undefined) return undefined;
  throw new InputError(
    `${landing} was filled by somebody else: it holds ${strangers.length} file(s), such as ${first}, but no ` +
      `${stateFile}. Generated exports would mix with them; give the generator an empty folder.`,
  );
}

export async function writeState(landing: string, state: LandingState): Promise<void> {
  const { seed, scale, from, to, through, faults, currency, currencies, eventDays } = state;
  const dates = { from: isoDate(from), to: isoDate(to), through: isoDate(through) };
  const kept = { version, seed, scale, ...dates, faults, currency, currencies, eventDays };
  const text = `${JSON.stringify(kept, null, 2)}\n`;
  await writeWhole(join(landing, stateFile), (draft) => writeFile(draft, text));
}

/** The exports in the folder, as `<entity>/<file>`. */
export async function listExports(landing: string): Promise<string[]> {
  const found: string[] = [];
  for (const entity of [...entityNames, "clickstream"]) {
    const names = await readdir(join(landing, entity)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    const isExport = entity === "clickstream" ? /^clickstream_[-0-9]{10}\.ndjson$/ : /^[^.].*\.csv$/i;
    found.push(...names.filter((name) => isExport.test(name)).map((name) => join(entity, name)));
  }
  return found;
}

function parseState(path: string, text: string): LandingState {
  const broken = (why: string) =>
    new Error(
      `${path} ${why}. It says how this folder was generated; restore it, or generate into an empty folder.`,
    );
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw broken("is not JSON");
  }
  if (raw.version === 1)
    throw new InputError(
      `${path} is of an earlier generator, whose orders had no lines and no payments: a further day would not fit the ` +
        `exports in this folder. They stay as they are and can be used. For a shop that goes on, generate into an empty ` +
        `folder: SHOPMETRICS_HOME names another.`,
    );
  if (raw.version !== version)
    throw broken(`has version ${String(raw.version)}, this generator writes ${version}`);
  const number = (key: string) => {
    const value = raw[key];
    if (typeof value !== "number") throw broken(`lacks the number "${key}"`);
    return value;
  };
  const day = (key: string) => {
    const value = parseDay(String(raw[key]));
    if (value === undefined) throw broken(`lacks the date "${key}"`);
    return value;
  };
  return {
    seed: number("seed"),
    scale: number("scale"),
    from: day("from"),
    to: day("to"),
    through: day("through"),
    faults: number("faults"),
    currency: String(raw.currency),
    currencies: Array.isArray(raw.currencies) ? raw.currencies.map(String) : [],
    eventDays: number("eventDays"),
  };
}
