import { setTimeout as sleep } from "node:timers/promises";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import mongodb, { type Document } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNotReady } from "../services/mongo/install.ts";
import { openReviews, type LiveReviews } from "../services/mongo/life.ts";
import { start, type Mongo } from "../services/mongo/start.ts";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";

/** How many runs are killed: a few by default, more by `REVIEWS_KILLS=60 npx vitest run …`. */
const kills = Number(process.env["REVIEWS_KILLS"] ?? 2);

const { BSON, Decimal128, Double, Int32, ObjectId } = mongodb;
const absent = await whyNotReady();

describe.skipIf(absent)(`reviews in MongoDB${absent ? ` (skipped: ${absent})` : ""}`, () => {
  let mongo: Mongo;
  let live: LiveReviews;
  let shop: Lakehouse;

  const open = () =>
    openReviews(mongo.url, { products: ["P00001", "P00002", "P00003"], customers: ["C000001", "C000002"] });

  beforeAll(async () => {
    mongo = await start();
    live = await open();
    await live.write(400);
    shop = await lakehouse();
  });
  afterAll(async () => {
    await live?.close();
    await mongo?.stop();
  });

  const env = (route: string, more: Readonly<Record<string, string>> = {}) => ({
    MONGODB_URL: mongo.url,
    MONGODB_ROUTE: route,
    ...more,
  });
  const steps = "bronze.reviews,silver.product_reviews,gold.product_ratings";
  const run = (route: string, of = shop, more: Readonly<Record<string, string>> = {}) =>
    of.shopmetrics(`run --quiet --only ${steps}`, { env: env(route, more) });
  const happen = async (count: number) => {
    for (let index = 0; index < count; index++) await live.live();
  };
  /** Which rows silver and gold have and the collection has not, or the other way round. */
  const differing = async (of = shop) => {
    const documents = await live.collection.find({}, { promoteValues: false }).toArray();
    const [silver, gold] = [
      await query(of, `select ${silverColumns} from silver.product_reviews`),
      await query(of, `select ${goldColumns} from gold.product_ratings`),
    ].map((rows) => rows.map((row) => JSON.stringify(Object.values(row))));
    return {
      silver: surplus(silver!, documents.map(rowOf)),
      gold: surplus(gold!, ratingsOf(documents)),
    };
  };
  const same = { silver: { here: [], there: [] }, gold: { here: [], there: [] } };
  const changes = async (of = shop) =>
    Number((await query(of, "select count(*)::int as n from bronze.product_reviews_changes"))[0]!["n"]);

  it("are read as a whole, and no document lands twice", async () => {
    succeeded(await run("full"));
    expect(await differing()).toEqual(same);
    expect(await changes()).toBe(400);
    succeeded(await run("full"));
    expect(await changes()).toBe(400);
  });

  it("are read as a whole after edits and deletions", async () => {
    await happen(60);
    succeeded(await run("full"));
    expect(await differing()).toEqual(same);
    const gone = await query(shop, "select op from bronze.product_reviews_changes where op = 'd'");
    expect(gone.length).toBeGreaterThan(0);
  });

  it("are read by what was updated, which sees no deletion until they are read as a whole", async () => {
    const other = await lakehouse();
    succeeded(await run("incremental", other));
    const before = await changes(other);
    const edited = { $set: { rating: 1, updatedAt: new Date() } };
    const ids = { projection: { _id: 1 }, sort: { _id: 1 }, limit: 2 } as const;
    const [first, second] = await live.collection.find({}, ids).toArray();
    await live.collection.updateOne(first!, edited);
    succeeded(await run("incremental", other));
    expect(await differing(other)).toEqual(same);
    expect(await changes(other)).toBe(before + 1);
    await live.collection.deleteOne(second!);
    succeeded(await run("incremental", other));
    const missed = await differing(other);
    expect(missed.silver).toEqual({
      here: [expect.stringContaining(String(Object.values(second!)[0]))],
      there: [],
    });
    succeeded(await run("full", other));
    expect(await differing(other)).toEqual(same);
    await other.remove();
  });

  it("are followed by the change stream, each change once", async () => {
    const other = await lakehouse();
    succeeded(await run("changes", other));
    const began = await changes(other);
    for (let round = 0; round < 3; round++) {
      await happen(40);
      succeeded(await run("changes", other));
      expect(await differing(other)).toEqual(same);
    }
    const streamed = await query(
      other,
      `select count(*)::int as n, count(distinct json_extract_string(source, '$.checkpoint.resumeAfter._data'))::int as tokens
      from bronze.product_reviews_changes where kafka_offset >= ${began}`,
    );
    expect(streamed[0]!["n"]).toBeGreaterThan(60);
    expect(streamed[0]!["tokens"]).toBe(streamed[0]!["n"]);
    await other.remove();
  });

  it(`are as they are there after ${kills} kills`, async () => {
    const other = await lakehouse();
    succeeded(await run("changes", other));
    for (let kill = 0; kill < kills; kill++) {
      const route = kill % 3 === 2 ? "full" : "changes";
      const { child, outcome } = other.start(`run --quiet --only ${steps}`, { env: env(route) });
      const until = Date.now() + 300 + Math.random() * 2500;
      while (Date.now() < until) await happen(1);
      child.kill("SIGKILL");
      await outcome;
    }
    succeeded(await run("changes", other));
    expect(await differing(other)).toEqual(same);
    const offsets = await query(
      other,
      `select count(*)::int as n, count(distinct kafka_offset)::int as offsets, max(kafka_offset)::int + 1 as next
      from bronze.product_reviews_changes`,
    );
    expect(offsets[0]).toEqual({
      n: offsets[0]!["n"],
      offsets: offsets[0]!["n"],
      next: offsets[0]!["n"],
    });
    await other.remove();
  });

  it("keep a token when nothing happened for an hour, since the database's log is short", async () => {
    const other = await lakehouse();
    succeeded(await run("changes", other));
    const [name] = await readdir(path.join(other.landing, "product_reviews_changes"));
    const text = await readFile(path.join(other.landing, "product_reviews_changes", name!), "utf8");
    const old = await lakehouse();
    const earlier = text.replaceAll(
      /(\\"ts_ms\\":)(\d+)/g,
      (_, field, at) => `${field}${Number(at) - 7_200_000}`,
    );
    await old.land(`product_reviews_changes/${name}`, earlier);
    await sleep(1500);
    succeeded(await run("changes", old));
    const token = "json_extract_string(source, '$.checkpoint.resumeAfter._data')";
    const kept = await query(old, `select op from bronze.product_reviews_changes where ${token} is not null`);
    expect(kept).toEqual([{ op: "m" }]);
    const before = await changes(old);
    succeeded(await run("changes", old));
    expect(await changes(old)).toBe(before);
    await happen(10);
    succeeded(await run("changes", old));
    expect(await differing(old)).toEqual(same);
    await other.remove();
    await old.remove();
  });

  it("say why a document is refused, keep one that lacks fields, and tell of an unknown product", async () => {
    const createdAt = new Date("2026-03-01T10:00:00.5Z");
    const whole = { product_id: "P00001", rating: new Int32(3), createdAt };
    await live.collection.insertMany([
      { ...whole, _id: "no product" as never, product_id: undefined },
      { ...whole, _id: "half a star" as never, rating: new Double(4.5) },
      { ...whole, _id: "a text" as never, rating: "5" },
      { ...whole, _id: "no date" as never, createdAt: "yesterday" },
      { ...whole, _id: "too dear" as never, price_paid: Decimal128.fromString("1E+30") },
      { ...whole, _id: 'plain "quoted"' as never, product_id: "P99999" },
      { ...whole, _id: 7 as never },
      { ...whole, _id: { shop: "de", number: 1 } as never },
    ]);
    const { code, stderr } = await shop.shopmetrics(`run --only ${steps}`, { env: env("full") });
    expect(code).toBe(0);
    expect(stderr).toMatch(/product_id.*silver\.dim_products/s);
    const refused = await query(
      shop,
      "select raw_row, reasons from silver.rejected_rows where table_name = 'silver.product_reviews'",
    );
    const reasons = Object.fromEntries(
      refused.map(({ raw_row: raw, reasons: why }) => [/\\"_id\\":\\"([^\\"]+)/.exec(String(raw))?.[1], why]),
    );
    expect(reasons).toEqual({
      "no product": ["product_id is missing"],
      "half a star": ["rating is not 1, 2, 3, 4 or 5"],
      "a text": ["rating is no number"],
      "no date": ["createdAt is no date"],
      "too dear": ["price_paid is not an amount"],
    });
    await live.collection.deleteMany({ _id: { $in: Object.keys(reasons) as never[] } });
    succeeded({ ...(await run("full")), stderr: "" });
    expect(await differing()).toEqual(same);
    await live.collection.updateOne({ _id: 7 as never }, { $set: { rating: 5 } });
    await live.collection.deleteOne({ _id: 'plain "quoted"' as never });
    await live.collection.deleteOne({ _id: { shop: "de", number: 1 } as never });
    succeeded(await run("full"));
    expect(await differing()).toEqual(same);
  });

  it("say what to do when the collection was dropped", async () => {
    const other = await lakehouse();
    succeeded(await run("changes", other));
    const kept = await live.collection.find({}, { promoteValues: false }).toArray();
    await live.collection.drop();
    await sleep(1100);
    await live.collection.insertMany(kept);
    const dropped = await run("changes", other);
    expect(dropped.code).toBe(1);
    expect(dropped.stderr).toMatch(/collection shop\.reviews was dropped or renamed.*MONGODB_ROUTE=full/s);
    succeeded(await run("full", other));
    await happen(20);
    succeeded(await run("changes", other));
    expect(await differing(other)).toEqual(same);
    await other.remove();
  });

  it("say what to do when the token is lost, and reading the whole goes on from there", async () => {
    succeeded(await run("changes"));
    await live.close();
    await sleep(1100);
    await mongo.renew();
    live = await open();
    await live.write(150);
    const lost = await run("changes");
    expect(lost.code).toBe(1);
    expect(lost.stderr).toMatch(
      /no longer knows where the reading of its changes ended.*MONGODB_ROUTE=full/s,
    );
    const before = await changes();
    const refused = await run("full");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /documents of shop\.reviews that bronze holds are gone from the database, which has 150/,
    );
    expect(await changes()).toBe(before);
    succeeded(await run("full", shop, { MONGODB_ACCEPT_LOSS: "true" }));
    expect(await differing()).toEqual(same);
    await happen(30);
    succeeded(await run("changes"));
    expect(await differing()).toEqual(same);
  });

  it.each([
    ["a wrong password", { MONGODB_PASSWORD: "wr:ong" }, /does not let shop in.*Check MONGODB_PASSWORD/s], // pragma: allowlist secret
    [
      "nobody at the port",
      { MONGODB_URL: "down" },
      /does not answer.*shopmetrics run --from bronze\.reviews/s,
    ],
  ] as const)("say what to do about %s, and never the password", async (_what, more, words) => {
    const { port } = new URL(mongo.url);
    const url = {
      down: mongo.url.replace(port, "1"),
    };
    const given = Object.fromEntries(
      Object.entries(more).map(([name, value]) => [name, url[value as keyof typeof url] ?? value]),
    );
    const { code, stdout, stderr } = await run("full", shop, given);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(words);
    for (const secret of [mongo.password, "wr:ong"]) expect(stdout + stderr).not.toContain(secret);
  });

  it("forget a customer: the words are gone, and the stars stay", async () => {
    const other = await lakehouse();
    succeeded(await run("full", other));
    const theirs =
      "select count(*)::int as n, sum(rating)::int as stars from silver.product_reviews where customer_id = 'C000001'";
    const ratings = "select * from gold.product_ratings order by all";
    const [before] = await query(other, theirs);
    const rated = await query(other, ratings);
    succeeded(await other.shopmetrics("forget customer C000001 --quiet"));
    expect(await query(other, theirs)).toEqual([{ n: 0, stars: null }]);
    expect(
      await query(
        other,
        `select count(*)::int as n, sum(rating)::int as stars from silver.product_reviews
          where customer_id like 'forgotten-%' and title is null and body is null`,
      ),
    ).toEqual([before]);
    expect(await query(other, ratings)).toEqual(rated);
    await other.remove();
  });
});

