import { id, instant, money, type Entity } from "./entity.js";

/** The lines of orders: they come with their order and never change. */
export const orderItems: Entity = {
  name: "order_items",
  columns: ["order_item_id", "order_id", "product_id", "quantity", "unit_price", "discount", "updated_at"],
  isOfSales: true,
  faults: ["duplicate", "null_quantity", "malformed", "duplicate"],
  pickHistory: () => "select * from line where line > 0",
  pickDay: (day) => `select * from line where line > 0 and ordered >= ${day * 86_400}`,
  render: () => `
    select
      ${id("O", "n", 8)} || '-' || line as order_item_id,
      ${id("O", "n", 8)} as order_id,
      ${id("P", "product", 5)} as product_id,
      quantity,
      ${money("list_cents")} as unit_price,
      ${money("(list_cents - unit_cents) * quantity")} as discount,
      ${instant("ordered")} as updated_at,
      rowid as position
    from picked`,
};
