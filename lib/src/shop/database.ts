import { InputError } from "../errors.js";
import { arrivedColumns } from "../plan/kept-columns.js";
import { extractedTopic } from "../extract/held.js";
import { landTopic } from "../kafka/api.js";
import { NoTopic } from "../kafka/errors.js";
import { stopSignal, warn } from "../plan/session.js";
import { extract } from "../postgres/extract.js";
import { forgottenPersons } from "../postgres/forgotten.js";
import { observe, type Watch } from "../postgres/observe.js";
import {
  settings as settingsInForce,
  type KafkaSettings,
  type PostgresSettings,
  type Route,
  type Settings,
} from "../settings.js";
import { sql } from "../sql/statement.js";
import { load } from "../verbs/load.js";
import { rows } from "../verbs/read.js";
import * as bronze from "./database-bronze.js";
import { changeTables, databaseTables, personIn, type DatabaseTable } from "./database-bronze.js";

/** The tables of the shop's database that can take the place of exports. */
export const databaseTableNames = Object.keys(databaseTables) as DatabaseTable[];

/** How the rows of a table come in, by POSTGRES_ROUTE. @throws InputError when that names a table that no database brings */
export function routeOf(name: DatabaseTable): Route {
  const { routes } = settingsInForce().business;
  const unknown = Object.keys(routes).find((key) => key !== "" && !Object.hasOwn(databaseTables, key));
  if (unknown !== undefined)
    throw new InputError(
      `POSTGRES_ROUTE names the table ${unknown}. The tables of the shop's database are ${databaseTableNames.join(", ")}.`,
    );
  return routes[name] ?? routes[""] ?? "exports";
}

/**
 * Loads what has landed of the shop's database, then lands and loads what is new there, for the tables that POSTGRES_ROUTE says are not
 * exports: read from the database, or from the topics of change data capture. Without a database and a broker it only loads.
 *
 * @throws InputError naming what the database or Kafka lacks or refuses; ServiceDown when the database does not answer
 */
export async function landDatabase(settings: Settings): Promise<void> {
  await load(bronze.database_topic_starts, { from: "database_topic_starts" });
  for (const name of databaseTableNames) await loadChanges(name);
  const routed = databaseTableNames.map((table) => ({ table, route: routeOf(table) }));
  const { postgres, kafka } = settings;
  const read = routed.flatMap(({ table, route }) => {
    if (route !== "full" && route !== "incremental") return [];
    const { exported, key, leaves } = databaseTables[table];
    const columns = arrivedColumns(exported).flatMap(({ name }) => (name === "_rescued_data" ? [] : name));
    const person = personIn(table);
    return {
      table,
      key,
      columns,
      leaves,
      into: changeTables[table],
      route,
      ...(person && { person }),
    };
  });
  const captured = routed.flatMap(({ table, route }) => (route === "changes" ? table : []));
  if (read.length > 0 && !postgres)
    warn(
      `POSTGRES_ROUTE reads ${read.map(({ table }) => table).join(", ")} from a database, and POSTGRES_URL is not set: only files that ` +
        "have landed are loaded. Set it, or take the word out of POSTGRES_ROUTE.",
    );
  if (captured.length > 0 && !kafka)
    warn(
      `POSTGRES_ROUTE takes ${captured.join(", ")} from topics of Kafka, and KAFKA_BROKERS is not set: only files that have landed are ` +
        "loaded. Set it, or take the word out of POSTGRES_ROUTE.",
    );
  if (postgres && read.length > 0)
    await extract(
      postgres,
      read,
      await watchOf(
        postgres,
        read.map(({ table }) => table),
      ),
    );
  if (postgres && captured.length > 0) await look(postgres, captured);
  let lag = 0;
  if (kafka) lag = await landTopics(captured, kafka, settings);
  // Only now, and when all is read: what a look found confirmed has landed.
  if (lag === 0) await loadLooks();
}

/** For how many minutes a look at the slots of the database is enough. */
const lookMinutes = 5;

async function look(postgres: PostgresSettings, captured: readonly DatabaseTable[]): Promise<void> {
  const watch = await watchOf(postgres, captured);
  const [slots] = await rows(sql`select max(observed_at) as at from ${bronze.database_slots}`);
  if (watch.compared.length > 0 || isOlder(slots!["at"], lookMinutes)) await observe(postgres, watch);
}

