import { bigint, boolean, happened, int, money, text, timestamp } from "../contracts/columns.js";
import { table } from "../contracts/table.js";
import { name, origin, words } from "./origin.js";

const change_position = bigint("Where the change that made this row stands in the log of the database.");

export const product_reviews = table(
  "silver.product_reviews",
  "One row per review of a product as it is now, typed and validated. A review that was deleted has none.",
  {
    review_id: text("The review's _id.", name),
    product_id: text("What is reviewed.", name),
    customer_id: text("Who wrote it. Null when nobody was logged in.", name).nullable(),
    is_verified: boolean("Whether the shop knows that the author bought the product."),
    rating: int("Stars, from 1 to 5.", { from: 1, to: 5 }),
    title: text("Title.", words).nullable(),
    body: text("What the author says.").nullable(),
    tags: text("The first five tags, with commas between them.").nullable(),
    has_images: boolean("Whether the author added images."),
    helpful_votes: bigint("How many readers found it helpful.", { from: 0 }),
    price_paid: money("What the author says the product cost.").nullable(),
    reply: text("What the shop answered.").nullable(),
    replied_at: timestamp("When the shop answered, UTC.", happened).nullable(),
    created_at: timestamp("When it was written, UTC.", happened),
    updated_at: timestamp("When it was last changed, UTC.", happened),
    ...origin,
    change_position,
  },
  {
    key: ["review_id"],
    order: { change_position, source_load: origin.source_load, source_row: origin.source_row },
    newest: ["change_position", "source_load", "source_row"],
    auditColumns: ["source_load"],
    tracks: ["product_id", "is_verified", "rating", "created_at"],
    references: { product_id: "silver.dim_products.product_id" },
    tags: { sensitivity: "personal" },
    person: "customer_id",
    personal: ["title", "body"],
  },
);
