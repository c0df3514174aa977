import { randomMessages } from "./messages.ts";
import { mulberry32 } from "./random.ts";

/** A file of the shop's: where it lands and its text, CSV or envelopes of messages. */
export interface ExportFile {
  readonly path: `${string}/${string}.${"csv" | "ndjson"}`;
  readonly text: string;
}

/** A shop's life in a few dozen lines, as the pipeline may come to see it. */
export interface History {
  /** What lands between two runs. Files come in any order, so a later batch may bring older changes. */
  readonly batches: readonly (readonly ExportFile[])[];
  /** A stream of numbers in [0, 1) that goes on where the history ended. */
  readonly random: () => number;
}

/**
 * A random small history. Few ids, few instants and few values, so that ties, repeats, changes back and forth, and late
 * changes are the rule. The same seed gives the same history.
 */
export function randomHistory(seed: number): History {
  const random = mulberry32(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const upTo = (most: number) => Math.floor(random() * (most + 1));
  const rarely = <T>(odd: T, usual: T, rate = 0.06) => (random() < rate ? odd : usual);

  const customer = () => [
    rarely(pick(["", "  ", " C1 "]), pick(["C1", "C1", "C2", "C3"])),
    "Ada",
    rarely("", "Byron"),
    pick(["a@example.com", "A@example.com", "b@example.com"]),
    "",
    rarely("Paris", "London", 0.15),
    "",
    "",
    rarely(pick(["2026-02-30", "soon"]), rarely(pick(["2026-01-15", "2026-02-01", ""]), "2026-01-31", 0.25)),
    rarely(pick(["", "yesterday"]), pick(instants)),
  ];
  const product = () => [
    rarely("", pick(["P1", "P2", "P3"])),
    pick(["Lamp", "Chair", ""]),
    pick(["Home", "Garden", ""]),
    "",
    "",
    rarely(pick(["-1.00", "cheap"]), pick(["10.00", "12.50", ""])),
    "4.00",
    rarely("", pick(instants)),
  ];
  const order = () => [
    pick(["O1", "O2", "O3", "O4", "O5", " O5"]),
    pick(["C1", "C2", "C3", "C4", ""]),
    pick(["P1", "P2", "P3", "P4", ""]),
    rarely(pick(["1.5", "-2", "many"]), pick(["1", "2", "3", ""])),
    pick(["10.00", "33.35", "250.00"]),
    rarely("ten", pick(["10.00", "500.00", "0.01", ""])),
    rarely("soon", pick(instants)),
    rarely(
      pick(["lost", ""]),
      pick(["completed", " Completed", "completed", "pending", "refunded", "cancelled"]),
    ),
    rarely("", pick(instants)),
  ];
  const orderItem = () => [
    pick(["I1", "I2", "I3", "I4", "I5", "I6", ""]),
    rarely(pick(["", "O9"]), pick(["O1", "O2", "O3"])),
    pick(["P1", "P2", "P4", ""]),
    pick(["1", "3", ""]),
    pick(["3.33", "10.00", "0.00"]),
    rarely("-1", pick(["", "0.50"])),
    rarely("", pick(instants)),
  ];
  const payment = () => [
    pick(["B1", "B2", "B3", "B4"]),
    pick(["O1", "O2", "O3", "O4", ""]),
    pick(["10.00", "500.00"]),
    rarely("EURO", pick(["EUR", "EUR", "GBP", "usd", ""])),
    "card",
    pick(["pending", "completed", "completed", "failed", "refunded", "partially_refunded"]),
    rarely("ch_1", "", 0.3),
    pick(instants),
    rarely("", pick(instants)),
  ];
  const rate = () => [
    pick(["2026-01-31", "2026-02-01", "2026-02-27", "2026-03-02"]),
    "EUR",
    pick(["GBP", "USD"]),
    rarely("much", pick(["0.80", "0.9", "1.25"])),
  ];
  const campaign = () => [
    pick(["spring", " Sale"]),
    pick(["paid", "email"]),
    "",
    "2026-01-01",
    "",
    "100",
    pick(["EUR", "USD"]),
  ];
  const spend = () => [
    pick(["2026-01-31", "2026-02-01", "2026-02-28"]),
    pick(["paid", "social"]),
    pick(["spring", "sale", ""]),
    pick(["5.55", "0"]),
    pick(["EUR", "USD"]),
    "100",
    pick(["7", ""]),
  ];
  const torn = rarely(['C9,"torn'], [] as string[], 0.2);

  const messages = randomMessages(random);
  const fresh: Record<string, () => string[]> = {
    customers: customer,
    products: product,
    orders: order,
    order_items: orderItem,
    payments: payment,
    currency_rates: rate,
    campaigns: campaign,
    marketing_spend: spend,
  };
  const written: Record<string, string[]> = Object.fromEntries(Object.keys(fresh).map((name) => [name, []]));
  const line = (entity: string) => {
    const sent = written[entity]!;
    const again = sent.length > 0 && random() < 0.15;
    const text = again ? pick(sent) : fresh[entity]!().join(",");
    sent.push(text);
    return text;
  };

  // Numbered as they land: which of two files was loaded later does not depend on how runs are cut.
  let number = 0;
  const file = (entity: string, most: number): ExportFile => {
    const name = `${entity}_${(number += upTo(50))}`;
    const lines = Array.from({ length: upTo(most) }, () => line(entity));
    const end = entity === "customers" ? torn : [];
    return { path: `${entity}/${name}.csv`, text: [headers[entity]!, ...lines, ...end].join("\n") + "\n" };
  };
  const messageFile = (most: number): ExportFile => {
    const text = Array.from({ length: upTo(most) }, () => `${messages.line()}\n`).join("");
    return { path: `clickstream/clickstream_${(number += upTo(50))}.ndjson`, text };
  };
  // Some batches bring a bit of everything, the others so little that a change stands alone.
  const batch = (_: unknown, index: number) => {
    const [files, lines] = index === 0 || random() < 0.5 ? [2, 5] : [1, 2];
    const exports = Object.keys(headers).flatMap((entity) =>
      Array.from({ length: upTo(files) }, () => file(entity, lines)),
    );
    return [...exports, ...Array.from({ length: upTo(files) }, () => messageFile(4 * lines))];
  };
  return { batches: Array.from({ length: 3 + upTo(3) }, batch), random };
}

const headers: Record<string, string> = {
  customers: "customer_id,first_name,last_name,email,phone,city,region,country,signup_date,updated_at",
  products: "product_id,product_name,category,subcategory,brand,price,cost,updated_at",
  orders: "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at",
  order_items: "order_item_id,order_id,product_id,quantity,unit_price,discount,updated_at",
  payments:
    "payment_id,order_id,amount,currency,payment_method,payment_status,transaction_id,payment_date,updated_at",
  currency_rates: "date,base,quote,rate",
  campaigns: "campaign,channel,name,start_date,end_date,budget,currency",
  marketing_spend: "date,channel,campaign,spend,currency,impressions,clicks",
};

/** Around the ends of days and months, in several notations. */
const instants = [
  "2026-01-31T23:59:59Z",
  "2026-02-01",
  "2026-02-01T00:00:00Z",
  "2026-02-01T01:30:00+02:00",
  "2026-02-28T12:00:00Z",
  "2026-02-28T12:00:00.000001Z",
  "2026-02-28 22:00:00-05:00",
  "2026-03-01T08:00:00Z",
];
