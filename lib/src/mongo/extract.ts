import type { Document, Filter, FindCursor, MongoClient, Timestamp } from "mongodb";
import type { Table } from "../contracts/table.js";
import { folderOf, openChangeWriter, refuseLoss, type Read } from "../extract/change-writer.js";
import { whileOpen } from "../extract/while-open.js";
import { statesWithin, versionsSince, type State } from "../extract/held.js";
import { warn } from "../plan/session.js";
import type { MongoSettings } from "../settings.js";
import { load } from "../verbs/load.js";
import { connect, problemOf } from "./connect.js";
import { extendedJson, positionOf, type ExtendedJson } from "./documents.js";
import type { Extraction, Moment } from "./extraction.js";
import { follow } from "./follow.js";
import { heldOf, keysAfter, updatedThere, type Held } from "./held.js";

/** How many documents are in memory at once. */
const chunk = 20_000;

/**
 * Lands what a collection of MongoDB holds and bronze does not, as changes in the form of Debezium, and loads them. A document lands as
 * canonical Extended JSON, in which each value keeps its type.
 *
 * - `full` reads every document in the order of `_id`, and compares it with what bronze holds. One that bronze knows and the
 *   collection has no more lands as a deletion.
 * - `incremental` reads the documents whose `updatedAt` is after the newest that bronze holds, less the overlap. It sees no deletion,
 *   and no change that leaves `updatedAt` as it was.
 * - `changes` reads the whole the first time, and from then on the change stream. Each change lands with the token that goes on
 *   behind it.
 *
 * Bronze is the only checkpoint. A document that is as it was lands no second time. A file is named by the number of changes before
 * it, and a name can be used only once: of two runs at once, the second gives way.
 *
 * @throws InputError naming what the database lacks or refuses; ServiceDown when it does not answer
 */
export async function extract(
  settings: MongoSettings,
  { collection: name, into }: { readonly collection: string; readonly into: Table },
): Promise<void> {
  const read = async (client: MongoClient) => {
    const database = client.db(settings.database);
    if ((await database.listCollections({ name }, { nameOnly: true }).toArray()).length === 0)
      warn(
        `The database ${settings.database} has no collection ${name}. If it is another database, set it in MONGODB_URL or ` +
          "MONGODB_DATABASE; if nobody has written there yet, all is well.",
      );
    const json = await extendedJson();
    const began = momentOf(await database.command({ hello: 1 }), json);
    const held = await heldOf(into, began.at);
    const extraction = { settings, collection: database.collection(name), into, json };
    const landed =
      settings.route === "changes" && held.checkpoint !== undefined
        ? await follow(extraction, { ...held, checkpoint: held.checkpoint }, began)
        : await readBatch(extraction, held, began);
    if (landed) await load(into, { from: folderOf(into) });
  };
  const client = await connect(settings);
  await whileOpen(
    client,
    () => client.close(),
    (error) => problemOf(error, settings),
    read,
  );
}

/** A server by itself has no log: then its clock is the place. */
function momentOf(hello: Document, { timestamp }: ExtendedJson): Moment {
  const at = (hello["localTime"] as Date).getTime();
  const { majorityOpTime } = (hello["lastWrite"] ?? {}) as { majorityOpTime?: { ts: Timestamp } };
  return { at, time: majorityOpTime?.ts ?? timestamp(Math.floor(at / 1000)) };
}

/** @returns whether anything has landed */
async function readBatch(extraction: Extraction, held: Held, began: Moment): Promise<boolean> {
  const { settings, collection, into, json } = extraction;
  const whole = settings.route !== "incremental";
  const place = positionOf(began.time);
  const source = {
    // What is read is newer than every change that has landed, whatever the clocks say.
    position: String(place > held.position ? place : held.position),
    ts_ms: began.at,
    snapshot: whole ? "full" : "incremental",
    collection: collection.collectionName,
  };
  const at = new Date(began.at).toISOString();
  const writer = await openChangeWriter(into, held.next, { at, source });
  const { written } = writer;
  try {
    if (whole) await readAll(extraction, writer);
    else await readUpdated(extraction, writer, held.newest);
    const what = `documents of ${settings.database}.${collection.collectionName}`;
    refuseLoss(writer, { what, variables: "MONGODB", acceptLoss: settings.acceptLoss });
    // The stream of changes goes on from where the reading of the whole began.
    if (settings.route === "changes" || (whole && held.checkpoint !== undefined)) {
      const checkpoint: unknown = JSON.parse(json.textOf({ startAtOperationTime: began.time }));
      await writer.change([{ key: null, op: "m", source: { ...source, checkpoint }, at }]);
    }
    await writer.land();
  } finally {
    await writer.discard();
  }
  return written.rows + written.deletions > 0;
}

type Writer = Awaited<ReturnType<typeof openChangeWriter>>;

async function readAll({ collection, into, json }: Extraction, writer: Writer): Promise<void> {
  for await (const found of chunksOf(collection.find({}, { sort: { _id: 1 } }), json)) {
    const keys = found.map(({ key }) => key).toSorted(byBytes);
    await writer.write(found, await statesWithin(into, keys[0]!, keys.at(-1)!));
  }
  for (let last = ""; ;) {
    const keys = await keysAfter(into, last, chunk);
    if (keys.length === 0) return;
    const ids = keys.map((key) => json.idOf(key));
    const filter: Filter<Document> = { _id: { $in: ids as never[] } };
    const there = new Set<string>();
    for await (const { _id } of collection.find(filter, { projection: { _id: 1 } }))
      there.add(json.keyOf(_id));
    await writer.delete(keys.filter((key) => !there.has(key)));
    last = keys.at(-1)!;
  }
}

async function readUpdated(
  { settings, collection, into, json }: Extraction,
  writer: Writer,
  newest: number | undefined,
): Promise<void> {
  const from = newest === undefined ? undefined : newest - settings.overlapMinutes * 60_000;
  const states =
    from === undefined ? new Map<string, State>() : await versionsSince(into, updatedThere, from);
  const filter: Filter<Document> = from === undefined ? {} : { updatedAt: { $gte: new Date(from) } };
  for await (const found of chunksOf(collection.find(filter), json)) await writer.write(found, states);
}

async function* chunksOf(cursor: FindCursor, json: ExtendedJson): AsyncGenerator<readonly Read[]> {
  let found: Read[] = [];
  for await (const document of cursor.batchSize(1000)) {
    found.push({ key: json.keyOf(document["_id"]), after: json.textOf(document) });
    if (found.length < chunk) continue;
    yield found;
    found = [];
  }
  if (found.length > 0) yield found;
}

/** As SQL compares texts. */
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