const silverColumns = `review_id, product_id, customer_id, is_verified, rating, title, body, tags, has_images, helpful_votes::int,
  price_paid::varchar, reply, epoch_ms(replied_at)::varchar, epoch_ms(created_at)::varchar, epoch_ms(updated_at)::varchar`;

const goldColumns = `product_id, reviews::int, verified_reviews::int, average_rating::varchar, stars_1::int, stars_2::int, stars_3::int,
  stars_4::int, stars_5::int, epoch_ms(last_review_at)::varchar`;

const plain = (value: unknown) => (value === undefined || value === null ? null : Number(String(value)));
const words = (value: unknown) => String((value as string | undefined) ?? "").trim() || null;
const millis = (value: unknown) => (value instanceof Date ? String(value.getTime()) : null);

/** What silver must hold of a document. */
function rowOf(document: Document): string {
  const { _id: id, author, tags = [], images = [], reply, createdAt, updatedAt = createdAt } = document;
  return JSON.stringify([
    typeof id === "string"
      ? id
      : id instanceof Int32 || id instanceof ObjectId
        ? String(id)
        : BSON.EJSON.stringify(id, { relaxed: false }),
    document["product_id"],
    author?.customer_id ?? null,
    author?.verified === true,
    plain(document["rating"]),
    words(document["title"]),
    words(document["body"]),
    tags.join(", ") || null,
    images.length > 0,
    plain(document["helpful_votes"]) ?? 0,
    document["price_paid"] === undefined ? null : Number(String(document["price_paid"])).toFixed(2),
    words(reply?.text),
    millis(reply?.at),
    millis(createdAt),
    millis(updatedAt),
  ]);
}

function ratingsOf(documents: readonly Document[]): string[] {
  const products = new Map<string, Document[]>();
  for (const document of documents) {
    const product = String(document["product_id"]);
    products.set(product, [...(products.get(product) ?? []), document]);
  }
  return [...products].map(([product, own]) => {
    const stars = own.map((document) => plain(document["rating"])!);
    const sum = stars.reduce((a, b) => a + b, 0);
    const hundredths = Math.floor((200 * sum + own.length) / (2 * own.length));
    return JSON.stringify([
      product,
      own.length,
      own.filter((document) => document["author"]?.verified === true).length,
      (hundredths / 100).toFixed(2),
      ...[1, 2, 3, 4, 5].map((star) => stars.filter((given) => given === star).length),
      String(Math.max(...own.map((document) => (document["createdAt"] as Date).getTime()))),
    ]);
  });
}

function surplus(here: readonly string[], there: readonly string[]) {
  const [a, b] = [new Set(here), new Set(there)];
  return {
    here: here.filter((row) => !b.has(row)).slice(0, 3),
    there: there.filter((row) => !a.has(row)).slice(0, 3),
  };
}
