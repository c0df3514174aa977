import { html, joinHtml, type Html } from "shopmetrics/display";
import {
  baseOf,
  dictionaryPage,
  docsHome,
  figuresPage,
  guidePage,
  lineagePage,
  pipelinePage,
  requirementsPage,
  tablePage,
} from "./addresses.js";
import { headingHtml } from "./elements.js";
import type { Docs } from "./model.js";
import type { Page } from "./page.js";

/** A way for one kind of reader: where to go, and what is there. */
interface Way {
  readonly id: string;
  readonly who: string;
  readonly wants: string;
  readonly steps: readonly Step[];
}

interface Step {
  readonly title: string;
  readonly words: string;
  /** From the site's root; undefined where there is no such page. */
  readonly path: string | undefined;
}

/** The documentation's front page: leads each reader by who they are. */
export function buildStartPage(docs: Docs): Page {
  const ways = waysOf(docs);
  return {
    path: docsHome,
    title: "Start here",
    description: "Where to begin in the documentation, by who you are.",
    group: "",
    main: html`<div class="prose"><h1>Start here</h1>
<p>This documentation shows where every figure of the dashboard comes from and how the pipeline behind it is built and run. It is made
from the pipeline itself, with the results of its last run. Who are you?</p></div>
<div class="ways">${joinHtml(ways.map(wayHtml), "\n")}</div>
<p class="extent">You know what you are looking for? The <a href="${base}${dictionaryPage}">data dictionary</a> lists every table, and the
search finds tables, columns and prose; the key <kbd>/</kbd> begins it.</p>`,
    headings: ways.map(({ id, who }) => ({ level: 2, text: who, id })),
    sections: [
      { id: "", heading: "", text: "Where to begin" },
      ...ways.map(({ id, who, wants, steps }) => ({
        id,
        heading: who,
        text: [wants, ...steps.map(({ title, words }) => `${title}: ${words}`)].join(" "),
      })),
    ],
  };
}

const base = baseOf(docsHome);

function wayHtml({ id, who, wants, steps }: Way): Html {
  const entries = steps
    .filter(({ path }) => path !== undefined)
    .map(
      ({ title, words, path }) => html`<li><a href="${base}${path}">${title}</a> <span>${words}</span></li>`,
    );
  return html`<section class="way" aria-labelledby="${id}">
${headingHtml(id, who)}
<p>${wants}</p>
<ol>${entries}</ol>
</section>`;
}

function waysOf(docs: Docs): Way[] {
  const guide = (file: string) => (docs.guides.has(file) ? guidePage(file) : undefined);
  const table = (name: string) => (docs.tables.has(name) ? tablePage(name) : undefined);
  const [first] = docs.dashboard.values();
  return [
    {
      id: "business-reader",
      who: "Business reader",
      wants: "You decide with the figures, and want to know what they mean and whether they hold.",
      steps: [
        {
          title: "The dashboard",
          words: "Below each figure, “Source and checks” leads to what it is made of.",
          path: first?.path,
        },
        {
          title: "Where the figures come from",
          words: "Figure by figure: what counts, and whether its checks passed.",
          path: first && figuresPage(first.step),
        },
        {
          title: "The gold tables",
          words: "What every figure means, in a sentence each.",
          path: `${dictionaryPage}#gold`,
        },
        {
          title: "The requirements",
          words: "What the shop asked for, and what is met.",
          path: requirementsPage,
        },
      ],
    },
    {
      id: "analyst",
      who: "Analyst",
      wants: "You ask in SQL, and need to know which table answers what and which rows are left out.",
      steps: [
        {
          title: "The data dictionary",
          words: "Every table and column: meaning, type, rules and examples.",
          path: dictionaryPage,
        },
        {
          title: "The data model",
          words: "Keys and relations, in a picture.",
          path: guide("docs/data-model.md"),
        },
        {
          title: "The lineage",
          words: "Begin with a table: what it is made of, and what is made of it.",
          path: lineagePage,
        },
        {
          title: "The refused rows",
          words: "What did not come in, each with its reason.",
          path: table("silver.rejected_rows"),
        },
        {
          title: "Working in notebooks",
          words: "Ask the warehouse in SQL, in Jupyter or on the command line.",
          path: guide("docs/working-in-notebooks.md"),
        },
      ],
    },
    {
      id: "engineer",
      who: "Engineer",
      wants: "You add a table, a source or a page, and want to see it run on your own machine first.",
      steps: [
        {
          title: "README",
          words: "Two commands to a lakehouse with its dashboard, and how it fits together.",
          path: guide("README.md"),
        },
        {
          title: "Your first table",
          words: "From nothing to a chart in six commands.",
          path: guide("docs/first-table.md"),
        },
        {
          title: "The pipeline",
          words: "Each step is a notebook: read it with its rows, checks and compiled SQL.",
          path: pipelinePage,
        },
        {
          title: "Contributing",
          words: "Where things go, how a change is made, and the words we use.",
          path: guide("CONTRIBUTING.md"),
        },
        {
          title: "Your own data",
          words: "A shop’s own exports in place of the simulated ones.",
          path: guide("docs/your-own-data.md"),
        },
      ],
    },
    {
      id: "operations",
      who: "Operations",
      wants: "You take over: you deploy it, watch it, and are called when it fails.",
      steps: [
        {
          title: "Deployment guide",
          words: "From an empty workspace to the daily job, and what to do when it fails.",
          path: guide("docs/deployment-guide.md"),
        },
        {
          title: "The last run",
          words: "Every step with its rows, its time and its checks.",
          path: pipelinePage,
        },
        {
          title: "The runs on record",
          words: "What each step did in each run, to ask when something is late.",
          path: table("ops.step_runs"),
        },
        { title: "Benchmarks", words: "How long it takes at which size.", path: guide("docs/benchmarks.md") },
        {
          title: "Sign-off",
          words: "Who looks at what before it replaces the queries by hand.",
          path: guide("docs/sign-off.md"),
        },
      ],
    },
  ];
}
