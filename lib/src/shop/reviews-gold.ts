import { bigint, decimal, text, timestamp } from "../contracts/columns.js";
import { table } from "../contracts/table.js";
import { gold, updatedAt } from "./updated-at.js";

const count = (comment: string) => bigint(comment, { from: 0 });

export const product_ratings = table(
  "gold.product_ratings",
  "How a product is rated: one row per product with a review that is still there.",
  {
    product_id: text("The shop's product number."),
    reviews: bigint("Reviews that are there now.", { from: 1 }),
    verified_reviews: count("Those of authors who bought the product."),
    average_rating: decimal(3, 2, "Mean of the stars, rounded half up.", { from: 1, to: 5 }),
    stars_1: count("Reviews with one star."),
    stars_2: count("Reviews with two stars."),
    stars_3: count("Reviews with three stars."),
    stars_4: count("Reviews with four stars."),
    stars_5: count("Reviews with five stars."),
    last_review_at: timestamp("When the newest review was written, UTC."),
    ...updatedAt,
  },
  { ...gold, key: ["product_id"], references: { product_id: "silver.dim_products.product_id" } },
);
