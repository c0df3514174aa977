import { resolve } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readSettings, useSettings } from "shopmetrics/settings";
import { shop } from "shopmetrics/shop";
import { compile } from "../../build/src/compile/compile.ts";

const root = resolve(import.meta.dirname, "../..");

it("another reporting currency, country or fiscal year gives other plans, also when some are remembered", async () => {
  const keyAt = async (env: NodeJS.ProcessEnv) => {
    const restore = useSettings(readSettings(env, root));
    onTestFinished(restore);
    const { key, plans } = await compile(root, shop);
    restore();
    const fingerprint = (step: string) => plans.find((plan) => plan.step === step)!.fingerprint;
    return { key, calendar: fingerprint("gold.dim_date"), lines: fingerprint("gold.fct_order_items") };
  };
  const usual = await keyAt({});
  expect(await keyAt({})).toEqual(usual);
  const dollars = await keyAt({ SHOPMETRICS_CURRENCY: "USD" });
  expect(dollars.lines).not.toBe(usual.lines);
  expect(dollars.calendar).toBe(usual.calendar);
  const british = await keyAt({ SHOPMETRICS_COUNTRY: "GB", SHOPMETRICS_FISCAL_YEAR_START: "4" });
  expect(british.calendar).not.toBe(usual.calendar);
  expect(british.lines).toBe(usual.lines);
});
