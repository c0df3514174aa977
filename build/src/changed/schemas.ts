import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  openRegistry,
  registryType,
  schemaChanges,
  schemaOf,
  subjectOf,
  type SchemaChange,
} from "shopmetrics/kafka";
import { rejected_rows, type Messages } from "shopmetrics/plan";
import type { Settings } from "shopmetrics/settings";
import type { Compiled } from "../compile/compile.js";
import { follow } from "../compile/lineage/follow.js";
import { counted, listed } from "../text.js";
import { git, type Base } from "./git.js";

/** How the contract of a topic's messages differs from what is known of them. */
interface TopicChange {
  readonly topic: string;
  /** What it was compared with, such as `version 3 in the registry`. */
  readonly with: string;
  /** What breaks, in words, and who reads it. */
  readonly breaks: readonly string[];
  /** What differs and breaks nothing. */
  readonly passes: readonly string[];
  /** Whether a person has said that what breaks is meant. */
  readonly isAccepted: boolean;
}

/**
 * Compares the contracts of topics with the registry's newest schemas; without a registry with the files in `bundle/schemas`, as
 * they are or as they were at a commit. Those that do not differ are left out.
 *
 * @throws InputError, ServiceDown when the registry refuses or does not answer
 */
export async function topicChanges(
  settings: Pick<Settings, "root" | "kafka" | "registry">,
  { topics, lineage }: Pick<Compiled, "topics" | "lineage">,
  base?: Base,
): Promise<TopicChange[]> {
  const found: TopicChange[] = [];
  for (const [name, messages] of Object.entries(topics)) {
    const kept = await schemaFile(settings.root, name);
    const compared = settings.registry
      ? await withRegistry(settings.kafka?.topic ?? name, messages, settings.registry)
      : await withFile(settings.root, name, messages, kept, base);
    if (!compared) continue;
    const { changes, others = [], ...rest } = compared;
    const told = changes.map((change) => inWords(change, messages, lineage));
    const breaks = [...told.flatMap(({ text, breaks }) => (breaks ? text : [])), ...others];
    const passes = told.flatMap(({ text, breaks }) => (breaks ? [] : text));
    if (breaks.length + passes.length === 0) continue;
    // Against a commit: the file of now says that somebody has accepted it. A registry has no such file beside it.
    const isAccepted =
      !settings.registry && base !== undefined && isDeepStrictEqual(kept, schemaOf(messages, "json"));
    found.push({ topic: name, ...rest, breaks, passes, isAccepted });
  }
  return found;
}

interface Compared {
  readonly with: string;
  readonly changes: readonly SchemaChange[];
  /** What breaks besides. */
  readonly others?: readonly string[];
}

async function withRegistry(
  topic: string,
  messages: Messages,
  settings: NonNullable<Settings["registry"]>,
): Promise<Compared | undefined> {
  const registry = openRegistry(settings);
  const subject = subjectOf(topic);
  const latest = await registry.latest(subject);
  if (!latest) return undefined;
  const type = registryType[settings.format];
  const own = { schema: JSON.stringify(schemaOf(messages, settings.format)), type };
  const before = `version ${latest.version} of ${subject} in the registry`;
  if (latest.type !== type)
    return {
      with: before,
      changes: [],
      others: [`${before} is ${latest.type}, and SCHEMA_REGISTRY_FORMAT=${settings.format} writes ${type}.`],
    };
  const isTaken = await registry.takes(subject, own);
  return {
    with: before,
    changes: schemaChanges(latest, own),
    others: isTaken ? [] : ["The registry's own rule of compatibility does not take the contract's schema."],
  };
}

async function withFile(
  root: string,
  name: string,
  messages: Messages,
  kept: unknown,
  base: Base | undefined,
): Promise<Compared | undefined> {
  const file = fileOf(name);
  const text = base
    ? await git(root, "show", `${base.commit}:${file}`).catch(() => undefined)
    : kept && JSON.stringify(kept);
  if (!text) return undefined; // it had no contract yet
  const own = { schema: JSON.stringify(schemaOf(messages, "json")), type: "JSON" };
  const changes = schemaChanges({ schema: String(text), type: "JSON" }, own);
  return { with: base ? `${file} at ${base.name}` : file, changes };
}

/** A change as a sentence, with the tables and pages that read the field. */
function inWords(
  { field, what, breaks }: SchemaChange,
  { table }: Messages,
  lineage: Compiled["lineage"],
): { text: string; breaks: boolean } {
  // The quarantine keeps rows whole, whatever they hold.
  const others = lineage.filter((one) => one.table !== rejected_rows.name);
  const { nodes } = follow(others, { table: table.name, column: field }, "down");
  const read = [...new Set(nodes.map((node) => node.table.split(".").slice(0, 2).join(".")))];
  const names = read.filter((name) => name !== rejected_rows.name);
  const tables = names.filter((name) => name !== table.name && !name.startsWith("dashboard."));
  const pages = names.flatMap((name) =>
    name.startsWith("dashboard.") ? name.slice("dashboard.".length) : [],
  );
  const who = [
    ...tables,
    ...(pages.length > 0 ? [`the ${pages.length === 1 ? "page" : "pages"} ${listed(pages)}`] : []),
  ];
  const isBreak = breaks === "always" || (breaks === "readers" && who.length > 0);
  const readers = who.length > 0 ? `Read by ${listed(who)}.` : "No table reads it.";
  return {
    text: `${field} ${what}.${isBreak || breaks === "readers" ? ` ${readers}` : ""}`,
    breaks: isBreak,
  };
}

/** The changes of a topic as lines: its heading, then what breaks and what does not. */
export function topicLines({ topic, with: before, breaks, passes, isAccepted }: TopicChange): string[] {
  const verdict =
    breaks.length === 0
      ? "none breaks what reads them"
      : `${counted(breaks.length, "change")} ${breaks.length === 1 ? "breaks" : "break"} what reads them`;
  const accepted = isAccepted && breaks.length > 0 ? ", which somebody has accepted" : "";
  return [
    `Messages of ${topic}, compared with ${before}: ${verdict}${accepted}.`,
    ...breaks.map((text) => `BREAKS: ${text}`),
    ...passes,
  ];
}

/** Where the schema of a topic's messages stands, below the root. */
const fileOf = (name: string) => `bundle/schemas/${name}.json`;

async function schemaFile(root: string, name: string): Promise<unknown> {
  const text = await readFile(path.join(root, fileOf(name)), "utf8").catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Writes the schemas of all topics to `bundle/schemas`, which are committed. Gives the files. */
export async function writeSchemas(root: string, topics: Compiled["topics"]): Promise<string[]> {
  await mkdir(path.join(root, "bundle/schemas"), { recursive: true });
  const files = Object.entries(topics).map(([name, messages]) => ({
    file: fileOf(name),
    schema: schemaOf(messages, "json"),
  }));
  for (const { file, schema } of files)
    await writeFile(path.join(root, file), `${JSON.stringify(schema, null, 2)}\n`);
  return files.map(({ file }) => file);
}
