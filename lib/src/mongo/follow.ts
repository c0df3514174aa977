import type { ChangeStreamDocument, Document } from "mongodb";
import { openChangeWriter, type Change } from "../extract/change-writer.js";
import { versionOf } from "../forget/fields.js";
import { PositionLost, readWhole } from "./connect.js";
import { positionOf, type ExtendedJson } from "./documents.js";
import type { Extraction, Moment } from "./extraction.js";
import type { Held } from "./held.js";

/** The most changes of a file. */
const most = 20_000;

/** After how long without a change a token is kept: one that is older than the database's log is worth nothing. */
const quiet = 3_600_000;

/**
 * Lands what the change stream says from the checkpoint on, until there is nothing more or what was made after the run began.
 *
 * @returns whether anything has landed
 * @throws PositionLost when it cannot go on there, or the collection was dropped or renamed
 */
export async function follow(
  { settings, collection, into, json }: Extraction,
  held: Held & { readonly checkpoint: string },
  began: Moment,
): Promise<boolean> {
  const { collectionName: name } = collection;
  const options = { ...json.read(held.checkpoint), fullDocument: "updateLookup", batchSize: 1000 };
  const stream = collection.watch([], options);
  let { next } = held;
  /** Whether a change was read that is left for the next run: the stream's own token stands behind it. */
  let isCut = false;
  const read = async () => {
    const changes: Change[] = [];
    while (changes.length < most) {
      const event = await stream.tryNext();
      if (event === null) break;
      if ((event.clusterTime?.t ?? 0) > began.time.t) {
        isCut = true;
        break;
      }
      const change = changeOf(event, name, json);
      if (change === "ended")
        throw new PositionLost(
          `The collection ${settings.database}.${name} was dropped or renamed (${event.operationType}), and what came after it was ` +
            `not read. ${readWhole}`,
        );
      if (change) changes.push(change);
    }
    return changes;
  };
  const land = async (changes: readonly Change[]) => {
    const writer = await openChangeWriter(into, next, { at: "", source: {} });
    try {
      await writer.change(changes);
      next += BigInt(changes.length);
      return await writer.land();
    } finally {
      await writer.discard();
    }
  };
  try {
    for (let found = most; found === most;) {
      const changes = await read();
      found = changes.length;
      if (found > 0 && !(await land(changes))) return true;
    }
    const token = json.textOf({ resumeAfter: stream.resumeToken });
    if (
      !isCut &&
      next === held.next &&
      stream.resumeToken &&
      token !== held.checkpoint &&
      began.at - held.at > quiet
    ) {
      const source = {
        position: String(held.position),
        ts_ms: began.at,
        collection: name,
        checkpoint: JSON.parse(token) as unknown,
      };
      await land([{ key: null, op: "m", source, at: new Date(began.at).toISOString() }]);
    }
  } finally {
    await stream.close().catch(() => undefined);
  }
  return next > held.next;
}

const ops = { insert: "c", update: "u", replace: "u", delete: "d" } as const;

/** An event as a change; undefined for one that says nothing of a document, `ended` where the stream is at its end. */
function changeOf(
  event: ChangeStreamDocument,
  collection: string,
  { textOf, keyOf }: ExtendedJson,
): Change | "ended" | undefined {
  const { operationType: type } = event;
  if (type === "drop" || type === "rename" || type === "dropDatabase" || type === "invalidate")
    return "ended";
  if (type !== "insert" && type !== "update" && type !== "replace" && type !== "delete") return undefined;
  const document: Document | null | undefined = type === "delete" ? null : event.fullDocument;
  // A document that was updated and is gone: its deletion follows.
  if (type !== "delete" && !document) return undefined;
  const { _id: id } = event.documentKey;
  const { _id: token } = event;
  const key = keyOf(id);
  const after = document ? textOf(document) : undefined;
  const time = event.clusterTime!;
  const source = {
    position: String(positionOf(time)),
    ts_ms: time.t * 1000,
    collection,
    ...(after !== undefined && { version: versionOf(after) }),
    checkpoint: JSON.parse(textOf({ resumeAfter: token as Document })) as unknown,
  };
  const at = new Date(time.t * 1000).toISOString();
  return {
    key,
    op: ops[type],
    ...(type === "delete" && { before: key }),
    ...(after !== undefined && { after }),
    source,
    at,
  };
}
