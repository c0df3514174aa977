/** A message of the clickstream's topic, as the property test sends it. */
export interface RandomMessages {
  /** The next line of a file of envelopes. */
  line(): string;
}

const minute = 60_000;

/**
 * Random messages of few customers within two days. Events lie about half an hour apart, to the microsecond where it
 * matters; a few come late, twice, with another content under the same id, or are no events at all.
 */
export function randomMessages(random: () => number): RandomMessages {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const rarely = <T>(odd: () => T, usual: T, rate = 0.05) => (random() < rate ? odd() : usual);
  const offsets = [0, 0, 0];
  const sent: string[] = [];
  let events = 0;

  const value = (at: number): string => {
    const event_type = rarely(
      () => "hover",
      pick(["page_view", "page_view", "add_to_cart", "purchase", "search"]),
    );
    const event = {
      event_id: rarely(() => pick(["E1", "E2", "E3", ""]), `E${++events + 3}`, 0.2),
      ...pick([
        // The older form; a visitor who is not logged in; one who is; a browser that two customers share.
        () => ({ customer_id: rarely(() => "", pick(["C1", "C1", "C2", "C3"])) }),
        () => ({ visitor_id: rarely(() => "", pick(["V1", "V1", "V2"])), customer_id: null }),
        () => ({ visitor_id: "V1", customer_id: pick(["C1", "C2"]) }),
        () => ({ visitor_id: pick(["V2", "C2"]), customer_id: pick(["C1", "C3"]) }),
      ])(),
      ...(event_type !== "search" &&
        rarely(() => false, true, 0.2) && { product_id: pick(["P1", "P2", "P3", "P4"]) }),
      event_type,
      ...(event_type === "purchase" && random() < 0.7 && { order_id: pick(["O1", "O2", "O3", "O9"]) }),
      ...(random() < 0.2 && { utm_campaign: pick(["spring", " SALE", "other"]), utm_medium: "cpc" }),
      session_id: "S1",
      page: pick(["/", "/cart"]),
      ...(random() < 0.3 && { device: "mobile", referrer: pick(["", "https://search.example/"]) }),
      event_ts: rarely(() => pick(["soon", "2001-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]), written(at)),
      ...(random() < 0.5 && {
        quantity: rarely(() => -1, pick([1, 2, 3])),
        price: pick(["10.00", "33.35", 0.5]),
      }),
    };
    return rarely(() => pick(["click", "", "[]", "7"]), JSON.stringify(event), 0.04);
  };
  const written = (at: number) => {
    const instant = new Date(at).toISOString();
    return pick([instant, instant.replace("Z", "001Z"), instant.replace("Z", "+00:00")]);
  };
  const delay = () => pick([0, 1, 1, 10, 10, 11, 90]) * minute;

  return {
    line() {
      const partition = Math.floor(random() * 3);
      const happened = Date.UTC(2026, 1, 1) + Math.floor(random() * 120) * 15 * minute + pick([0, 0, 0, 1]);
      const text = random() < 0.15 && sent.length > 0 ? pick(sent) : value(happened);
      sent.push(text);
      const envelope = JSON.stringify({
        topic: "clickstream-events",
        partition,
        offset: offsets[partition]!++,
        timestamp: new Date(happened + delay()).toISOString(),
        key: "C1",
        value: rarely(() => null, text, 0.02),
      });
      return rarely(() => envelope.slice(0, 30), envelope, 0.02);
    },
  };
}