/** Which of the tables are to be counted by now, and where the database's log stood at the last look. */
async function watchOf({ compareHours }: PostgresSettings, names: readonly DatabaseTable[]): Promise<Watch> {
  const counted = await rows(sql`
    select table_name, max(observed_at) as at from ${bronze.database_states} group by table_name`);
  const [seen] = await rows(sql`
    select cast(max(cast(lsn as bigint)) as string) as lsn, max(observed_at) as at
    from (
      select lsn, observed_at from ${bronze.database_states}
      union all
      select lsn, observed_at from ${bronze.database_slots}
    ) as looks`);
  return {
    forgotten: await forgottenPersons(),
    compared: names.flatMap((table) => {
      const { key, amounts, instants } = databaseTables[table];
      const isPerson = personIn(table) === key;
      const at = counted.find((row) => row["table_name"] === table)?.["at"];
      return isOlder(at, compareHours * 60) ? { table, key, isPerson, amounts, instants } : [];
    }),
    seen: seen?.["lsn"] ? { lsn: String(seen["lsn"]), at: String(seen["at"]) } : undefined,
  };
}

const isOlder = (at: unknown, minutes: number) =>
  typeof at !== "string" || Date.parse(at) < Date.now() - minutes * 60_000;

async function loadLooks(): Promise<void> {
  await load(bronze.database_states, { from: "database_states" });
  await load(bronze.database_slots, { from: "database_slots" });
}

/** The topic of a table's changes, and where they land. */
export const topicOf = (name: DatabaseTable, changeTopics: string) => ({
  topic: `${changeTopics}.${name}`,
  folders: { messages: `${name}_changes`, starts: "database_topic_starts" },
});

const loadChanges = (name: DatabaseTable) => load(changeTables[name], { from: `${name}_changes` });

/**
 * Lands what the topics hold and bronze does not. A table that was empty when the capture began has no topic until its first row comes.
 *
 * @returns how many messages are left there
 * @throws InputError when none of the tables has a topic
 */
async function landTopics(
  names: readonly DatabaseTable[],
  kafka: KafkaSettings,
  settings: Settings,
): Promise<number> {
  const absent: string[] = [];
  let lag = 0;
  for (const name of names) {
    const left = await landTopicOf(name, kafka, settings);
    if (left === undefined) absent.push(topicOf(name, settings.changeTopics).topic);
    else lag += left;
  }
  const place = `Kafka at ${kafka.brokers.join(",")} has no topic ${absent.join(", ")}`;
  if (absent.length > 0 && absent.length === names.length)
    throw new InputError(
      `${place}. Check POSTGRES_TOPICS (it is ${settings.changeTopics}, the connector's topic.prefix and the schema), and whether the ` +
        "connector runs.",
    );
  if (absent.length > 0)
    warn(
      `${place}. It comes with the table's first row; if the table has rows, add it to the connector's table.include.list.`,
    );
  return lag;
}

/**
 * Lands what a topic of change data capture holds and bronze does not.
 *
 * @returns how many messages are left there; undefined where there is no topic and never was one
 */
async function landTopicOf(
  name: DatabaseTable,
  kafka: KafkaSettings,
  { landing, changeTopics }: Settings,
): Promise<number | undefined> {
  const into = changeTables[name];
  const held = await rows(sql`
    select kafka_topic, kafka_partition, max(kafka_offset) + 1 as next_offset,
      max_by(kafka_timestamp, kafka_offset) as last_timestamp
    from ${into}
    where kafka_offset is not null and kafka_topic <> ${extractedTopic}
    group by kafka_topic, kafka_partition`);
  const starts = await rows(sql`
    select kafka_topic, kafka_partition, first_offset from ${bronze.database_topic_starts}`);
  const whileReading = async () => {
    await load(bronze.database_topic_starts, { from: "database_topic_starts" });
    await loadChanges(name);
  };
  const { topic, folders } = topicOf(name, changeTopics);
  const signal = stopSignal();
  try {
    const { lag } = await landTopic(
      { ...kafka, topic },
      { landing, folders, held, starts, signal, whileReading },
    );
    await whileReading();
    return lag;
  } catch (error) {
    if (error instanceof NoTopic && held.length === 0) return undefined;
    throw error;
  }
}
