import { type Day, type ShopSize, calendar, isoDate } from "./calendar.js";
import type { Entity } from "./entity.js";
import { drawNumber } from "./random.js";
import type { Currencies } from "./sales.js";
import { literal } from "./tables.js";

/** Where campaigns run. A visit that one brings has the channel's medium. */
export type CampaignChannel = "paid" | "social" | "email" | "referral";

interface Campaign {
  /** As utm_campaign names it. */
  readonly campaign: string;
  readonly channel: CampaignChannel;
  readonly name: string;
  readonly start: Day;
  /** The last day; undefined without an end. */
  readonly end: Day | undefined;
  /** How much of its channel it brings, against others that run at the same time. */
  readonly weight: number;
  /** What a click costs, in cents. */
  readonly click: number;
  /** Clicks per time that it is shown. */
  readonly clickRate: number;
  readonly isAbroad: boolean;
}

/** Campaigns and what they cost are known for so many days before the history's end. */
const daysOfSpend = 365;

/** Visits that the shop gets for each order, and the part of them that a channel's campaigns bring while some run. */
export const visitsPerOrder = 3.33;
export const campaignShares: Readonly<Record<CampaignChannel, number>> = {
  paid: 0.16,
  social: 0.09,
  email: 0.08,
  referral: 0.05,
};

/** Clicks for a visit: many people leave before the page is there. */
const clicksPerVisit = 4;

/** A series of campaigns: one begins on a day of each of these months, named by its season, and runs for some days. */
interface Series {
  readonly prefix: string;
  readonly channel: CampaignChannel;
  /** By the number of the month from 0. */
  readonly starts: Readonly<Record<number, string>>;
  readonly dayOfMonth: number;
  readonly days: number;
  readonly weight: number;
  readonly click: number;
  readonly clickRate: number;
  readonly isAbroad?: boolean;
}

const months = "January February March April May June July August September October November December".split(
  " ",
);

const series: readonly Series[] = [
  {
    prefix: "shopping",
    channel: "paid",
    starts: { 0: "Winter sale", 2: "Spring", 4: "Garden", 6: "Summer sale", 8: "Autumn", 10: "Christmas" },
    dayOfMonth: 4,
    days: 55,
    weight: 3,
    click: 260,
    clickRate: 0.021,
  },
  {
    prefix: "social",
    channel: "social",
    starts: {
      0: "New year",
      1: "Valentine",
      3: "Spring at home",
      4: "Outdoors",
      6: "Holidays",
      7: "Back to school",
      9: "Cosy autumn",
      10: "Gifts",
    },
    dayOfMonth: 10,
    days: 33,
    weight: 1,
    click: 190,
    clickRate: 0.012,
    isAbroad: true,
  },
  {
    prefix: "letter",
    channel: "email",
    starts: Object.fromEntries(months.map((month, index) => [index, `Letter of ${month}`])),
    dayOfMonth: 1,
    days: 28,
    weight: 1,
    click: 22,
    clickRate: 0.06,
  },
  {
    prefix: "partners",
    channel: "referral",
    starts: { 1: "Partners, spring", 5: "Partners, summer", 9: "Partners, Christmas" },
    dayOfMonth: 15,
    days: 90,
    weight: 1,
    click: 310,
    clickRate: 0.03,
  },
];

/** The campaign that always runs. */
const brand = {
  campaign: "brand-search",
  name: "The shop's name in search",
  weight: 2,
  click: 140,
  clickRate: 0.05,
};

const firstDayOfSpend = ({ from, to }: ShopSize): Day => Math.max(from, to - daysOfSpend + 1);

/** The campaigns that began up to a day and ran since spending is known. */
function campaignsUntil(shop: ShopSize, day: Day): Campaign[] {
  const first = firstDayOfSpend(shop);
  const found: Campaign[] = [{ ...brand, channel: "paid", start: first, end: undefined, isAbroad: false }];
  const year = (of: Day) => Number(isoDate(of).slice(0, 4));
  for (let inYear = year(first) - 1; inYear <= year(day); inYear++) {
    for (const { prefix, channel, starts, dayOfMonth, days, weight, click, clickRate, isAbroad } of series) {
      for (const [month, name] of Object.entries(starts)) {
        const start = Date.UTC(inYear, Number(month), dayOfMonth) / 86_400_000;
        const end = start + days - 1;
        if (end < first || start > day) continue;
        const campaign = `${prefix}-${isoDate(start).slice(0, 7)}`;
        const title = `${name} ${inYear}`;
        found.push({
          campaign,
          channel,
          name: title,
          start,
          end,
          weight,
          click,
          clickRate,
          isAbroad: isAbroad ?? false,
        });
      }
    }
  }
  return found.toSorted((a, b) => a.start - b.start || (a.campaign < b.campaign ? -1 : 1));
}

