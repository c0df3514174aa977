import mongodb, { type Collection, type Document } from "mongodb";
import { mulberry32 } from "../../steps/random.ts";

/*
 * Reviews that are written, edited, answered and deleted. No two look alike: fields are missing, a number is an int, a long, a double or a
 * decimal, and a tenth is of an author whom nobody knows.
 */

const { Decimal128, Double, Int32, Long, MongoClient, ObjectId } = mongodb;

export interface LiveReviews {
  readonly collection: Collection;
  /** Writes so many reviews. */
  write(count: number): Promise<void>;
  /** Writes, edits, answers or deletes a review, and says what it did. */
  live(): Promise<string>;
  close(): Promise<void>;
}

/** What reviews are of, and who writes them. */
interface Shop {
  readonly products: readonly string[];
  readonly customers: readonly string[];
}

/** @param url the address of the database, of a user who may write */
export async function openReviews(
  url: string,
  { products, customers }: Shop,
  seed = 1,
): Promise<LiveReviews> {
  // A server that waits between an answer's parts is no faster by it.
  const client = await new MongoClient(url, { noDelay: true }).connect();
  const collection = client.db().collection("reviews");
  const random = mulberry32(seed);
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const happens = (share: number) => random() < share;
  const day = 86_400_000;

  const number = (value: number) =>
    one([
      () => new Int32(value),
      () => new Double(value),
      () => Long.fromNumber(value),
      () => Decimal128.fromString(`${value}.0`),
    ])();
  const review = (): Document => {
    const createdAt = new Date(Date.now() - Math.floor(random() * 300 * day));
    return {
      _id: new ObjectId(Math.floor(createdAt.getTime() / 1000)),
      product_id: one(products),
      rating: number(one([1, 2, 3, 4, 4, 5, 5, 5])),
      ...(happens(0.9) && {
        author: { customer_id: one(customers), ...(happens(0.8) && { verified: happens(0.7) }) },
      }),
      ...(happens(0.8) && { title: one(["Great", "Not for me", "“Zufrieden”", "だいたい良い", 'A "must"']) }),
      ...(happens(0.7) && { body: one(["Does what it should.\nTwice.", "Broke, after a week", "👍", ""]) }),
      ...(happens(0.4) && { tags: ["gift", "fit", "quality"].filter(() => happens(0.5)) }),
      ...(happens(0.2) && { images: [{ url: `img/${Math.floor(random() * 1e6)}.jpg`, width: 800 }] }),
      ...(happens(0.5) && { helpful_votes: number(Math.floor(random() * 40)) }),
      ...(happens(0.3) && { price_paid: Decimal128.fromString((1 + random() * 99).toFixed(2)) }),
      createdAt,
      ...(happens(0.95) && { updatedAt: createdAt }),
    };
  };
  /** One that is there, by its _id. */
  const some = async () => {
    const [found] = await collection
      .find({ product_id: one(products) }, { projection: { _id: 1 } })
      .skip(Math.floor(random() * 30))
      .limit(1)
      .toArray();
    return found;
  };
  const deeds: Readonly<Record<string, () => Promise<unknown>>> = {
    wrote: () => collection.insertOne(review()),
    edited: async () => {
      const found = await some();
      if (found)
        await collection.updateOne(found, {
          $set: { rating: number(one([1, 3, 5])), title: "Edited", updatedAt: new Date() },
        });
    },
    answered: async () => {
      const found = await some();
      const at = new Date();
      if (found)
        await collection.updateOne(found, { $set: { reply: { text: "Thank you.", at }, updatedAt: at } });
    },
    replaced: async () => {
      const found = await some();
      if (!found) return;
      await collection.replaceOne(found, { ...review(), ...found, updatedAt: new Date() });
    },
    deleted: async () => {
      const found = await some();
      if (found) await collection.deleteOne(found);
    },
  };
  return {
    collection,
    async write(count) {
      for (let left = count; left > 0; left -= 500)
        await collection.insertMany(Array.from({ length: Math.min(500, left) }, review));
    },
    async live() {
      const deed = one(["wrote", "wrote", "edited", "edited", "answered", "replaced", "deleted"]);
      await deeds[deed]!();
      return deed;
    },
    close: () => client.close(),
  };
}
