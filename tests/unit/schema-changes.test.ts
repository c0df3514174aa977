import { schemaChanges } from "#lib/kafka/schema-changes.js";
import { schemaOf } from "#lib/kafka/schema.js";
import { clickstreamMessages } from "#lib/shop/event.js";
import * as z from "zod";
import { describe, expect, it } from "vitest";

const contract = (schema: z.ZodType) => ({ ...clickstreamMessages, schema });
const base = {
  page: z.string(),
  kind: z.enum(["view", "sale"]),
  units: z.int().nullish(),
  price: z.number(),
};
type Shape = Record<string, z.ZodType>;

const changes = (was: Shape, is: Shape, format: "avro" | "json") => {
  const [before, after] = [was, is].map((shape) => ({
    schema: JSON.stringify(schemaOf(contract(z.object(shape)), format)),
    type: format === "avro" ? "AVRO" : "JSON",
  }));
  return schemaChanges(before!, after!).map(({ field, what, breaks }) => `${breaks}: ${field} ${what}`);
};

describe.each(["avro", "json"] as const)("a contract as %s", (format) => {
  const { page: _, ...pageless } = base;
  it.each<[string, Shape, Shape, string[]]>([
    ["nothing", base, base, []],
    ["a field that is gone", base, pageless, ["readers: page is gone"]],
    [
      "a new optional field",
      pageless,
      { ...pageless, page: z.string().nullish() },
      ["never: page is new and optional"],
    ],
    [
      "a new required field",
      pageless,
      base,
      ["always: page is new and required: messages that are there lack it"],
    ],
    ["another type", base, { ...base, page: z.boolean() }, ["always: page was a text and is true or false"]],
    [
      "a wider number",
      { ...base, price: z.number() },
      { ...base, price: z.string() },
      ["always: price was a number and is a text"],
    ],
    ["fewer values", base, { ...base, kind: z.enum(["view"]) }, ["always: kind no longer takes sale"]],
    [
      "more values",
      base,
      { ...base, kind: z.enum(["view", "sale", "search"]) },
      ["never: kind now also takes search"],
    ],
    [
      "any text in place of values",
      base,
      { ...base, kind: z.string() },
      ["never: kind now also takes any text"],
    ],
    [
      "values in place of any text",
      { ...base, kind: z.string() },
      base,
      ["always: kind no longer takes any other text"],
    ],
    [
      "an optional field that is required",
      { ...base, page: z.string().nullish() },
      base,
      ["always: page was optional and is required"],
    ],
    [
      "a required field that is optional",
      base,
      { ...base, page: z.string().nullish() },
      ["never: page was required and is optional"],
    ],
  ])("tells of %s", (_, was, is, expected) => {
    expect(changes(was, is, format)).toEqual(expected);
  });
});

it("takes a whole number as a number", () => {
  expect(changes({ a: z.int() }, { a: z.number() }, "json")).toEqual(["never: a may now also be a number"]);
});

it("says which field has no type in Avro", () => {
  expect(() => schemaOf(contract(z.object({ basket: z.array(z.string()) })), "avro")).toThrow("basket");
});

describe("the clickstream's event", () => {
  it("has every field of its contract in both languages, with the comments of bronze", () => {
    const json = schemaOf(clickstreamMessages, "json") as {
      properties: Record<string, { description: string }>;
    };
    const avro = schemaOf(clickstreamMessages, "avro") as { fields: { name: string; doc: string }[] };
    expect(avro.fields.map(({ name }) => name)).toEqual(Object.keys(json.properties));
    expect(avro.fields.filter(({ doc }) => !doc)).toEqual([]);
    expect(json.properties["page"]?.description).toBe("Where in the shop.");
  });
});
