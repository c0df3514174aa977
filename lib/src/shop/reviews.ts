import { extract } from "../mongo/extract.js";
import type { Settings } from "../settings.js";
import { load } from "../verbs/load.js";
import { product_reviews_changes } from "./reviews-bronze.js";

/**
 * Loads what has landed of the shop's reviews, then lands and loads what is new in MongoDB, as MONGODB_ROUTE says. Without a database it
 * only loads.
 *
 * @throws InputError naming what the database lacks or refuses; ServiceDown when it does not answer
 */
export async function landReviews({ mongodb }: Settings): Promise<void> {
  await load(product_reviews_changes, { from: "product_reviews_changes" });
  if (mongodb) await extract(mongodb, { collection: "reviews", into: product_reviews_changes });
}
