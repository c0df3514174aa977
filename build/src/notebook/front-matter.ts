import { LineCounter, isMap, isScalar, parseDocument, type Document } from "yaml";
import * as z from "zod";
import { NotebookError } from "./error.js";

/**
 * What a notebook says about itself in its first cell, a raw cell:
 *
 *     ---
 *     title: Orders, cleaned
 *     job: [daily, streaming]
 *     runtime: node
 *     reads: [bronze.orders_raw]
 *     ---
 */
export type FrontMatter = z.infer<typeof schema>;

const text = z
  .string({ error: ({ input }) => (input === undefined ? "is missing" : "must be text") })
  .trim()
  .min(1, "is empty");
const tables = z.array(text, "must be a list of tables, such as [bronze.orders_raw]");

const schema = z
  .strictObject({
    /** The page's heading. */
    title: text,
    /** The job that runs the step, or several jobs. */
    job: z
      .union(
        [text.transform((job) => [job]), z.array(text).min(1, "names no job")],
        "must be a job or a list of jobs",
      )
      .default(["daily"]),
    /**
     * `sql`: the step is compiled to static SQL. `node`: it uses files or the network and runs as a program. `page`: it is a
     * page of the dashboard; its queries are exported and its other cells draw.
     */
    runtime: z.enum(["sql", "node", "page"], "must be `sql`, `node` or `page`").default("sql"),
    /** A page's position in the site's navigation, from 1. The first page is the site's front page. */
    position: z.int("must be a whole number").min(1, "counts from 1").optional(),
    /** How often an open page asks for newer rows, in seconds. */
    refresh: z.number("must be a number of seconds").min(1, "must be at least 1 second").optional(),
    /** Tables that a Node step reads and writes; those of an SQL step are known from its plan. */
    reads: tables.optional(),
    writes: tables.optional(),
    /** What a Node step reads that is no table: folders of landed files, Kafka topics, and services such as Stripe. */
    sources: z
      .array(
        text.regex(
          /^(landing|kafka|service)\/[\w.-]+$/,
          "names landing/<folder>, kafka/<topic> or service/<name>, such as landing/orders",
        ),
        "must be a list of sources, such as [landing/orders]",
      )
      .optional(),
    /** Whether the steps that read a Node step's tables go on with what these hold when it fails: a service may be down. */
    failsAlone: z.literal(true, "must be `true`, or be left out").optional(),
    /** What the business document asks of the step; its page in the documentation says so. */
    requirements: z
      .array(
        text.regex(/^(FR|NFR|AC|C|R)-\d{3}$/, "names an id of the business document, such as FR-013"),
        "must be a list of ids, such as [FR-013]",
      )
      .optional(),
  })
  .check(({ value, issues }) => {
    if (value.failsAlone && value.runtime !== "node")
      issues.push({ code: "custom", input: value, path: ["failsAlone"], message: "is for `runtime: node`" });
    for (const key of ["reads", "writes", "sources"] as const) {
      if (value.runtime === "node" || value[key] === undefined) continue;
      const message = "is for `runtime: node`; an SQL step's tables are known from its statements";
      issues.push({ code: "custom", input: value, path: [key], message });
    }
    for (const key of ["position", "refresh"] as const) {
      if (value.runtime === "page" || value[key] === undefined) continue;
      issues.push({ code: "custom", input: value, path: [key], message: "is for `runtime: page`" });
    }
    if (value.runtime === "page" && value.position === undefined)
      issues.push({
        code: "custom",
        input: value,
        path: ["position"],
        message: "is missing: the page's position in the navigation",
      });
  });

/** The step's name: its layer's folder and its file, `silver.orders_clean`. */
export const stepName = (path: string) => {
  const [file = "", folder = ""] = path
    .replace(/\.ipynb$/, "")
    .split("/")
    .toReversed();
  return `${folder}.${file}`;
};

const example = "Start the notebook with a raw cell such as:\n---\ntitle: Orders, cleaned\njob: daily\n---";

/**
 * Reads the front matter of a notebook.
 *
 * @throws NotebookError if the cell is not front matter, or a key is missing, unknown or of a wrong type
 */
export function frontMatter(path: string, source: string | undefined): FrontMatter {
  const block = /^\s*---[ \t]*\r?\n([^]*?)^---\s*$/m.exec(source ?? "")?.[1];
  if (block === undefined) throw new NotebookError({ path }, "has no front matter", example);

  const lines = new LineCounter();
  const yaml = parseDocument(block, { lineCounter: lines, prettyErrors: false });
  // Line 1 is the opening `---`.
  const fail = (offset: number, problem: string) =>
    new NotebookError({ path }, `front matter line ${lines.linePos(offset).line + 1}: ${problem}`, example);
  const [syntaxError] = yaml.errors;
  if (syntaxError) throw fail(syntaxError.pos[0], syntaxError.message);

  const result = schema.safeParse(yaml.toJS() ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const key = issue?.code === "unrecognized_keys" ? issue.keys[0] : issue?.path[0];
  const problem = issue?.code === "unrecognized_keys" ? "is not a key of the front matter" : issue?.message;
  throw fail(keyOffset(yaml, key), key === undefined ? `${problem}` : `\`${String(key)}\` ${problem}`);
}

function keyOffset(yaml: Document.Parsed, key: PropertyKey | undefined): number {
  if (!isMap(yaml.contents)) return 0;
  const pair = yaml.contents.items.find((item) => isScalar(item.key) && item.key.value === key);
  return (isScalar(pair?.key) ? pair.key.range?.[0] : undefined) ?? 0;
}