export const campaignsOn = (shop: ShopSize, day: Day): Campaign[] =>
  campaignsUntil(shop, day).filter(({ start, end }) => start <= day && (end === undefined || day <= end));

/** Whether the shop exports its campaigns on a day: at the end of the history, and when one begins. */
export const hasNewCampaign = (shop: ShopSize, day: Day): boolean =>
  day === shop.to || campaignsUntil(shop, day).some(({ start }) => start === day);

/** Campaigns and marketing_spend. Few rows: they are computed here and handed to SQL. */
export function marketing(
  shop: ShopSize,
  money: Currencies,
): Record<"campaigns" | "marketing_spend", Entity> {
  const currencyOf = ({ isAbroad }: Campaign) =>
    isAbroad ? (money.currency === "USD" ? "EUR" : "USD") : money.currency;
  const campaignRow = (one: Campaign) => [
    one.campaign,
    one.channel,
    one.name,
    isoDate(one.start),
    one.end === undefined ? "" : isoDate(one.end),
    one.end === undefined ? "" : budget(one),
    currencyOf(one),
  ];
  const orders = ordersPerDay(shop);
  const budget = (one: Campaign) => {
    const days = (one.end ?? one.start) - one.start + 1;
    const luck = drawNumber(shop.seed, "campaigns", one.campaign, 0);
    const expected = clicksOf(one, campaignsOn(shop, one.start), orders(one.start)) * days * one.click;
    // Whole hundreds.
    return `${Math.max(1, Math.round((expected * (0.9 + 0.35 * luck)) / 10_000)) * 100}.00`;
  };
  const spendRows = (day: Day) => {
    const running = campaignsOn(shop, day);
    return running.map((one) => {
      const luck = (salt: string) => drawNumber(shop.seed, "marketing_spend", `${one.campaign} ${salt}`, day);
      const clicks = Math.round(clicksOf(one, running, orders(day)) * (0.8 + 0.4 * luck("clicks")));
      const cents = Math.round(clicks * one.click * pressure(day) * (0.9 + 0.2 * luck("price")));
      const shown = Math.round((clicks / one.clickRate) * (0.85 + 0.3 * luck("shown")));
      return [
        isoDate(day),
        one.channel,
        one.campaign,
        (cents / 100).toFixed(2),
        currencyOf(one),
        String(shown),
        String(clicks),
      ];
    });
  };
  return {
    campaigns: listed("campaigns", campaignColumns, [], (_, day) =>
      campaignsUntil(shop, day).map(campaignRow),
    ),
    marketing_spend: listed("marketing_spend", spendColumns, ["duplicate", "malformed"], (isHistory, day) => {
      const first = isHistory ? firstDayOfSpend(shop) : day;
      return Array.from({ length: day - first + 1 }, (_, index) => spendRows(first + index)).flat();
    }),
  };
}

const campaignColumns = ["campaign", "channel", "name", "start_date", "end_date", "budget", "currency"];
const spendColumns = ["date", "channel", "campaign", "spend", "currency", "impressions", "clicks"];

/** Clicks of a campaign on a day, on average. */
function clicksOf(one: Campaign, running: readonly Campaign[], orders: number): number {
  const rivals = running.filter(({ channel }) => channel === one.channel);
  const weights = rivals.reduce((sum, { weight }) => sum + weight, 0);
  return (orders * visitsPerOrder * clicksPerVisit * campaignShares[one.channel] * one.weight) / weights;
}

/** Before Christmas everybody advertises, and a click costs more. */
function pressure(day: Day): number {
  const month = Number(isoDate(day).slice(5, 7));
  return month === 11 || month === 12 ? 1.4 : month === 1 || month === 7 ? 0.9 : 1;
}

function ordersPerDay(shop: ShopSize): (day: Day) => number {
  const known = new Map<Day, number>();
  let through = shop.to;
  const fill = () => {
    for (const { day, orders } of calendar(shop, through)) known.set(day, orders.after - orders.before);
  };
  fill();
  return (day) => {
    if (day > through) {
      through = day + 100;
      fill();
    }
    return known.get(day) ?? 0;
  };
}

function listed(
  name: "campaigns" | "marketing_spend",
  columns: readonly string[],
  faults: Entity["faults"],
  rows: (isHistory: boolean, day: Day) => readonly (readonly string[])[],
): Entity {
  const select = (given: readonly (readonly string[])[]) => {
    const values = given.map(
      (row) => `(${row.map((text) => (text === "" ? "null" : literal(text))).join(", ")})`,
    );
    return `select * from (values ${values.join(", ")}) as rows (${columns.map((column) => `"${column}"`).join(", ")})`;
  };
  return {
    name,
    columns,
    faults,
    pickHistory: (to) => select(rows(true, to)),
    pickDay: (day) => select(rows(false, day)),
    render: () => "select *, rowid as position from picked",
  };
}
